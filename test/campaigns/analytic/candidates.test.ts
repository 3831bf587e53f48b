// Goal: the least safe beta is safe and one less is not; live candidates satisfy the target.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Aim } from '#campaigns/analytic/candidates.ts';
import { liveFinality, sampleSize, sampleSizes } from '#campaigns/analytic/candidates.ts';
import { safetyBounds } from '#campaigns/analytic/safety.ts';

const aim: Aim = {
  nodes: 500,
  byzantine: 75,
  voter: 'reject',
  rounds: 100,
  safetyLog10: -9,
  notion: 'split',
  liveness: { oneWithinLeast: 0.999, allWithinLeast: 0.95 },
};

test('the least safe beta satisfies the bound, one less does not', () => {
  for (const notion of ['split', 'reversal'] as const) {
    const size = sampleSize({ ...aim, notion }, 60);
    let checked = 0;
    for (let alpha = size.alphaPreference; alpha <= 60; alpha += 1) {
      const beta = size.leastSafeBeta(alpha);
      if (beta === null) continue;
      const bound = (b: number): number => {
        const { splitLog10, reversalLog10 } = safetyBounds({
          nodes: 500,
          byzantine: 75,
          k: 60,
          alphaPreference: 31,
          alphaConfidence: alpha,
          beta: b,
          maxRounds: 100,
        });
        return notion === 'split' ? splitLog10 : reversalLog10;
      };
      assert.ok(bound(beta) <= -9);
      if (beta > 1) assert.ok(bound(beta - 1) > -9);
      checked += 1;
    }
    assert.ok(checked > 5);
  }
});

test('a candidate that needs more polls than allowed is not live', () => {
  const { success } = sampleSize(aim, 60);
  assert.equal(liveFinality(aim, success(42), 101), null);
  assert.notEqual(liveFinality(aim, success(42), 10), null);
  assert.equal(liveFinality(aim, { p: 0, q: 1 }, 1), null);
});

test('sizes worth trying grow from 1 to the most, each once', () => {
  const sizes = sampleSizes(1_023);
  assert.equal(sizes[0], 1);
  assert.equal(sizes.at(-1), 1_023);
  assert.ok(sizes.every((k, i) => i === 0 || k > sizes[i - 1]!));
  assert.deepEqual(sampleSizes(3), [1, 2, 3]);
});
