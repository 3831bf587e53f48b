// Goal: the bounds against exact fractions, a published Frosty-like figure and the limits for large samples.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hypergeometricLaw } from '#campaigns/analytic/hypergeometric.ts';
import {
  safetyBounds,
  splitBoundLog10,
  splitSupport,
  unionBoundLog10,
  unstableSupport,
} from '#campaigns/analytic/safety.ts';
import { hypergeometricExact, toNumber } from './exact.ts';

const setting = {
  nodes: 60,
  byzantine: 9,
  k: 12,
  alphaPreference: 7,
  alphaConfidence: 10,
  beta: 5,
  maxRounds: 100,
};

test('the split bound is N x rounds x tail^beta with the larger half and every attacker', () => {
  const tail = toNumber(hypergeometricExact(59, splitSupport(60, 9), 12, 10, 12));
  assert.equal(splitSupport(60, 9), 35);
  assert.ok(Math.abs(splitBoundLog10(setting) - Math.log10(60 * 100 * tail ** 5)) < 1e-9);
  assert.equal(safetyBounds(setting).splitLog10, splitBoundLog10(setting));
});

test('attackers fewer than alpha cannot forge a decision alone', () => {
  assert.equal(safetyBounds(setting).forgeLog10, -Infinity);
  assert.ok(Number.isFinite(safetyBounds({ ...setting, byzantine: 10 }).forgeLog10));
});

test('a forged decision is rarer than a split, a split rarer than a reversal', () => {
  const bounds = safetyBounds({
    ...setting,
    nodes: 500,
    byzantine: 60,
    k: 40,
    alphaPreference: 21,
    alphaConfidence: 32,
  });
  assert.ok(bounds.forgeLog10 < bounds.splitLog10);
  assert.ok(bounds.splitLog10 < bounds.reversalLog10);
});

test('a bound is never above certainty', () => {
  assert.equal(safetyBounds({ ...setting, byzantine: 50 }).splitLog10, 0);
  assert.equal(unionBoundLog10(1_000, 100, -1, 1), 0);
  assert.equal(unionBoundLog10(1_000, 100, -1, 20), -15);
});

test('80 samples, 72 of them, 12 in a row with 75 % of the honest nodes and 20 % attackers: 2.1e-23 and 2.9e-24', () => {
  const per = (nodes: number): number =>
    10 ** (12 * hypergeometricLaw(nodes - 1, 0.8 * nodes, 80).log10AtLeast(72));
  assert.ok(Math.abs(per(10_000) / 2.1e-23 - 1) < 0.03);
  assert.ok(Math.abs(per(1_000) / 2.9e-24 - 1) < 0.03);
});

test('for large samples the unstable honest share approaches 1 / (2 (1 - f))', () => {
  for (const share of [0, 0.1, 0.2]) {
    const byzantine = share * 4_000;
    const unstable = unstableSupport({ nodes: 4_000, byzantine, k: 801, alphaPreference: 401 });
    assert.ok(Math.abs(unstable / (4_000 - byzantine) - 1 / (2 * (1 - share))) < 0.02);
  }
});

test('with half of the nodes attacking, a preference never gains', () => {
  assert.equal(unstableSupport({ nodes: 400, byzantine: 220, k: 40, alphaPreference: 21 }), 180);
});
