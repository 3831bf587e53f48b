// Goal: scaled weights lose nothing between 1e+300 and far below 1e-300.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lawFromRatios, lawFromWeights } from '#campaigns/analytic/discrete-law.ts';
import { relativeError } from './exact.ts';

test('a geometric law keeps its exact tails over a thousand orders of magnitude', () => {
  const law = lawFromRatios(0, 1_000, 0, () => 0.01);
  assert.ok(relativeError(law.pmf(0), 0.99) < 1e-14);
  assert.ok(relativeError(law.atLeast(150), 1e-300) < 1e-12);
  assert.equal(law.atLeast(900), 0);
  assert.ok(Math.abs(law.log10AtLeast(900) + 1_800) < 1e-9);
});

test('a mode in the middle and a mode at the end give the same law', () => {
  const ratio = (x: number): number => (10 - x) / (x + 1);
  const middle = lawFromRatios(0, 10, 5, ratio);
  const end = lawFromRatios(0, 10, 10, ratio);
  for (let x = 0; x <= 10; x += 1) assert.ok(relativeError(middle.pmf(x), end.pmf(x)) < 1e-14);
});

test('weights are normalised and zero weights stay impossible', () => {
  const law = lawFromWeights(3, [1, 0, 3]);
  assert.deepEqual([law.pmf(2), law.pmf(3), law.pmf(4), law.pmf(5), law.pmf(6)], [0, 0.25, 0, 0.75, 0]);
  assert.equal(law.log10AtLeast(6), -Infinity);
  assert.equal(law.atLeast(3), 1);
  assert.equal(law.atMost(5), 1);
});
