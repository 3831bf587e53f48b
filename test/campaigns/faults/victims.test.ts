// Goal: group sizes, refinement and the bound on nodes that are down. Method: small exact cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupSizes, refine, Victims } from '#campaigns/faults/victims.ts';

test('group sizes follow the weights and add up', () => {
  assert.deepEqual(groupSizes([0.5, 0.5], 1_000), [500, 500]);
  assert.deepEqual(groupSizes([0.8, 0.2], 250), [200, 50]);
  assert.deepEqual(groupSizes([1, 1, 1], 100), [34, 33, 33]);
  assert.deepEqual(groupSizes([0.1, 0.2, 0.7], 7), [1, 1, 5]);
});

test('two partitions at once separate whatever either separates', () => {
  assert.deepEqual(refine(Uint8Array.of(0, 0, 1, 1), Uint8Array.of(0, 1, 0, 0)), Uint8Array.of(0, 1, 2, 2));
});

test('fewer than a third may be down, and never all honest nodes', () => {
  const honest = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);
  assert.equal(new Victims({ seed: 1, nodes: 9, honest: honest(9) }).mostDown, 2);
  assert.equal(new Victims({ seed: 1, nodes: 10, honest: honest(10) }).mostDown, 3);
  assert.equal(new Victims({ seed: 1, nodes: 100, honest: honest(5) }).mostDown, 4);
  assert.equal(new Victims({ seed: 1, nodes: 1, honest: honest(1) }).mostDown, 0);
});

test('nodes that came back may be taken again', () => {
  const victims = new Victims({ seed: 1, nodes: 12, honest: Int32Array.of(1, 2, 3, 4) });
  const first = victims.takeDown(0, 0, 3, 10, 20);
  assert.equal(first.length, 3);
  assert.equal(victims.takeDown(0, 1, 3, 19, 30).length, 0);
  assert.equal(victims.takeDown(0, 2, 3, 20, 30).length, 3);
});
