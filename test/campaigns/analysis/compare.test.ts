/** Regressions between two campaigns: more than ten per cent worse, and more than noise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CampaignComparison, type CampaignRuns, compareRuns } from '#campaigns/analysis/compare.ts';
import { type RunChanges, repetitions } from '#test/support/run-result.ts';

function campaign(name: string, rows: Readonly<Record<string, readonly RunChanges[]>>): CampaignRuns {
  return {
    campaign: name,
    rows: new Map(Object.entries(rows).map(([rowId, changes]) => [rowId, repetitions(changes)])),
  };
}

function p95(...values: number[]): CampaignRuns {
  return campaign('x', { A: values.map((p95_ms) => ({ latency: { p95_ms } })) });
}

function changeOf(comparison: CampaignComparison, metric: string): string | undefined {
  return comparison.comparisons.find((each) => each.metric === metric)?.change;
}

test('a campaign does not regress against itself', () => {
  const same = compareRuns(p95(79, 80, 81), p95(79, 80, 81));
  assert.equal(same.status, 'PASSED');
  assert.ok(same.comparisons.length > 20);
  assert.ok(
    same.comparisons.every(({ change, changePercent }) => change === 'same' && (changePercent ?? 0) === 0),
  );
});

test('more than ten per cent worse beyond the intervals is a regression', () => {
  const worse = compareRuns(p95(79, 80, 81), p95(99, 100, 101));
  assert.equal(worse.status, 'FAILED');
  assert.equal(changeOf(worse, 'latency.p95'), 'regression');
  const comparison = worse.comparisons.find(({ metric }) => metric === 'latency.p95');
  assert.equal(comparison?.changePercent, 25);
});

test('less than ten per cent worse is not a regression however certain', () => {
  assert.equal(compareRuns(p95(80, 80, 80), p95(87, 87, 87)).status, 'PASSED');
});

test('more than ten per cent worse within the noise is only suspected', () => {
  const noisy = compareRuns(p95(60, 80, 100), p95(70, 100, 130));
  assert.equal(noisy.status, 'INCONCLUSIVE');
  assert.equal(changeOf(noisy, 'latency.p95'), 'suspected');
});

test('a metric that should be high regresses downwards, and better is an improvement', () => {
  const tps = (avg_tps: number): CampaignRuns =>
    campaign('x', { A: [0, 1, 2].map(() => ({ throughput: { avg_tps } })) });
  assert.equal(changeOf(compareRuns(tps(100), tps(80)), 'throughput.avg_tps'), 'regression');
  assert.equal(changeOf(compareRuns(tps(80), tps(100)), 'throughput.avg_tps'), 'improvement');
});

test('a change too small to notice is none, however large in per cent', () => {
  const undecided = (undecided_share: number): CampaignRuns =>
    campaign('x', {
      A: [0, 1, 2].map(() => ({ latency: { undecided_share, max_ms: null, p999_ms: null } })),
    });
  assert.equal(compareRuns(undecided(0.0001), undecided(0.0003)).status, 'PASSED');
});

test('a conflict where there was none is a regression although the baseline is zero', () => {
  const conflicts = (conflicts_finalized: number): CampaignRuns =>
    campaign('x', { A: [0, 1, 2].map(() => ({ consensus: { conflicts_finalized } })) });
  const comparison = compareRuns(conflicts(0), conflicts(1));
  assert.equal(comparison.status, 'FAILED');
  assert.equal(
    comparison.comparisons.find(({ metric }) => metric === 'safety.conflicts_finalized')?.changePercent,
    null,
  );
});

test('rows and metrics that only one campaign has are named', () => {
  const before = campaign('before', { A: [{}, {}, {}], B: [{}, {}, {}] });
  const after = campaign('after', { A: [{ latency: { p95_ms: null, undecided_share: 0.2 } }], C: [{}] });
  const comparison = compareRuns(before, after);
  assert.deepEqual(comparison.onlyBefore, ['B']);
  assert.deepEqual(comparison.onlyAfter, ['C']);
  assert.ok(comparison.lost.includes('A: latency.p95'));
  assert.notEqual(comparison.status, 'PASSED');
});

test('campaigns with nothing in common are not equal', () => {
  assert.equal(compareRuns(campaign('a', { A: [{}] }), campaign('b', {})).status, 'INCONCLUSIVE');
});
