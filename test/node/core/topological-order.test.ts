/** Topological order: parents first, every live vertex once, after slots were given back, used again and added. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TopologicalOrder } from '#node/core/topological-order.ts';
import { genesis, maximumParents, VertexTable } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

/** A table whose vertices have sequences of their own. */
function adder(table: VertexTable): (parents: readonly number[]) => number {
  let sequence = 0;
  return (parents) => {
    sequence += 1;
    if (table.full) table.grow();
    return table.register({
      creator: 0,
      sequence,
      parents: parents.length === 0 ? [genesis] : parents,
      inputs: [],
    });
  };
}

function orderOf(table: VertexTable, order = new TopologicalOrder(table)): number[] {
  const out = new Int32Array(table.liveCount).fill(-9);
  assert.equal(order.write(out), table.liveCount);
  return [...out];
}

function liveSlots(table: VertexTable): number[] {
  return Array.from({ length: table.capacity }, (_, slot) => slot).filter((slot) => table.isLive(slot));
}

function assertTopological(table: VertexTable, order: readonly number[]): void {
  const place = new Map(order.map((slot, at) => [slot, at]));
  assert.deepEqual(
    [...place.keys()].sort((a, b) => a - b),
    liveSlots(table),
  );
  for (const slot of order) {
    const from = slot * maximumParents;
    for (const parent of table.parents.subarray(from, from + table.parentCount[slot]!))
      if (parent >= 0) assert.ok(place.get(parent)! < place.get(slot)!, `${parent} before its child ${slot}`);
  }
}

test('an empty table has an empty order', () => {
  assert.deepEqual(orderOf(new VertexTable(1, 1, 32)), []);
});

test('without reused slots the order is that of the slots', () => {
  const table = new VertexTable(1, 1, 64);
  const add = adder(table);
  const first = add([]);
  const second = add([first]);
  const third = add([first]);
  const fourth = add([second, third]);
  assert.deepEqual(orderOf(table), [first, second, third, fourth]);
});

test('a child in the slot of a pruned vertex comes after its parents', () => {
  const table = new VertexTable(1, 1, 32);
  const add = adder(table);
  const pruned = add([]);
  const parent = add([pruned]);
  table.release(pruned, true);
  const child = add([parent]);
  assert.equal(child, pruned);
  const grandchild = add([child, parent]);
  assert.deepEqual(orderOf(table), [parent, child, grandchild]);
});

test('a chain whose slots run backwards is walked without recursion', () => {
  const length = 20_000;
  const table = new VertexTable(1, 1, 32_768);
  const add = adder(table);
  const slots = Array.from({ length }, () => add([]));
  let last = -1;
  for (const slot of slots.toReversed()) {
    table.release(slot, true);
    const reused = add(last < 0 ? [] : [last]);
    assert.equal(reused, slot);
    last = reused;
  }
  assert.deepEqual(orderOf(table), slots.toReversed());
});

test('a buffer that cannot hold the live vertices is refused', () => {
  const table = new VertexTable(1, 1, 32);
  const add = adder(table);
  add([]);
  add([]);
  assert.throws(() => new TopologicalOrder(table).write(new Int32Array(1)), RangeError);
});

test(`random DAGs that are pruned and grown stay in order, with one walker for all (seed ${seed})`, () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.array(fc.nat(), { maxLength: 4 })), {
    minLength: 1,
    maxLength: 120,
  });
  let reordered = 0;
  fc.assert(
    fc.property(steps, (plan) => {
      const table = new VertexTable(1, 1, 32);
      const add = adder(table);
      const walker = new TopologicalOrder(table);
      for (const [kind, picks] of plan) {
        const live = liveSlots(table);
        if (kind === 0 && live.length > 0) table.release(live[(picks[0] ?? 0) % live.length]!, true);
        else add([...new Set(picks.flatMap((pick) => live[pick % Math.max(1, live.length)] ?? []))]);
        const order = orderOf(table, walker);
        assertTopological(table, order);
        if (order.some((slot, at) => at > 0 && slot < order[at - 1]!)) reordered += 1;
      }
    }),
    { seed, numRuns: 100 },
  );
  assert.ok(reordered > 0, 'some orders differ from that of the slots');
});
