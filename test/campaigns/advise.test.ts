// Goal: advised parameters satisfy the wish by the formulas, nothing in a full search is cheaper, and refusals say why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advise } from '#campaigns/advise.ts';
import { finality } from '#campaigns/analytic/finality.ts';
import { safetyBounds } from '#campaigns/analytic/safety.ts';

const wish = { nodes: 150, byzantineShare: 0.1, attack: 'always-reject', safety: 1e-9, rounds: 100 } as const;

test('the advice is live and safe by the formulas', () => {
  for (const safetyNotion of ['split', 'reversal'] as const) {
    const advice = advise({ ...wish, safetyNotion });
    assert.equal(advice.kind, 'found');
    for (const found of [advice.best, advice.smallestSample, advice.wholeNetwork!]) {
      const { k, alphaPreference, alphaConfidence, beta } = found;
      const reach = finality({
        nodes: 150,
        byzantine: 15,
        voter: 'reject',
        k,
        alpha: alphaConfidence,
        beta,
        maxRounds: 100,
        loss: 0,
        offlineShare: 0,
        retry: true,
      });
      const bounds = safetyBounds({
        nodes: 150,
        byzantine: 15,
        k,
        alphaPreference,
        alphaConfidence,
        beta,
        maxRounds: 100,
      });
      assert.ok(reach.allWithin >= 0.95 && reach.oneWithin >= 0.999);
      assert.ok((safetyNotion === 'split' ? bounds.splitLog10 : bounds.reversalLog10) <= -9);
      assert.ok(advice.best.messagesPerDecision <= found.messagesPerDecision);
    }
    assert.ok(advice.smallestSample.k <= advice.best.k);
  }
});

test('no parameters of a full search over 30 nodes are cheaper', () => {
  const small = { ...wish, nodes: 30, rounds: 40 };
  const advice = advise(small);
  assert.equal(advice.kind, 'found');
  let least = Infinity;
  for (let k = 1; k <= 29; k += 1) {
    const alphaPreference = Math.floor(k / 2) + 1;
    for (let alpha = alphaPreference; alpha <= k; alpha += 1) {
      for (let beta = 1; beta <= 40; beta += 1) {
        const bounds = safetyBounds({
          nodes: 30,
          byzantine: 3,
          k,
          alphaPreference,
          alphaConfidence: alpha,
          beta,
          maxRounds: 40,
        });
        if (bounds.splitLog10 > -9) continue;
        const reach = finality({
          nodes: 30,
          byzantine: 3,
          voter: 'reject',
          k,
          alpha,
          beta,
          maxRounds: 40,
          loss: 0,
          offlineShare: 0,
          retry: true,
        });
        if (reach.oneWithin >= 0.999 && reach.allWithin >= 0.95)
          least = Math.min(least, 2 * k * 27 * reach.expectedRounds);
        break; // a larger beta costs more and is less live
      }
    }
  }
  assert.ok(Math.abs(advice.best.messagesPerDecision / least - 1) < 1e-9);
});

test('30 % rejecting against a reversal by 30 %: the interval is empty, and the share that is possible is named', () => {
  const advice = advise({ ...wish, nodes: 1_000, byzantineShare: 0.3, safetyNotion: 'reversal' });
  assert.equal(advice.kind, 'none');
  assert.ok(Math.abs(advice.interval.above - 0.8) < 1e-12 && Math.abs(advice.interval.below - 0.7) < 1e-12);
  assert.match(advice.because, /interval is empty/);
  assert.ok(advice.possibleShare! > 0.15 && advice.possibleShare! < 0.25);
});

test('30 % rejecting against a split is possible with a much larger sample', () => {
  const advice = advise({ ...wish, nodes: 10_000, byzantineShare: 0.3 });
  assert.equal(advice.kind, 'found');
  assert.ok(advice.best.k > 300);
  assert.equal(advice.wholeNetwork, null);
});

test('an interval that is open but too narrow for any sample is told apart from an empty one', () => {
  const advice = advise({ ...wish, nodes: 10_000, byzantineShare: 0.33 });
  assert.equal(advice.kind, 'none');
  assert.match(advice.because, /not empty, but no k/);
});

test('a stricter safety never makes the advice cheaper', () => {
  const costs = [1e-3, 1e-9, 1e-15].map((safety) => {
    const advice = advise({ ...wish, safety });
    assert.equal(advice.kind, 'found');
    return advice.best.messagesPerDecision;
  });
  assert.deepEqual(
    costs,
    [...costs].sort((a, b) => a - b),
  );
});

test('wishes outside their domain are refused', () => {
  for (const change of [{ nodes: 3 }, { byzantineShare: 1 }, { safety: 0 }, { rounds: 0.5 }]) {
    assert.throws(() => advise({ ...wish, ...change }), RangeError);
  }
});
