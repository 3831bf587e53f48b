/** Merged histograms: quantiles count undecided pairs as latest, and equal those of the raw pairs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cumulativeShares, mergeLatencies, quantileMs } from '#campaigns/analysis/latency.ts';
import { runRecord } from '#test/support/run-result.ts';

test('histograms of repetitions are added bin by bin', () => {
  const merged = mergeLatencies([
    runRecord({
      latency: {
        histogram: [
          [10, 3],
          [20, 1],
        ],
      },
    }),
    runRecord({
      latency: {
        histogram: [
          [5, 2],
          [20, 4],
        ],
      },
    }),
  ]);
  assert.deepEqual(merged.bins, [
    [5, 2],
    [10, 3],
    [20, 5],
  ]);
  assert.equal(merged.decidedPairs, 10);
  assert.deepEqual(cumulativeShares(merged), [
    [5, 0.2],
    [10, 0.5],
    [20, 1],
  ]);
});

test('undecided pairs are later than any figure', () => {
  const merged = mergeLatencies([runRecord({ latency: { histogram: [[10, 90]], undecided_share: 0.1 } })]);
  assert.equal(merged.undecidedPairs, 10);
  assert.equal(quantileMs(merged, 0.9), 10);
  assert.equal(quantileMs(merged, 0.91), Number.POSITIVE_INFINITY);
});

test('a run that decided nothing counts as many pairs as its siblings', () => {
  const stuck = runRecord({ latency: { histogram: [], undecided_share: 1 } });
  const merged = mergeLatencies([runRecord({ latency: { histogram: [[10, 50]] } }), stuck]);
  assert.equal(merged.undecidedPairs, 50);
  assert.equal(quantileMs(mergeLatencies([stuck]), 0.5), Number.POSITIVE_INFINITY);
});

test('nothing recorded has no quantile', () => {
  assert.equal(quantileMs(mergeLatencies([]), 0.5), null);
});

test('a quantile is the smallest latency that the share of the pairs does not exceed (seed 7)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (raw, percent) => {
        const counts = new Map<number, number>();
        for (const value of raw) counts.set(value, (counts.get(value) ?? 0) + 1);
        const merged = mergeLatencies([runRecord({ latency: { histogram: [...counts] } })]);
        const sorted = raw.toSorted((left, right) => left - right);
        const rank = Math.ceil((percent * raw.length) / 100); // exact in integers
        assert.equal(quantileMs(merged, percent / 100), sorted[rank - 1]);
      },
    ),
    { seed: 7, numRuns: 300 },
  );
});
