/** The rows of a node: disjoint states, counters of its own, release, restart and growth. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Standing } from '#node/core/standing.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

const everySlot = [0, 31, 32, 63];

function states(standing: Standing, node: number, slot: number): string {
  const rows = { undecided: standing.undecided, finalised: standing.finalised, rejected: standing.rejected };
  const found = Object.entries(rows).filter(([, row]) => standing.has(row, node, slot));
  return (
    found.map(([name]) => name).join('+') ||
    (standing.has(standing.pending, node, slot) ? 'pending' : 'unknown')
  );
}

test('a vertex goes from unknown over pending and undecided to one decision', () => {
  for (const finalised of [true, false]) {
    for (const slot of everySlot) {
      const standing = new Standing(3, 64);
      assert.equal(states(standing, 1, slot), 'unknown');
      standing.pend(1, slot);
      standing.pend(1, slot);
      assert.equal(standing.pendingCount[1], 1);
      assert.equal(standing.isKnown(1, slot), false);
      standing.enter(1, slot);
      assert.equal(states(standing, 1, slot), 'undecided');
      assert.deepEqual([standing.pendingCount[1], standing.undecidedCount[1]], [0, 1]);
      standing.decide(1, slot, finalised);
      assert.equal(states(standing, 1, slot), finalised ? 'finalised' : 'rejected');
      assert.deepEqual([standing.isKnown(1, slot), standing.saysYes(1, slot)], [true, finalised]);
      assert.equal(standing.undecidedCount[1], 0);
      for (const other of [0, 2]) assert.equal(states(standing, other, slot), 'unknown');
    }
  }
});

test('a decision and a restart start every counter over, and entering notes the order of arrival', () => {
  const standing = new Standing(1, 32);
  standing.enter(0, 6);
  standing.enter(0, 5);
  const columns = [standing.counter, standing.rounds, standing.score, standing.confidence];
  for (const column of columns) column.fill(9, 5, 7);
  standing.decide(0, 5, true);
  assert.deepEqual(
    columns.map((column) => [column[5], column[6]]),
    columns.map(() => [0, 9]),
  );
  standing.restart(0, () => true);
  assert.deepEqual(
    columns.map((column) => column[6]),
    columns.map(() => 0),
  );
  assert.ok(standing.seen[6]! < standing.seen[5]!);
});

test('a contested vertex is counted once, until it is decided', () => {
  const standing = new Standing(1, 32);
  standing.enter(0, 3);
  standing.markContested(0, 3);
  standing.markContested(0, 3);
  assert.equal(standing.contestedCount[0], 1);
  standing.decide(0, 3, true);
  assert.equal(standing.contestedCount[0], 0);
});

test('release forgets a slot at every node and no other slot', () => {
  const standing = new Standing(4, 64);
  for (let node = 0; node < 4; node++)
    for (const slot of [32, 33]) {
      standing.enter(node, slot);
      standing.decide(node, slot, node % 2 === 0);
    }
  standing.set(standing.requested, 3, 33);
  standing.release(33);
  for (let node = 0; node < 4; node++) {
    assert.equal(states(standing, node, 33), 'unknown');
    assert.deepEqual([standing.isKnown(node, 33), standing.saysYes(node, 33)], [false, false]);
    assert.equal(states(standing, node, 32), node % 2 === 0 ? 'finalised' : 'rejected');
  }
  assert.equal(standing.has(standing.requested, 3, 33), false);
});

test('a restart keeps durable decisions, names the lost ones and forgets the rest', () => {
  const standing = new Standing(2, 64);
  for (const node of [0, 1]) {
    for (const slot of [0, 1, 40, 41, 50]) standing.enter(node, slot);
    standing.decide(node, 0, true);
    standing.decide(node, 1, false);
    standing.decide(node, 40, true);
    standing.decide(node, 41, false);
    standing.markContested(node, 50);
    standing.pend(node, 51);
  }
  const lostSlots = standing.restart(0, (slot) => slot < 32);
  assert.deepEqual(lostSlots, [40, 41]);
  assert.deepEqual(
    [0, 1, 40, 41, 50, 51].map((slot) => states(standing, 0, slot)),
    ['finalised', 'rejected', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
  assert.deepEqual(
    [0, 1, 40].map((slot) => standing.saysYes(0, slot)),
    [true, false, false],
  );
  assert.deepEqual(
    [0, 1, 40].map((slot) => standing.isKnown(0, slot)),
    [true, true, false],
  );
  const counts = [standing.undecidedCount, standing.contestedCount, standing.pendingCount];
  assert.deepEqual(
    counts.map((count) => count[0]),
    [0, 0, 0],
  );
  assert.deepEqual(
    counts.map((count) => count[1]),
    [1, 1, 1],
    'the other node is untouched',
  );
  assert.equal(states(standing, 1, 40), 'finalised');
});

test('growth doubles the columns and keeps every row and counter', () => {
  const standing = new Standing(3, 32);
  for (let node = 0; node < 3; node++) {
    standing.enter(node, node);
    standing.enter(node, 31);
    standing.decide(node, 31, node === 1);
    standing.counter[node * 32 + node] = 10 + node;
    standing.confidence[node * 32 + node] = 0.5 + node;
    standing.score[node * 32 + node] = 20 + node;
    standing.rounds[node * 32 + node] = 30 + node;
  }
  const seen = [0, 1, 2].map((node) => standing.seen[node * 32 + 31]);
  standing.grow();
  assert.equal(standing.capacity, 64);
  for (let node = 0; node < 3; node++) {
    assert.equal(states(standing, node, node), 'undecided');
    assert.equal(states(standing, node, 31), node === 1 ? 'finalised' : 'rejected');
    assert.equal(states(standing, node, 32), 'unknown');
    const cell = node * 64 + node;
    assert.deepEqual(
      [standing.counter[cell], standing.confidence[cell], standing.score[cell], standing.rounds[cell]],
      [10 + node, 0.5 + node, 20 + node, 30 + node],
    );
    assert.equal(standing.seen[node * 64 + 31], seen[node]);
    standing.enter(node, 63);
    assert.equal(states(standing, node, 63), 'undecided');
  }
});

test('the stated size follows nodes and capacity', () => {
  assert.equal(new Standing(4, 64).bytes, 4 * new Standing(1, 64).bytes);
  assert.ok(new Standing(1, 128).bytes > 1.9 * new Standing(1, 64).bytes);
});
