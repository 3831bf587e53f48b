/** How vertices enter: duplicates, missing parents, doom on arrival, requests once per timeout, equivocation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maximumPending } from '#node/core/intake.ts';
import { rejectedByConflict, rejectedByParent } from '#node/core/ports.ts';
import { strikesToConvict } from '#node/core/suspicion.ts';
import { genesis, lost } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore } from './recorded-core.ts';

guardDeterminism();

function decide(host: RecordedCore, slot: number): void {
  const { standing } = host.core;
  standing.counter[slot] = host.params.beta;
  standing.confidence[slot] = 1;
  host.core.decisions.finaliseIfAllowed(0, slot);
}

test('a vertex enters once', () => {
  const host = new RecordedCore();
  const v = host.register();
  assert.equal(host.core.deliver(0, v, 5, 0), 'entered');
  assert.equal(host.core.deliver(0, v, 6, 0), 'duplicate');
  decide(host, v);
  assert.equal(host.core.deliver(0, v, 6, 0), 'duplicate');
  assert.equal(host.core.standing.arrivals[0], 1);
});

test('a vertex with missing parents waits and asks its sender for them', () => {
  const host = new RecordedCore();
  const [a, b, known] = [host.register(), host.register(), host.add()];
  const child = host.register([a, known, b, genesis]);
  assert.equal(host.core.deliver(0, child, 9, host.nowUs), 'pending');
  assert.deepEqual(host.ports.requests, [
    { node: 0, slot: a, peer: 9 },
    { node: 0, slot: b, peer: 9 },
  ]);
  assert.equal(host.core.standing.pendingCount[0], 1);
  assert.equal(host.core.deliver(0, a, 9, host.nowUs), 'entered');
  assert.equal(host.status(child), 'unknown');
  host.core.deliver(0, b, 9, host.nowUs);
  assert.deepEqual([host.status(child), host.core.standing.pendingCount[0]], ['undecided', 0]);
});

test('own vertices ask nobody', () => {
  const host = new RecordedCore();
  const child = host.register([host.register()]);
  assert.equal(host.core.deliver(0, child, -1, host.nowUs), 'pending');
  assert.deepEqual(host.ports.requests, []);
});

test('the arrival of one ancestor lets a whole waiting subtree enter, parents first', () => {
  const host = new RecordedCore();
  const root = host.register();
  const layers: number[][] = [[root]];
  for (let depth = 0; depth < 6; depth++) {
    const below = layers.at(-1)!;
    layers.push([host.register(below), host.register(below), host.register([below[0]!])]);
  }
  for (const slot of layers.slice(1).flat().reverse())
    assert.equal(host.core.deliver(0, slot, 4, 0), 'pending');
  assert.equal(host.core.deliver(0, root, 4, 0), 'entered');
  const { seen } = host.core.standing;
  for (const [depth, layer] of layers.entries())
    for (const slot of layer) {
      assert.equal(host.status(slot), 'undecided');
      for (const parent of layers[depth - 1] ?? [])
        if (host.core.table.parents.subarray(slot * 8, slot * 8 + 3).includes(parent))
          assert.ok(seen[parent]! < seen[slot]!);
    }
  assert.equal(host.core.standing.pendingCount[0], 0);
});

test('the buffer of waiting vertices is bounded, and one more is dropped', () => {
  const host = new RecordedCore({ slots: 32 });
  const missing = host.register();
  for (let i = 0; i < maximumPending; i++)
    assert.equal(host.core.deliver(0, host.register([missing]), -1, 0), 'pending');
  const extra = host.register([missing]);
  assert.equal(host.core.deliver(0, extra, -1, 0), 'dropped');
  host.core.deliver(0, missing, -1, 0);
  assert.equal(host.core.standing.undecidedCount[0], maximumPending + 1);
  assert.equal(host.core.deliver(0, extra, -1, 0), 'entered', 'it may come again');
});

test('a missing vertex is asked for once per timeout, whoever mentions it', () => {
  const host = new RecordedCore({ timeout: { initialUs: 1000, leastUs: 500, mostUs: 5000 } });
  const v = host.register();
  const scope = new Int32Array(2);
  scope[v >>> 5] = 1 << (v & 31);
  const ask = (peer: number, nowUs: number): void => host.core.requestMissing(0, peer, scope, 0, 2, nowUs);
  ask(3, 0);
  ask(4, 999);
  assert.deepEqual(host.ports.requests, [{ node: 0, slot: v, peer: 3 }]);
  ask(5, 1000);
  assert.deepEqual(host.ports.requests.at(-1), { node: 0, slot: v, peer: 5 });
  host.core.deliver(0, v, 5, 1001);
  ask(6, 5000);
  assert.equal(host.ports.requests.length, 2);
});

test('a waiting vertex is not asked for again, known ones neither', () => {
  const host = new RecordedCore();
  const missing = host.register();
  const [waiting, known] = [host.add([missing]), host.add()];
  const scope = Int32Array.of((1 << waiting) | (1 << known) | (1 << missing), 0);
  host.core.requestMissing(0, 7, scope, 0, 2, host.nowUs);
  assert.deepEqual(host.ports.requests, [{ node: 0, slot: missing, peer: 7 }]);
});

test('rejected on arrival: rival finalised, parent rejected, parent lost, contradiction in its past', () => {
  const host = new RecordedCore();
  const [winner, loser] = [host.add([genesis], [1]), host.add([genesis], [1])];
  const contradiction = host.register([winner, loser]);
  decide(host, winner);
  const arrivals: ReadonlyArray<readonly [slot: number, cause: number]> = [
    [host.register([genesis], [1]), rejectedByConflict],
    [host.register([loser]), rejectedByParent],
    [host.register([loser], [1]), rejectedByConflict],
    [host.register([lost]), rejectedByParent],
    [contradiction, rejectedByConflict],
  ];
  for (const [slot, cause] of arrivals) {
    assert.equal(host.core.deliver(0, slot, 2, host.nowUs), 'entered');
    assert.equal(host.status(slot), 'rejected');
    assert.deepEqual(host.ports.rejections.at(-1), { node: 0, slot, cause });
    assert.equal(host.saysYes(slot), false);
  }
});

test('a vertex that waits for a parent which is rejected on arrival is rejected with it', () => {
  const host = new RecordedCore();
  const winner = host.add([genesis], [1]);
  const loser = host.register([genesis], [1]);
  const child = host.add([loser]);
  decide(host, winner);
  host.core.deliver(0, loser, 2, host.nowUs);
  assert.deepEqual([host.status(loser), host.status(child)], ['rejected', 'rejected']);
});

for (const decidedFirst of [false, true]) {
  test(`two vertices of one sequence convict their creator${decidedFirst ? ', even when one is decided already' : ''}`, () => {
    const host = new RecordedCore();
    const facts = { creator: 17, sequence: 3, parents: [genesis], inputs: [] };
    const twins = [host.core.register(facts), host.core.register(facts), host.core.register(facts)];
    host.core.deliver(0, twins[0]!, 2, host.nowUs);
    assert.deepEqual(host.ports.convictions, []);
    if (decidedFirst) decide(host, twins[0]!);
    for (const twin of twins) host.core.deliver(0, twin, 2, host.nowUs);
    assert.deepEqual(host.ports.convictions, [{ node: 0, peer: 17 }]);
  });
}

test('a double spend by two creators convicts nobody', () => {
  const host = new RecordedCore();
  for (const creator of [5, 6]) host.core.deliver(0, host.register([genesis], [1], creator), 2, host.nowUs);
  assert.deepEqual(host.ports.convictions, []);
  assert.ok(strikesToConvict > 1);
});
