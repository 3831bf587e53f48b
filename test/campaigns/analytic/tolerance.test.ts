// Goal: the reported share is the last that holds and the next attacker breaks it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finality } from '#campaigns/analytic/finality.ts';
import { safetyBounds } from '#campaigns/analytic/safety.ts';
import { livenessTolerance, safetyTolerance } from '#campaigns/analytic/tolerance.ts';

const base = {
  nodes: 150,
  k: 30,
  alpha: 24,
  beta: 20,
  maxRounds: 100,
  loss: 0,
  offlineShare: 0,
  retry: true,
} as const;

test('liveness holds at the reported number of attackers and not with one more', () => {
  for (const voter of ['reject', 'silent', 'random'] as const) {
    const { byzantine } = livenessTolerance({ ...base, voter });
    const holds = (count: number): boolean => {
      const { oneWithin, allWithin } = finality({ ...base, voter, byzantine: count });
      return oneWithin >= 0.999 && allWithin >= 0.95;
    };
    assert.ok(holds(byzantine) && !holds(byzantine + 1), voter);
  }
});

test('alpha / k = 0.8 bears about a tenth of rejecting nodes, far less than 30 %', () => {
  const share = livenessTolerance({ ...base, voter: 'reject' }).share;
  assert.ok(share > 0.09 && share < 0.13);
  assert.ok(livenessTolerance({ ...base, voter: 'random' }).share > share);
});

test('safety holds at the reported number of attackers and not with one more', () => {
  const setting = { nodes: 1_000, k: 50, alphaPreference: 26, alphaConfidence: 40, beta: 15, maxRounds: 100 };
  const { byzantine } = safetyTolerance(setting, 'split');
  assert.ok(safetyBounds({ ...setting, byzantine }).splitLog10 <= -9);
  assert.ok(safetyBounds({ ...setting, byzantine: byzantine + 1 }).splitLog10 > -9);
  assert.ok(safetyTolerance(setting, 'reversal').byzantine < byzantine);
});

test('a configuration that fails without attackers has no tolerance', () => {
  const { byzantine, share } = livenessTolerance({ ...base, voter: 'reject', maxRounds: 10 });
  assert.equal(byzantine, -1);
  assert.equal(share, 0);
});
