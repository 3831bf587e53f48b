// Goal: each DAG shape asks for parents within its range. Method: many draws per shape.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parentsWanted, tipsToKeep } from '#campaigns/workloads/shape.ts';
import { mix } from '#node/core/random.ts';

function wanted(parents: Parameters<typeof parentsWanted>[0]): number[] {
  const seen = new Set<number>();
  for (let i = 0; i < 2_000; i += 1) seen.add(parentsWanted(parents, mix(1, 2, i)));
  return [...seen].sort((a, b) => a - b);
}

test('a counted shape asks for every number of its range and no other', () => {
  assert.deepEqual(wanted({ kind: 'count', least: 2, most: 4 }), [2, 3, 4]);
  assert.deepEqual(wanted({ kind: 'count', least: 3, most: 3 }), [3]);
});

test('a chain asks for one parent, a random shape for one to eight', () => {
  assert.deepEqual(wanted({ kind: 'chain' }), [1]);
  assert.deepEqual(wanted({ kind: 'random' }), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('only the wide shape keeps tips open', () => {
  assert.deepEqual(wanted({ kind: 'wide' }), [1]);
  assert.equal(tipsToKeep({ kind: 'wide' }), 10);
  assert.equal(tipsToKeep({ kind: 'chain' }), 0);
  assert.equal(tipsToKeep({ kind: 'count', least: 1, most: 8 }), 0);
});
