/** The one figure of a regression: the worst relative change against the baseline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { changePercent, worstChange } from '#campaigns/analysis/regression.ts';
import { type RunChanges, runRecord } from '#test/support/run-result.ts';

function against(baseline: RunChanges, current: RunChanges): Reading {
  return worstChange({ rows: [runRecord(current)], row: 0, absent: [], baseline: runRecord(baseline) });
}

test('worse is positive for figures that should be low and for figures that should be high', () => {
  assert.equal(changePercent(100, 110, 'lower'), 10);
  assert.equal(changePercent(100, 80, 'higher'), 20);
  assert.equal(changePercent(100, 80, 'lower'), -20);
  assert.equal(changePercent(0, 80, 'lower'), null);
});

test('the worst of all figures counts, not their mean', () => {
  const current: RunChanges = { throughput: { avg_tps: 150 }, latency: { p50_ms: 30, p95_ms: 100 } };
  assert.deepEqual(against({}, current), { kind: 'value', value: 25 }); // p95 80 -> 100 ms
  assert.deepEqual(against({}, {}), { kind: 'value', value: 0 });
});

test('a figure that the run lost against its baseline leaves no verdict', () => {
  const reading = against({}, { latency: { p95_ms: null } });
  assert.deepEqual(reading, { kind: 'missing', why: 'the baseline has a figure for p95, this run has none' });
});
