/** What is kept about pasts equals a search from scratch, whatever is registered, looked up and released in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConflictPast } from '#node/core/conflict-past.ts';
import { genesis, maximumParents, VertexTable } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

function searched(table: VertexTable, slot: number): boolean {
  if (table.firstConflict(slot) >= 0) return true;
  const at = slot * maximumParents;
  return [...table.parents.subarray(at, at + table.parentCount[slot]!)].some(
    (parent) => parent >= 0 && searched(table, parent),
  );
}

type Step = readonly [kind: 'register' | 'release' | 'look', pick: number, input: number];

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('register' as const, 'register' as const, 'release' as const, 'look' as const),
    fc.nat({ max: 1_000 }),
    fc.integer({ min: 1, max: 12 }),
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

function walk(all: readonly Step[]): number {
  const table = new VertexTable(4, 1, 32);
  const past = new ConflictPast(table);
  const live: number[] = [];
  let conflicting = 0;
  for (const [index, [kind, pick, input]] of all.entries()) {
    if (kind === 'register' || live.length === 0) {
      if (table.full) table.grow();
      const parents = live.length === 0 ? [genesis] : [...new Set([live[pick % live.length]!, live.at(-1)!])];
      // One vertex in three spends what others spend, too.
      const inputs = input <= 4 ? [(input % 2) + 1] : [1_000 + index];
      live.push(table.register({ creator: 1, sequence: index + 1, parents, inputs }));
    } else if (kind === 'release') {
      const [slot] = live.splice(pick % Math.min(3, live.length), 1);
      table.release(slot!, input % 2 === 0);
    }
    const looked = kind === 'look' ? live : live.slice(-1);
    for (const slot of looked) {
      assert.equal(past.has(slot), searched(table, slot), `slot ${slot} after step ${index}`);
      if (past.has(slot)) conflicting += 1;
    }
  }
  return conflicting;
}

test('the past of a vertex holds a conflict exactly when a search finds one', () => {
  let conflicting = 0;
  const property = fc.property(steps, (all) => {
    conflicting += walk(all);
  });
  fc.assert(property, { seed: 20_261_129, numRuns: 300 });
  assert.ok(conflicting > 300, `${conflicting} lookups met a conflict`);
});

test('a conflict that comes later is seen by descendants that had none, and forgotten when its side is gone', () => {
  const table = new VertexTable(4, 1, 32);
  const past = new ConflictPast(table);
  const add = (sequence: number, parents: readonly number[], inputs: readonly number[]): number =>
    table.register({ creator: 1, sequence, parents, inputs });
  const root = add(1, [genesis], [7]);
  const child = add(2, [root], [8]);
  add(3, [genesis], [9]);
  const apart = add(4, [genesis], [9]);
  assert.equal(past.has(child), false);
  const rival = add(5, [genesis], [7]);
  assert.equal(past.has(child), true);
  assert.equal(past.has(apart), true);
  table.release(rival, false);
  assert.equal(past.has(child), false);
});
