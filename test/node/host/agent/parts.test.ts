/** The parts of an agent on virtual time: pushes without gaps, clock offsets, load on time, facts before decisions, content. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchEntriesMost } from '#node/agent-fields.ts';
import { type LoadBatch, readAgentMessage } from '#node/agent-protocol.ts';
import { decisionStatus, type PushBody, pushBody } from '#node/agent-push.ts';
import { Ballast } from '#node/host/agent/ballast.ts';
import { ClockOffset } from '#node/host/agent/clock-offset.ts';
import { limitProblem, readHostLimits } from '#node/host/agent/host-limits.ts';
import type { KnownVertex } from '#node/host/agent/hosted-node.ts';
import { transactionsOf } from '#node/host/agent/load-content.ts';
import { LoadQueue } from '#node/host/agent/load-queue.ts';
import { LoopThrottle } from '#node/host/agent/loop-throttle.ts';
import { PushBuffer } from '#node/host/agent/push-buffer.ts';
import { SafetyFeed } from '#node/host/agent/safety-feed.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

const clockEstimate = { offsetUs: 0, errorUs: 0, samples: 0 };

function refusedItems(count: number): PushBody {
  return { kind: 'load-refused', items: Array.from({ length: count }, (_, at) => at), reason: 'queue-full' };
}

test('pushes have no gaps, stay within the bound, and what did not fit is counted', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('add' as const), size: fc.nat(60) }),
      fc.record({ kind: fc.constant('ack' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    ),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, (script) => {
      const buffer = new PushBuffer(1_500);
      let acknowledged = 0;
      let refused = 0;
      let reported = 0;
      let seen = 0;
      for (const step of script) {
        if (step.kind === 'ack') {
          acknowledged += Math.floor(step.share * (buffer.lastSeq - acknowledged));
          buffer.acknowledge(acknowledged);
        } else if (!buffer.add(refusedItems(step.size), 5, clockEstimate)) refused += 1;
        assert.ok(buffer.bytes <= buffer.bytesMost);
        for (let next = buffer.after(seen); next !== null; next = buffer.after(seen)) {
          assert.equal(next.seq, seen + 1, 'a gap');
          const push = readAgentMessage(next.text);
          assert.ok(push.kind === 'push');
          if (push.body.kind === 'overflow') reported += push.body.pushesDropped;
          seen = next.seq;
        }
      }
      assert.equal(seen, buffer.lastSeq);
      assert.equal(reported + buffer.pushesDropped, refused, 'a drop was not told');
      buffer.acknowledge(buffer.lastSeq);
      assert.ok(buffer.isEmpty && buffer.bytes === 0);
    }),
    { numRuns: 300 },
  );
});

test('what was sent and not acknowledged can be sent again after a reconnect', () => {
  const buffer = new PushBuffer(100_000);
  for (let at = 0; at < 5; at += 1) buffer.add(refusedItems(1), at, clockEstimate);
  buffer.acknowledge(2);
  assert.equal(buffer.after(0)?.seq, 3);
  assert.equal(buffer.after(4)?.seq, 5);
  assert.equal(buffer.after(5), null);
  buffer.acknowledge(1);
  assert.equal(buffer.after(2)?.seq, 3, 'an old acknowledgement takes nothing back');
});

test('the clock offset is within its own error, whatever the two directions take', () => {
  const trips = fc.array(fc.tuple(fc.nat(50_000), fc.nat(50_000), fc.nat(5_000)), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), trips, (trueOffsetUs, delays) => {
      const offset = new ClockOffset();
      let nowUs = 0;
      for (const [thereUs, backUs, heldUs] of delays) {
        const receivedUs = nowUs + thereUs + trueOffsetUs;
        const arrivedUs = nowUs + thereUs + heldUs + backUs;
        offset.add(nowUs, receivedUs, receivedUs + heldUs, arrivedUs);
        nowUs = arrivedUs + 1_000;
      }
      const { offsetUs, errorUs, samples } = offset.estimate;
      assert.ok(Math.abs(offsetUs - trueOffsetUs) <= errorUs + 1);
      assert.equal(samples, delays.length);
    }),
  );
});

test('a new connection replaces the samples of the old one; impossible samples are ignored', () => {
  const offset = new ClockOffset();
  offset.add(0, 500, 500, 10);
  offset.add(100, 50, 40, 120);
  assert.equal(offset.estimate.samples, 1);
  offset.renew();
  assert.equal(offset.estimate.offsetUs, 495, 'until the first answer the old estimate is the best there is');
  offset.add(0, 9_000, 9_000, 2_000);
  assert.equal(offset.estimate.offsetUs, 8_000);
  assert.equal(offset.toOwnUs(8_100), 100);
});

function batch(items: readonly (readonly [item: number, dueUs: number])[]): LoadBatch {
  return {
    kind: 'load',
    item: items.map(([item]) => item),
    node: items.map(() => 0),
    dueUs: items.map(([, dueUs]) => dueUs),
    conflictKey: items.map(() => 0),
  };
}

test('every item is submitted once, in order of due times, never early and without delay', () => {
  const batches = fc.array(fc.array(fc.nat(2_000_000), { maxLength: 20 }), { maxLength: 6 });
  fc.assert(
    fc.property(batches, (dues) => {
      const clock = new VirtualClock();
      const startUs = clock.nowUs();
      const submitted: (readonly [item: number, dueUs: number, atUs: number])[] = [];
      const queue = new LoadQueue(clock, new ClockOffset(), ({ item }, dueUs) =>
        submitted.push([item, dueUs, clock.nowUs()]),
      );
      let next = 0;
      const arrivals = new Map<number, number>();
      for (const due of dues) {
        const items = due.map((dueUs): readonly [number, number] => [next++, startUs + dueUs]);
        for (const [item] of items) arrivals.set(item, clock.nowUs());
        assert.deepEqual(queue.add(batch(items)), []);
        clock.advance(150_000);
      }
      clock.advance(3_000_000);
      assert.deepEqual(
        submitted.map(([item]) => item).sort((a, b) => a - b),
        Array.from({ length: next }, (_, at) => at),
      );
      for (const [item, dueUs, atUs] of submitted) assert.equal(atUs, Math.max(dueUs, arrivals.get(item)!));
      assert.equal(queue.length, 0);
    }),
    { numRuns: 200 },
  );
});

test('a cleared queue submits nothing', () => {
  const clock = new VirtualClock();
  const queue = new LoadQueue(clock, new ClockOffset(), () => assert.fail('submitted'));
  queue.add(batch([[1, clock.nowUs() + 10]]));
  queue.clear();
  clock.advance(1_000);
});

function vertexNumber(number: number): KnownVertex {
  const id = number.toString(16).padStart(64, '0');
  return { id, creator: number % 7, sequence: number, parents: [], keys: [], transactions: 1 };
}

test('facts leave before decisions about them, each vertex is described once, each node keeps its order', () => {
  const script = fc.array(fc.tuple(fc.nat(3), fc.nat(30), fc.boolean(), fc.boolean()), { maxLength: 100 });
  fc.assert(
    fc.property(script, (steps) => {
      const bodies: PushBody[] = [];
      const feed = new SafetyFeed((body) => bodies.push(body));
      const expected = new Map<number, string[]>();
      for (const [node, number, isKnownFirst, isFlushed] of steps) {
        const vertex = vertexNumber(number);
        if (isKnownFirst) feed.vertex(vertex, [], null);
        feed.decided(node, vertex, 'finalised', 3, 0.95, 17, false);
        expected.set(node, [...(expected.get(node) ?? []), vertex.id]);
        if (isFlushed) feed.flush();
      }
      feed.flush();
      const described = new Map<number, string>();
      const found = new Map<number, string[]>();
      for (const body of bodies) {
        pushBody.parse(body);
        if (body.kind === 'vertices') {
          for (const { vertex, id } of body.facts) {
            assert.ok(![...described.values()].includes(id), 'described twice');
            described.set(vertex, id);
          }
        }
        if (body.kind !== 'decisions') continue;
        body.node.forEach((node, at) => {
          const id = described.get(body.vertex[at]!);
          assert.ok(id !== undefined, 'decided before it was described');
          found.set(node, [...(found.get(node) ?? []), id]);
        });
      }
      assert.deepEqual(found, expected);
    }),
    { numRuns: 200 },
  );
});

test('a creator adds what its vertex carries and replaces; recovered decisions travel apart from new ones', () => {
  const bodies: PushBody[] = [];
  const feed = new SafetyFeed((body) => bodies.push(body));
  feed.vertex(vertexNumber(1), [4, 5], null);
  feed.vertex(vertexNumber(2), [4], vertexNumber(1).id);
  feed.decided(0, vertexNumber(1), 'rejected', 0, 0, 1, true);
  feed.decided(0, vertexNumber(2), 'undecidedAtLimit', 100, 0.1, 2, false);
  feed.flush();
  const [facts, recovered, made] = bodies;
  assert.ok(facts?.kind === 'vertices' && recovered?.kind === 'decisions' && made?.kind === 'decisions');
  assert.deepEqual(
    facts.facts.map(({ items, replaces }) => [items, replaces]),
    [
      [[4, 5], null],
      [[4], 0],
    ],
  );
  assert.deepEqual([recovered.recovered, recovered.status], [true, [decisionStatus.rejected]]);
  assert.deepEqual([made.recovered, made.status], [false, [decisionStatus.undecidedAtLimit]]);
});

test('batches of facts and decisions stay within the limit of a message', () => {
  const bodies: PushBody[] = [];
  const feed = new SafetyFeed((body) => bodies.push(body));
  for (let number = 0; number < 2 * batchEntriesMost + 10; number += 1) {
    feed.decided(0, vertexNumber(number), 'finalised', 1, 1, number, false);
  }
  feed.flush();
  for (const body of bodies) pushBody.parse(body);
  const decisions = bodies.reduce((sum, body) => sum + (body.kind === 'decisions' ? body.node.length : 0), 0);
  assert.equal(decisions, 2 * batchEntriesMost + 10);
});

test('the content of an item is drawn from seed and item, and only its first transaction is contested', () => {
  const shape = { batch: 3, payloadBytes: 100, parents: { kind: 'chain' } } as const;
  const one = transactionsOf(7, 99, 1, shape);
  assert.deepEqual(one, transactionsOf(7, 99, 1, shape));
  assert.deepEqual(
    one.map(({ inputs }) => inputs),
    [[99], [], []],
  );
  const texts = [...one, ...transactionsOf(8, 0, 1, shape), ...transactionsOf(7, 0, 2, shape)].map(
    ({ payload }) => Buffer.from(payload).toString('hex'),
  );
  assert.equal(new Set(texts).size, texts.length);
});

test('a throttled loop loses the share that was ordered, and gets it back', async () => {
  const throttle = new LoopThrottle();
  throttle.set(4);
  const beganMs = performance.now();
  let turns = 0;
  while (throttle.heldUs < 200_000) {
    turns += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const share = throttle.heldUs / ((performance.now() - beganMs) * 1_000);
  throttle.set(1);
  // Three quarters are ordered; a busy machine only takes more away from the part that is left.
  assert.ok(share > 0.5 && share <= 1, `${share} after ${turns} turns`);
  const heldUs = throttle.heldUs;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(throttle.heldUs, heldUs, 'it goes on holding');
});

test('ballast is held, changed and let go', () => {
  const ballast = new Ballast();
  ballast.hold(20_000_000);
  assert.equal(ballast.bytes, 20_000_000);
  ballast.hold(1);
  assert.equal(ballast.bytes, 1);
  ballast.hold(0);
  assert.equal(ballast.bytes, 0);
});

test('limits are asked for only when they are said to be enforced', () => {
  const host = { ...readHostLimits(), cpuCores: 4, cpuLimitCores: null, memoryLimitBytes: null };
  const resources = { name: 'minimal', cpuCores: 1, memoryBytes: 2 ** 40, isEnforced: true };
  assert.match(limitProblem(resources, 1, host)!, /allows 1 cores, and this process may use 4/);
  assert.equal(limitProblem({ ...resources, isEnforced: false }, 1, host), null);
  assert.equal(limitProblem(resources, 4, host), null);
  assert.equal(limitProblem(resources, 1, { ...host, cpuLimitCores: 1 }), null);
  assert.match(
    limitProblem({ ...resources, memoryBytes: 1_000 }, 1, { ...host, cpuLimitCores: 1 })!,
    /allows 1000 bytes/,
  );
});
