// Goal: every pmf and both tails agree with exact fractions of big integers, however deep. Method: small populations
// in full, large ones at chosen depths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hypergeometricLaw } from '#campaigns/analytic/hypergeometric.ts';
import { hypergeometricExact, relativeError, toNumber } from './exact.ts';

test('every probability and tail of small populations equals the exact fraction', () => {
  for (const population of [1, 2, 7, 12, 20]) {
    for (let successes = 0; successes <= population; successes += 1) {
      for (let draws = 0; draws <= population; draws += 1) {
        const law = hypergeometricLaw(population, successes, draws);
        for (let x = -1; x <= draws + 1; x += 1) {
          const exact = (from: number, to: number): number =>
            toNumber(
              hypergeometricExact(population, successes, draws, Math.max(0, from), Math.min(draws, to)),
            );
          assert.ok(relativeError(law.pmf(x), exact(x, x)) < 1e-13);
          assert.ok(relativeError(law.atLeast(x), exact(x, draws)) < 1e-13);
          assert.ok(relativeError(law.atMost(x), exact(0, x)) < 1e-13);
        }
      }
    }
  }
});

test('a tail near 1e-300 is neither 0 nor NaN and equals the exact fraction', () => {
  const law = hypergeometricLaw(9_999, 200, 150);
  let met = 0;
  for (const x of [60, 100, 130, 140]) {
    const exact = toNumber(hypergeometricExact(9_999, 200, 150, x, 150));
    assert.ok(relativeError(law.atLeast(x), exact) < 1e-11, `x = ${x}: ${law.atLeast(x)} against ${exact}`);
    if (exact < 1e-150) met += 1;
  }
  assert.ok(met >= 1);
  assert.ok(law.atLeast(150) > 0);
});

test('tails far below the smallest double keep their logarithm', () => {
  const law = hypergeometricLaw(100_000, 500, 400);
  assert.equal(law.atLeast(400), 0);
  const { over, under } = hypergeometricExact(100_000, 500, 400, 400, 400);
  const digits = (n: bigint): number => {
    const text = n.toString();
    return Math.log10(Number(`0.${text.slice(0, 17)}`)) + text.length;
  };
  assert.ok(Math.abs(law.log10AtLeast(400) - (digits(over) - digits(under))) < 1e-8);
  assert.ok(law.log10AtLeast(400) < -400);
});

test('lower tails are as deep and as exact as upper ones', () => {
  const law = hypergeometricLaw(2_000, 1_800, 100);
  for (const x of [0, 5, 40]) {
    const exact = toNumber(hypergeometricExact(2_000, 1_800, 100, 0, x));
    assert.ok(relativeError(law.atMost(x), exact) < 1e-12);
  }
});

test('the mean is draws x successes / population', () => {
  const law = hypergeometricLaw(999, 899, 50);
  let mean = 0;
  for (let x = law.least; x <= law.most; x++) mean += x * law.pmf(x);
  assert.ok(relativeError(mean, (50 * 899) / 999) < 1e-12);
});

test('impossible populations are refused', () => {
  assert.throws(() => hypergeometricLaw(10, 11, 2), RangeError);
  assert.throws(() => hypergeometricLaw(10, 5, 11), RangeError);
  assert.throws(() => hypergeometricLaw(10.5, 5, 3), RangeError);
});
