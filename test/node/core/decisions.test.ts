/** Finalisation, rejection with descendants, release when every hosted node decided, and what a crash takes back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rejectedByConflict, rejectedByParent } from '#node/core/ports.ts';
import { genesis, lost } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore } from './recorded-core.ts';

guardDeterminism();

/** Lets a vertex of node 0 pass the polls that it needs to become ripe. */
function win(host: RecordedCore, ...slots: number[]): void {
  host.poll(new Map()); // a poll that was begun before these vertices came
  for (let i = 0; i < host.params.beta; i++) host.poll(new Map(slots.map((slot) => [slot, 5])));
}

/** Decides for a hosted node without polls: the counters are there, the rule is the core's. */
function ripen(host: RecordedCore, node: number, slot: number): void {
  const { standing } = host.core;
  standing.counter[node * standing.capacity + slot] = host.params.beta;
  standing.confidence[node * standing.capacity + slot] = 1;
  host.core.decisions.finaliseIfAllowed(node, slot);
}

describe('the order of finalisation', () => {
  test('a ripe child waits for its parent and follows it at once', () => {
    const host = new RecordedCore();
    const parent = host.add();
    const child = host.add([parent]);
    const grandchild = host.add([child, parent]);
    win(host, child, grandchild);
    assert.deepEqual(
      [parent, child, grandchild].map((slot) => host.status(slot)),
      ['undecided', 'undecided', 'undecided'],
    );
    host.poll(new Map([child, grandchild].map((slot) => [slot, 5])));
    ripen(host, 0, parent);
    assert.deepEqual(
      host.ports.finalisations.map(({ slot }) => slot),
      [parent, child, grandchild],
    );
  });

  test('a child that is not ripe stays behind', () => {
    const host = new RecordedCore();
    const parent = host.add();
    const child = host.add([parent]);
    win(host, parent);
    assert.deepEqual([host.status(parent), host.status(child)], ['finalised', 'undecided']);
  });

  test('all parents have to be finalised', () => {
    const host = new RecordedCore();
    const parents = Array.from({ length: 8 }, () => host.add());
    const child = host.add(parents);
    ripen(host, 0, child);
    for (const parent of parents) {
      assert.equal(host.status(child), 'undecided');
      ripen(host, 0, parent);
    }
    assert.equal(host.status(child), 'finalised');
  });

  test('the report carries the polls it took and the confidence reached', () => {
    const host = new RecordedCore();
    const v = host.add();
    host.poll(new Map());
    win(host, v);
    const [report] = host.ports.finalisations;
    assert.equal(report!.rounds, 2 + host.params.beta);
    assert.ok(report!.confidence >= 0.89 && report!.confidence <= 1);
  });
});

describe('rejection', () => {
  test('finalising one rejects every rival and every descendant of a rival, and nobody else', () => {
    const host = new RecordedCore();
    const winner = host.add([genesis], [1, 2]);
    const [left, right] = [host.add([genesis], [1]), host.add([genesis], [2])];
    const child = host.add([left, right]);
    const grandchild = host.add([child, winner]);
    const bystander = host.add([winner]);
    ripen(host, 0, winner);
    assert.deepEqual(
      [left, right, child, bystander].map((slot) => host.status(slot)),
      ['rejected', 'rejected', 'rejected', 'undecided'],
    );
    const causes = new Map(host.ports.rejections.map(({ slot, cause }) => [slot, cause]));
    assert.equal(causes.get(left), rejectedByConflict);
    assert.equal(causes.get(right), rejectedByConflict);
    assert.equal(causes.get(child), rejectedByParent);
    assert.equal(host.ports.rejections.length, new Set(host.ports.rejections.map((r) => r.slot)).size);
    assert.equal(host.status(grandchild), 'rejected');
  });

  test('who loses its input and its parent at once is told that its input is gone', () => {
    const host = new RecordedCore();
    const parent = host.add([genesis], [1]);
    const both = host.add([parent], [2]);
    const winner = host.add([genesis], [2, 1]); // its rivals are met parent first
    ripen(host, 0, winner);
    const causes = new Map(host.ports.rejections.map(({ slot, cause }) => [slot, cause]));
    assert.deepEqual([causes.get(parent), causes.get(both)], [rejectedByConflict, rejectedByConflict]);
  });

  test('a third vertex that only conflicted with a rejected one is free again', () => {
    const host = new RecordedCore();
    const [a, b, c] = [host.add([genesis], [1]), host.add([genesis], [1, 2]), host.add([genesis], [2])];
    const child = host.add([c]);
    assert.deepEqual([host.saysYes(c), host.saysYes(child)], [false, false]);
    ripen(host, 0, a);
    assert.equal(host.status(b), 'rejected');
    assert.deepEqual([host.saysYes(c), host.saysYes(child), host.status(c)], [true, true, 'undecided']);
  });

  test('of two ripe rivals only one is finalised', () => {
    const host = new RecordedCore();
    const [a, b] = [host.add([genesis], [1]), host.add([genesis], [1])];
    ripen(host, 0, b);
    ripen(host, 0, a);
    assert.deepEqual([host.status(a), host.status(b)], ['rejected', 'finalised']);
    assert.equal(host.ports.finalisations.length, 1);
  });

  test('a vertex finalised against the preference opens the way for its children', () => {
    const host = new RecordedCore();
    const [, underdog] = [host.add([genesis], [1]), host.add([genesis], [1])];
    const child = host.add([underdog]);
    const grandchild = host.add([child]);
    ripen(host, 0, underdog);
    assert.deepEqual([host.saysYes(child), host.saysYes(grandchild)], [true, true]);
  });
});

describe('release', () => {
  test('a slot is free when the last hosted node has decided it', () => {
    const host = new RecordedCore({ hosted: 3 });
    const v = host.register();
    for (const node of [0, 1, 2]) host.core.deliver(node, v, -1, host.nowUs);
    ripen(host, 2, v);
    ripen(host, 0, v);
    assert.deepEqual(host.core.decisions.releasable, []);
    ripen(host, 1, v);
    assert.deepEqual(host.core.decisions.releasable, [v]);
    assert.equal(host.core.table.isLive(v), true, 'only the host knows when decisions are durable');
    host.core.decisions.release(1);
    assert.deepEqual([host.ports.releases, host.core.table.isLive(v)], [[v], false]);
    assert.equal(host.register(), v);
    assert.equal(host.status(v), 'unknown');
  });

  test('slots are released oldest decision first, as many as the host asks for', () => {
    const host = new RecordedCore();
    const slots = [host.add(), host.add(), host.add()];
    for (const slot of [2, 0, 1]) ripen(host, 0, slots[slot]!);
    host.core.decisions.release(2);
    assert.deepEqual(host.ports.releases, [slots[2], slots[0]]);
    assert.deepEqual(host.core.decisions.releasable, [slots[1]]);
  });

  test('children of a released vertex read genesis or lost, and can still be decided', () => {
    const host = new RecordedCore();
    const [winner, loser] = [host.add([genesis], [1]), host.add([genesis], [1])];
    const child = host.add([winner]);
    const late = host.register([loser]);
    ripen(host, 0, winner);
    host.core.decisions.release(2);
    host.core.deliver(0, late, 3, host.nowUs);
    assert.equal(host.status(late), 'rejected');
    assert.equal(host.core.table.parents[late * 8], lost);
    ripen(host, 0, child);
    assert.equal(host.status(child), 'finalised');
  });
});

describe('a crash', () => {
  test('reopens decisions that were not durable: the slot waits for the node again', () => {
    const host = new RecordedCore({ hosted: 2 });
    const v = host.register();
    for (const node of [0, 1]) {
      host.core.deliver(node, v, -1, host.nowUs);
      ripen(host, node, v);
    }
    assert.deepEqual(host.core.decisions.releasable, [v]);
    host.core.crash(1, () => false);
    assert.deepEqual(host.core.decisions.releasable, []);
    assert.deepEqual([host.status(v, 0), host.status(v, 1)], ['finalised', 'unknown']);
    host.core.restart(1, host.nowUs);
    host.core.deliver(1, v, 0, host.nowUs);
    ripen(host, 1, v);
    assert.deepEqual(host.core.decisions.releasable, [v]);
  });

  test('keeps durable decisions releasable and the other reopened ones in order', () => {
    const host = new RecordedCore();
    const slots = [host.add(), host.add(), host.add()];
    for (const slot of slots) ripen(host, 0, slot);
    host.core.crash(0, (slot) => slot !== slots[1]);
    assert.deepEqual(host.core.decisions.releasable, [slots[0], slots[2]]);
  });

  test('a finalisation that nobody kept does not count when the vertex is rejected later', () => {
    const host = new RecordedCore();
    const [a, b] = [host.add([genesis], [5]), host.add([genesis], [5])];
    const child = host.register([a]);
    ripen(host, 0, a);
    host.core.crash(0, () => false);
    host.core.restart(0, host.nowUs);
    for (const slot of [b, a]) host.core.deliver(0, slot, 2, host.nowUs);
    ripen(host, 0, b);
    assert.deepEqual([host.status(a), host.status(b)], ['rejected', 'finalised']);
    host.core.decisions.release(2);
    assert.equal(host.core.table.parents[child * 8], lost, 'the child refers to a rejected vertex');
    assert.equal(host.core.table.settled.isRejected(1, 1), true);
  });

  test('a finalised parent that was lost is not offered for new vertices', () => {
    const host = new RecordedCore();
    const v = host.add();
    ripen(host, 0, v);
    assert.deepEqual(host.core.parentsFor(0, 2), [v]);
    host.core.crash(0, () => false);
    assert.deepEqual(host.core.parentsFor(0, 2), [genesis]);
  });
});
