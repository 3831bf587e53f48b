/** Facts of vertices: edges both ways, the conflict graph, slots given back and used again, what pruned ones leave behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { genesis, lost, maximumParents, VertexTable } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

/** Registers vertices with sequences of their own, so that only the given inputs conflict. */
class Registry {
  readonly table: VertexTable;
  #sequence = 0;

  constructor(capacity = 64, hosted = 1) {
    this.table = new VertexTable(8, hosted, capacity);
  }

  add(inputs: readonly number[] = [], parents: readonly number[] = [genesis]): number {
    this.#sequence += 1;
    return this.table.register({ creator: 1, sequence: this.#sequence, parents, inputs });
  }
}

function rivals(table: VertexTable, slot: number): number[] {
  const found: number[] = [];
  for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge))
    found.push(table.conflictAt(edge));
  return found.sort((a, b) => a - b);
}

function children(table: VertexTable, slot: number): number[] {
  const found: number[] = [];
  for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!)
    found.push(Math.floor(edge / maximumParents));
  return found.sort((a, b) => a - b);
}

function parents(table: VertexTable, slot: number): number[] {
  const at = slot * maximumParents;
  return [...table.parents.subarray(at, at + table.parentCount[slot]!)];
}

test('vertices without a common key do not conflict', () => {
  const { table } = new Registry();
  const a = table.register({ creator: 1, sequence: 1, parents: [genesis], inputs: [5] });
  const b = table.register({ creator: 2, sequence: 1, parents: [genesis], inputs: [6] });
  const c = table.register({ creator: 1, sequence: 2, parents: [genesis], inputs: [] });
  for (const slot of [a, b, c]) assert.deepEqual(rivals(table, slot), []);
});

test('one creator with one sequence twice is an equivocation, whatever the inputs', () => {
  const { table } = new Registry();
  const facts = { creator: 4, sequence: 9, parents: [genesis], inputs: [] };
  const twins = [table.register(facts), table.register(facts), table.register(facts)];
  for (const twin of twins)
    assert.deepEqual(
      rivals(table, twin),
      twins.filter((other) => other !== twin),
    );
  assert.equal(table.equivocate(twins[0]!, twins[2]!), true);
});

test('spending one input conflicts but is no equivocation', () => {
  const registry = new Registry();
  const [a, b] = [registry.add([7]), registry.add([7])];
  assert.equal(registry.table.conflicts(a, b) && registry.table.conflicts(b, a), true);
  assert.equal(registry.table.equivocate(a, b), false);
});

test('conflict is a graph: A-B and B-C do not make A-C', () => {
  const registry = new Registry();
  const [a, b, c] = [registry.add([1]), registry.add([1, 2]), registry.add([2])];
  assert.deepEqual(
    [a, b, c].map((slot) => rivals(registry.table, slot)),
    [[b], [a, c], [b]],
  );
  assert.equal(registry.table.conflicts(a, c), false);
});

test('two common keys make one conflict, and a vertex does not conflict with itself', () => {
  const registry = new Registry();
  const [a, b] = [registry.add([1, 2, 2]), registry.add([2, 1])];
  assert.deepEqual(rivals(registry.table, a), [b]);
  registry.table.release(a, false);
  assert.deepEqual(rivals(registry.table, b), []);
});

test('inputs up to the largest safe integer are told apart by all their bits', () => {
  const registry = new Registry();
  const inputs = [1, 2 ** 32 + 1, 2 ** 31, 2 ** 52, Number.MAX_SAFE_INTEGER];
  const slots = inputs.map((input) => registry.add([input]));
  for (const slot of slots) assert.deepEqual(rivals(registry.table, slot), []);
  for (const [i, input] of inputs.entries())
    assert.deepEqual(rivals(registry.table, registry.add([input])), [slots[i]]);
});

test('an input is never mistaken for a creator and sequence', () => {
  const { table } = new Registry();
  const a = table.register({ creator: 0, sequence: 7, parents: [genesis], inputs: [] });
  const b = table.register({ creator: 1, sequence: 1, parents: [genesis], inputs: [7] });
  assert.equal(table.conflicts(a, b), false);
});

test('a vertex that descends from two conflicting ones, or conflicts with an ancestor, is invalid', () => {
  const registry = new Registry();
  const [a, b] = [registry.add([3]), registry.add([3])];
  const left = registry.add([], [a]);
  const both = registry.add([], [left, b]);
  const self = registry.add([3], [left]);
  const late = registry.add([], [both]);
  assert.deepEqual(
    [a, b, left, both, self, late].map((slot) => registry.table.invalid[slot]),
    [0, 0, 0, 1, 1, 1],
  );
});

test('a released finalised parent reads as genesis, a rejected one as lost', () => {
  const registry = new Registry();
  const [kept, gone] = [registry.add(), registry.add()];
  const child = registry.add([], [kept, gone, genesis]);
  registry.table.release(kept, true);
  registry.table.release(gone, false);
  assert.deepEqual(parents(registry.table, child), [genesis, lost, genesis]);
});

test('a released child leaves the lists of its parents', () => {
  const registry = new Registry();
  const [a, b] = [registry.add(), registry.add()];
  const kids = [registry.add([], [a, b]), registry.add([], [b]), registry.add([], [a, b])];
  registry.table.release(kids[1]!, true);
  assert.deepEqual(children(registry.table, b), [kids[0], kids[2]]);
  registry.table.release(kids[2]!, true);
  registry.table.release(kids[0]!, true);
  assert.deepEqual([children(registry.table, a), children(registry.table, b)], [[], []]);
});

test('the lowest free slot is used first, with a new serial and nothing of the old vertex', () => {
  const registry = new Registry(32, 3);
  const slots = Array.from({ length: 10 }, () => registry.add([5]));
  const child = registry.add([], [slots[2]!]);
  for (const slot of [7, 2, 4]) registry.table.release(slots[slot]!, false);
  const reused = registry.add();
  assert.equal(reused, slots[2]);
  assert.deepEqual([rivals(registry.table, reused), children(registry.table, reused)], [[], []]);
  assert.equal(registry.table.serial[reused], 11);
  assert.equal(registry.table.outstanding[reused], 3);
  assert.deepEqual(parents(registry.table, child), [lost]);
  assert.deepEqual([registry.add(), registry.add()], [slots[4], slots[7]]);
});

test('highWord follows the highest live slot up and down', () => {
  const registry = new Registry(128);
  const slots = Array.from({ length: 100 }, () => registry.add());
  assert.equal(registry.table.highWord, 4);
  for (const slot of slots.slice(64)) registry.table.release(slot, true);
  assert.equal(registry.table.highWord, 2);
  for (const slot of slots.slice(0, 64)) registry.table.release(slot, true);
  assert.equal(registry.table.highWord, 0);
  assert.equal(registry.table.liveCount, 0);
});

test('whoever shares a key with a pruned finalised vertex is invalid, before or after', () => {
  const registry = new Registry();
  const [winner, loser] = [registry.add([9]), registry.add([9])];
  registry.table.release(winner, true);
  assert.equal(registry.table.invalid[loser], 1);
  assert.equal(registry.table.invalid[registry.add([9])], 1);
  const twin = { creator: 1, sequence: 1, parents: [genesis], inputs: [] };
  assert.equal(registry.table.invalid[registry.table.register(twin)], 1);
});

test('a pruned rejected vertex settles nothing for its rivals', () => {
  const registry = new Registry();
  const [loser, winner] = [registry.add([9]), registry.add([9])];
  registry.table.release(loser, false);
  assert.equal(registry.table.invalid[winner], 0);
  assert.equal(registry.table.invalid[registry.add([9])], 0);
  assert.equal(registry.table.settled.isSpent(9), false);
});

test('a full table refuses to register until it is grown, and growth keeps every fact', () => {
  const registry = new Registry(32);
  const slots: number[] = [];
  while (!registry.table.full)
    slots.push(registry.add([1 + (slots.length % 5)], slots.length === 0 ? [genesis] : [slots.length - 1]));
  assert.throws(() => registry.add(), RangeError);
  const facts = (): unknown[] =>
    slots.map((slot) => [
      rivals(registry.table, slot),
      children(registry.table, slot),
      parents(registry.table, slot),
      registry.table.sequence[slot],
      registry.table.serial[slot],
      registry.table.invalid[slot],
    ]);
  const before = facts();
  registry.table.grow();
  assert.equal(registry.table.capacity, 64);
  assert.deepEqual(facts(), before);
  assert.equal(registry.add([], [31]), 32);
  assert.deepEqual(children(registry.table, 31), [32]);
});

test('any mix of registering and releasing keeps edges and conflicts as a naive list has them', () => {
  const step = fc.record({
    release: fc.nat(3),
    pick: fc.nat(100),
    finalised: fc.boolean(),
    parents: fc.uniqueArray(fc.nat(8), { maxLength: 8 }),
    inputs: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
      const registry = new Registry(32);
      let live: { slot: number; parents: number[]; inputs: readonly number[] }[] = [];
      for (const { release, pick, finalised, parents: chosen, inputs } of steps) {
        const victim = live[pick % Math.max(1, live.length)];
        if (release === 0 && victim !== undefined) {
          registry.table.release(victim.slot, finalised);
          live = live.filter((other) => other !== victim);
          for (const other of live)
            other.parents = other.parents.map((p) => (p === victim.slot ? (finalised ? genesis : lost) : p));
        } else {
          if (registry.table.full) registry.table.grow();
          const slots = chosen.flatMap((back) => live.at(-1 - back)?.slot ?? []);
          live.push({ slot: registry.add(inputs, slots), parents: slots, inputs });
        }
        assert.equal(registry.table.liveCount, live.length);
      }
      for (const { slot, parents: own, inputs } of live) {
        assert.ok(registry.table.isLive(slot));
        assert.deepEqual(parents(registry.table, slot), own);
        const shared = live.filter(
          (other) => other.slot !== slot && other.inputs.some((i) => inputs.includes(i)),
        );
        assert.deepEqual(
          rivals(registry.table, slot),
          shared.map((other) => other.slot).sort((a, b) => a - b),
        );
        const kids = live.filter((other) => other.parents.includes(slot)).map((other) => other.slot);
        assert.deepEqual(
          children(registry.table, slot),
          kids.sort((a, b) => a - b),
        );
      }
    }),
    { seed, numRuns: 150 },
  );
});
