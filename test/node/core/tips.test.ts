/** Parents for a new vertex: youngest strongly preferred tips with a past free of conflicts, or the best substitute. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { genesis } from '#node/core/vertex-table.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { RecordedCore } from './recorded-core.ts';

guardDeterminism();
const seed = 20_261_121;

test('without any vertex the parent is the genesis', () => {
  assert.deepEqual(new RecordedCore().core.parentsFor(0, 2), [genesis]);
});

test('tips come youngest first, as many as asked for', () => {
  const host = new RecordedCore();
  const [a, b, c] = [host.add(), host.add(), host.add()];
  assert.deepEqual(host.core.parentsFor(0, 8), [c, b, a]);
  assert.deepEqual(host.core.parentsFor(0, 2), [c, b]);
  assert.deepEqual(host.core.parentsFor(0, 1), [c]);
});

test('a vertex with a strongly preferred child is no tip', () => {
  const host = new RecordedCore();
  const [a, b] = [host.add(), host.add()];
  const child = host.add([a]);
  assert.deepEqual(host.core.parentsFor(0, 8), [child, b]);
});

test('arrival decides who is young, not the slot', () => {
  const host = new RecordedCore();
  const [a, b] = [host.register(), host.register()];
  host.core.deliver(0, b, 2, host.nowUs);
  host.core.deliver(0, a, 2, host.nowUs);
  assert.deepEqual(host.core.parentsFor(0, 8), [a, b]);
});

test('a contested vertex and everything above it are avoided, preferred or not', () => {
  const host = new RecordedCore();
  const clean = host.add();
  const [a, b] = [host.add([clean], [1]), host.add([genesis], [1])];
  host.add([a]);
  const [c, d] = [host.add([genesis], [2]), host.add([genesis], [2])];
  assert.ok(host.saysYes(a) && host.saysYes(c) && !host.saysYes(b) && !host.saysYes(d));
  assert.deepEqual(host.core.parentsFor(0, 8), [clean], 'not a tip, but the youngest clean vertex');
  const fresh = host.add([clean]);
  assert.deepEqual(host.core.parentsFor(0, 8), [fresh]);
});

test('an equivocator drags nothing down: with only contested vertices the last finalised one is the parent', () => {
  const host = new RecordedCore();
  const done = host.add();
  for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[done, 5]]));
  assert.equal(host.status(done), 'finalised');
  host.add([done], [1]);
  host.add([done], [1]);
  assert.deepEqual(host.core.parentsFor(0, 3), [done]);
  host.core.decisions.release(1);
  assert.deepEqual(host.core.parentsFor(0, 3), [genesis], 'once it is pruned, the genesis stands for it');
});

test('unknown and pending vertices are never parents', () => {
  const host = new RecordedCore();
  const parent = host.register();
  const child = host.add([parent]);
  assert.equal(host.status(child), 'unknown');
  assert.deepEqual(host.core.parentsFor(0, 4), [genesis]);
});

test('a conflict that is decided no longer stains its descendants', () => {
  const host = new RecordedCore();
  const [a] = [host.add([genesis], [1]), host.add([genesis], [1])];
  const child = host.add([a]);
  assert.notDeepEqual(host.core.parentsFor(0, 4), [child]);
  host.poll(new Map()); // begun before the child came
  for (let i = 0; i < host.params.beta; i++) host.poll(new Map([[a, 5]]));
  assert.equal(host.status(a), 'finalised');
  assert.deepEqual(host.core.parentsFor(0, 4), [child]);
});

test('on random DAGs the choice is the naive one', () => {
  const vertex = fc.record({
    parents: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
    inputs: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 1 }),
  });
  fc.assert(
    fc.property(
      fc.array(vertex, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.integer({ min: 1, max: 4 }),
      (vertices, most) => {
        const host = new RecordedCore();
        const parentsOf: number[][] = [];
        for (const [id, { parents: back, inputs }] of vertices.entries()) {
          const parents = back.map((b) => id - 1 - b).filter((p) => p >= 0 && host.status(p) === 'undecided');
          parentsOf.push(parents);
          host.add(parents.length === 0 ? [genesis] : parents, inputs);
        }
        const { standing } = host.core;
        const isClean = (id: number): boolean =>
          !standing.has(standing.contested, 0, id) && parentsOf[id]!.every(isClean);
        const ids = vertices.map((_, id) => id).filter((id) => host.saysYes(id) && isClean(id));
        const hasChild = (id: number): boolean =>
          parentsOf.some((parents, child) => parents.includes(id) && host.saysYes(child));
        const tips = ids.filter((id) => !hasChild(id)).reverse();
        const expected = tips.length > 0 ? tips.slice(0, most) : [ids.at(-1) ?? genesis];
        assert.deepEqual(host.core.parentsFor(0, most), expected);
      },
    ),
    { seed, numRuns: 150 },
  );
});
