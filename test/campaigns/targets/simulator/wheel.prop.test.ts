// Goal: the wheel gives events by tick, first in first out within a tick, near and far, whatever is pushed while it drains.
// Method: random programs against a list that is searched anew for every event; fixed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FarHeap } from '#campaigns/targets/simulator/far-heap.ts';
import { TimingWheel } from '#campaigns/targets/simulator/wheel.ts';

const seed = 20_260_305;
const slots = 64;

interface Program {
  /** Delays pushed at a tick, by tick. */
  readonly pushes: readonly (readonly number[])[];
  /** The n-th event that runs pushes events with these delays. */
  readonly reactions: readonly (readonly number[])[];
}

/** Short, at the edge of the wheel, beyond it. */
const delay = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: slots - 2, max: slots + 2 }),
  fc.integer({ min: 0, max: 5 * slots }),
);
const program: fc.Arbitrary<Program> = fc.record({
  pushes: fc.array(fc.array(delay, { maxLength: 60 }), { maxLength: 20 }),
  reactions: fc.array(fc.array(delay, { maxLength: 4 }), { maxLength: 150 }),
});

interface Ran {
  readonly tick: number;
  readonly id: number;
}

const lastTick = 12 * slots;

/** `skips`: ticks without events are passed over. */
function byWheel({ pushes, reactions }: Program, skips: boolean): Ran[] {
  const wheel = new TimingWheel(slots);
  const ran: Ran[] = [];
  let id = 0;
  const push = (after: number): void => {
    wheel.push(after, id, ~id);
    id += 1;
  };
  const sink = {
    run(pool: Int32Array, from: number, until: number): void {
      for (let e = from; e < until; e += 2) {
        assert.equal(pool[e + 1], ~pool[e]!);
        const reaction = reactions[ran.length] ?? [];
        ran.push({ tick: wheel.now, id: pool[e]! });
        for (const after of reaction) push(after);
      }
    },
  };
  while (wheel.now <= lastTick) {
    for (const after of pushes[wheel.now] ?? []) push(after);
    while (wheel.isDue) wheel.drain(sink);
    wheel.advance();
    if (skips && wheel.now > pushes.length) wheel.advanceTo(wheel.nextDue(lastTick + 1));
  }
  return ran;
}

function byList({ pushes, reactions }: Program): Ran[] {
  const ran: Ran[] = [];
  let waiting: Ran[] = [];
  let id = 0;
  for (let now = 0; now <= lastTick; now++) {
    const push = (after: number): void => {
      waiting.push({ tick: now + after, id });
      id += 1;
    };
    for (const after of pushes[now] ?? []) push(after);
    for (;;) {
      const next = waiting.find(({ tick }) => tick === now);
      if (next === undefined) break;
      waiting = waiting.filter((event) => event !== next);
      const reaction = reactions[ran.length] ?? [];
      ran.push(next);
      for (const after of reaction) push(after);
    }
  }
  return ran;
}

test('the wheel runs every event at its tick, in the order in which the events of a tick were pushed', () => {
  fc.assert(
    fc.property(program, (one) => {
      const ran = byWheel(one, false);
      assert.deepEqual(ran, byList(one));
      assert.deepEqual(byWheel(one, true), ran);
    }),
    { seed, numRuns: 300 },
  );
});

test('the next event is found within the horizon, beyond it, and not behind the limit', () => {
  const wheel = new TimingWheel(slots);
  assert.equal(wheel.nextDue(10), 10);
  wheel.push(7, 1, 2);
  assert.equal(wheel.nextDue(5), 5);
  assert.equal(wheel.nextDue(5 * slots), 7);
  wheel.advanceTo(7);
  wheel.drain({ run: () => undefined });
  wheel.push(3 * slots, 1, 2);
  let turns = 0;
  for (; !wheel.isDue; turns++) wheel.advanceTo(wheel.nextDue(10 * slots));
  assert.equal(wheel.now, 7 + 3 * slots);
  assert.ok(turns <= 4, `${turns}`);
});

test('a hundred thousand events in one tick and as many in far ones keep their order through every growth', () => {
  const wheel = new TimingWheel(slots);
  const count = 100_000;
  for (let i = 0; i < count; i++) {
    wheel.push(5, i, 0);
    wheel.push(slots + (i % 7), i, 1);
  }
  const near: number[] = [];
  const far: number[] = [];
  while (wheel.now < 3 * slots) {
    wheel.drain({
      run: (pool, from, until) => {
        for (let e = from; e < until; e += 2) (pool[e + 1] === 0 ? near : far).push(pool[e]!);
      },
    });
    wheel.advance();
  }
  assert.deepEqual(
    near,
    Array.from({ length: count }, (_, i) => i),
  );
  const expected = Array.from({ length: count }, (_, i) => i).sort((a, b) => (a % 7) - (b % 7) || a - b);
  assert.deepEqual(far, expected);
});

test('chunks are used again: a wheel that turns for long does not grow', () => {
  const wheel = new TimingWheel(slots);
  const before = wheel.chunksLeft;
  const pools = new Set<Int32Array>();
  for (let tick = 0; tick < 20_000; tick++) {
    for (let i = 0; i < 40; i++) wheel.push(1 + (i % 50), tick, i);
    wheel.drain({
      run: (pool) => {
        pools.add(pool);
      },
    });
    wheel.advance();
  }
  assert.equal(pools.size, 1);
  assert.ok(wheel.chunksLeft < before);
  for (; wheel.chunksLeft < before; wheel.advance()) wheel.drain({ run: () => undefined });
  assert.ok(wheel.now <= 20_000 + slots, `${wheel.now}`);
});

test('the far heap gives its events by tick, then by arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3_000 }), (ticks) => {
      const heap = new FarHeap();
      ticks.forEach((tick, i) => {
        heap.push(tick, i, -i);
      });
      const given: number[][] = [];
      while (heap.size > 0) {
        given.push([heap.least, heap.leastA]);
        assert.ok(heap.leastB === -heap.leastA);
        heap.pop();
      }
      const expected = ticks.map((tick, i) => [tick, i]).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
      assert.deepEqual(given, expected);
    }),
    { seed, numRuns: 60 },
  );
});
