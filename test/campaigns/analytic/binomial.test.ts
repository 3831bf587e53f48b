// Goal: the binomial law agrees with exact fractions, also at both ends of p.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialLaw } from '#campaigns/analytic/binomial.ts';
import { choose, relativeError, toNumber } from './exact.ts';

function exact(trials: number, over: bigint, under: bigint, from: number, to: number): number {
  let sum = 0n;
  for (let x = from; x <= to; x += 1)
    sum += choose(trials, x) * over ** BigInt(x) * (under - over) ** BigInt(trials - x);
  return toNumber({ over: sum, under: under ** BigInt(trials) });
}

test('probabilities and tails equal exact fractions', () => {
  for (const trials of [1, 5, 40, 200]) {
    for (const [over, under] of [
      [1n, 2n],
      [1n, 4n],
      [3n, 4n],
      [1n, 1024n],
    ] as const) {
      const law = binomialLaw(trials, Number(over) / Number(under));
      for (const x of [0, 1, trials >> 1, trials]) {
        assert.ok(relativeError(law.pmf(x), exact(trials, over, under, x, x)) < 1e-12);
        assert.ok(relativeError(law.atLeast(x), exact(trials, over, under, x, trials)) < 1e-12);
        assert.ok(relativeError(law.atMost(x), exact(trials, over, under, 0, x)) < 1e-12);
      }
    }
  }
});

test('certain and impossible trials have one outcome', () => {
  assert.equal(binomialLaw(9, 0).pmf(0), 1);
  assert.equal(binomialLaw(9, 1).pmf(9), 1);
  assert.equal(binomialLaw(0, 0.3).pmf(0), 1);
});

test('the complement may be given where 1 - p would lose it', () => {
  const law = binomialLaw(3, 1, 1e-200);
  assert.ok(relativeError(law.pmf(2), 3e-200) < 1e-12);
});

test('probabilities outside 0..1 are refused', () => {
  assert.throws(() => binomialLaw(3, 1.1), RangeError);
  assert.throws(() => binomialLaw(-1, 0.5), RangeError);
});
