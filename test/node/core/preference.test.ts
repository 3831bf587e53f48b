/** Preference and strong preference against a naive recomputation, over random DAGs, conflicts, scores and decisions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Preference } from '#node/core/preference.ts';
import { Standing } from '#node/core/standing.ts';
import { genesis, lost, VertexTable } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { someParams } from './recorded-core.ts';
import { ReferenceNode } from './reference-node.ts';

guardDeterminism();
const seed = 20_261_121;

/** Preference over a table, for node 1 of 2; node 0 must stay untouched. */
class Lab {
  readonly table = new VertexTable(4, 2, 64);
  readonly standing = new Standing(2, 64);
  readonly preference = new Preference(this.table, this.standing);
  #sequence = 0;

  add(parents: readonly number[] = [genesis], inputs: readonly number[] = []): number {
    this.#sequence += 1;
    const slot = this.table.register({ creator: 1, sequence: this.#sequence, parents, inputs });
    this.standing.enter(1, slot);
    this.preference.enter(1, slot, this.preference.parentsStrong(1, slot));
    return slot;
  }

  score(slot: number, score: number): void {
    this.standing.score[this.standing.capacity + slot] = score;
    this.preference.refresh(1, slot);
    this.preference.refreshRivals(1, slot);
  }

  prefers(...slots: number[]): boolean[] {
    return slots.map((slot) => this.standing.has(this.standing.preferred, 1, slot));
  }

  votes(...slots: number[]): boolean[] {
    return slots.map((slot) => this.standing.saysYes(1, slot));
  }
}

test('a vertex without conflicts is preferred at once', () => {
  const lab = new Lab();
  const [a] = [lab.add()];
  assert.deepEqual([lab.prefers(a), lab.votes(a)], [[true], [true]]);
  assert.equal(lab.standing.contestedCount[1], 0);
  assert.equal(lab.standing.saysYes(0, a), false);
});

test('of equal scores the first seen is preferred, a higher score overtakes, a tie returns', () => {
  const lab = new Lab();
  const [a, b] = [lab.add([genesis], [1]), lab.add([genesis], [1])];
  assert.deepEqual(lab.votes(a, b), [true, false]);
  lab.score(b, 1);
  assert.deepEqual(lab.votes(a, b), [false, true]);
  lab.score(a, 1);
  assert.deepEqual(lab.votes(a, b), [true, false]);
  assert.equal(lab.standing.contestedCount[1], 2);
});

test('in a chain of conflicts A-B-C both ends can be preferred, and the middle needs to beat both', () => {
  const lab = new Lab();
  const [a, b, c] = [lab.add([genesis], [1]), lab.add([genesis], [1, 2]), lab.add([genesis], [2])];
  assert.deepEqual(lab.votes(a, b, c), [true, false, false], 'C loses to B although B loses to A');
  lab.score(c, 1);
  assert.deepEqual(lab.votes(a, b, c), [true, false, true]);
  lab.score(b, 1);
  assert.deepEqual(lab.votes(a, b, c), [false, true, false], 'first seen wins over C with the same score');
});

test('a lost preference takes every descendant along, and brings it back', () => {
  const lab = new Lab();
  const [a, rival] = [lab.add([genesis], [1]), lab.add([genesis], [1])];
  const child = lab.add([a]);
  const other = lab.add();
  const grandchild = lab.add([child, other]);
  assert.deepEqual(lab.votes(child, grandchild), [true, true]);
  lab.score(rival, 1);
  assert.deepEqual(lab.votes(a, child, grandchild, other), [false, false, false, true]);
  assert.deepEqual(lab.prefers(child, grandchild), [true, true], 'they are preferred, but not strongly');
  lab.score(a, 2);
  assert.deepEqual(lab.votes(a, child, grandchild), [true, true, true]);
});

test('a child of a lost parent is never strongly preferred', () => {
  const lab = new Lab();
  assert.deepEqual(lab.votes(lab.add([genesis, lost])), [false]);
});

test('a finalised rival ends every preference', () => {
  const lab = new Lab();
  const [a, b] = [lab.add([genesis], [1]), lab.add([genesis], [1])];
  lab.standing.decide(1, a, true);
  lab.score(b, 1000);
  assert.deepEqual(lab.votes(a, b), [true, false]);
});

test('a rejected rival no longer counts', () => {
  const lab = new Lab();
  const [a, b] = [lab.add([genesis], [1]), lab.add([genesis], [1])];
  lab.standing.decide(1, a, false);
  lab.preference.refreshRivals(1, a);
  assert.deepEqual(lab.votes(a, b), [false, true]);
});

test('children of a vertex that was finalised against the preference are refreshed', () => {
  const lab = new Lab();
  const [, b] = [lab.add([genesis], [1]), lab.add([genesis], [1])];
  const child = lab.add([b]);
  const grandchild = lab.add([child]);
  assert.deepEqual(lab.votes(b, child, grandchild), [false, false, false]);
  lab.standing.decide(1, b, true);
  lab.preference.refreshChildren(1, b);
  assert.deepEqual(lab.votes(b, child, grandchild), [true, true, true]);
});

test('any DAG, any conflicts, any changes of score: as recomputed from scratch', () => {
  const vertex = fc.record({
    parents: fc.uniqueArray(fc.nat(6), { maxLength: 4 }),
    inputs: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }),
  });
  const change = fc.record({ pick: fc.nat(60), score: fc.nat(5) });
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(vertex, { minLength: 5, maxLength: 50, size: 'max' }),
      fc.array(change, { minLength: 5, maxLength: 60, size: 'max' }),
      (vertices, changes) => {
        const lab = new Lab();
        const naive = new ReferenceNode(someParams);
        const compare = (): void => {
          const ids = naive.vertices.map((v) => v.id);
          assert.deepEqual(
            lab.prefers(...ids),
            ids.map((id) => naive.isPreferred(id)),
          );
          assert.deepEqual(
            lab.votes(...ids),
            ids.map((id) => naive.saysYes(id)),
          );
          refused += lab.votes(...ids).filter((yes) => !yes).length;
        };
        for (const [id, { parents: back, inputs }] of vertices.entries()) {
          const parents = back.map((b) => id - 1 - b).filter((parent) => parent >= 0);
          assert.equal(lab.add(parents.length > 0 ? parents : [genesis], inputs), id);
          naive.register(parents, inputs.map(String));
          Object.assign(naive.at(id), { status: 'undecided', seen: id });
        }
        compare();
        for (const { pick, score } of changes) {
          lab.score(pick % vertices.length, score);
          naive.at(pick % vertices.length).score = score;
          compare();
        }
      },
    ),
    { seed, numRuns: 40 },
  );
  assert.ok(refused > 1000);
});
