// Goal: steps, saturation and what lies beyond it are read from bins; what follows the fall of a ramp is no step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loadSteps,
  saturatedShare,
  saturationTps,
  sustainableTps,
  sustainedFinalityMs,
} from '#campaigns/analysis/load.ts';
import type { Reading, RunRecord } from '#campaigns/analysis/reading.ts';
import type { SeriesPoint } from '#campaigns/results/schema.ts';
import { type RunChanges, runRecord } from '#test/support/run-result.ts';

const bins: readonly Partial<SeriesPoint>[] = [
  { offered_tps: 100, finalized_tps: 100, p50_ms: 50, p95_ms: 80 },
  { offered_tps: 400, finalized_tps: 396, p50_ms: 60, p95_ms: 90 },
  { offered_tps: 800, finalized_tps: 300, p50_ms: 900, p95_ms: 2_000 },
  { offered_tps: 100, finalized_tps: 600, p50_ms: 3_000, p95_ms: 4_000 },
];
/** Bins of 15 s after 2 s of warm-up. */
const fall: RunChanges['ramp'] = {
  cause: 'cpu',
  cpu_limit_percent: 95,
  fell_at_us: 47_000_000,
  from_tps: 800,
  to_tps: 100,
  busiest_cpu_percent: 99,
  finalized_tps: 300,
  recovered_us: 1_000_000,
  watched_us: 15_000_000,
};

const figureOf = (reading: Reading): number | string =>
  reading.kind === 'value' ? reading.value : reading.kind;
const fallen = (changes: RunChanges = {}): RunRecord => runRecord({ bins, ramp: fall, ...changes });

test('the load after the fall is no step, however much is finalised there', () => {
  assert.deepEqual(
    loadSteps(fallen()).map(({ offeredTps }) => offeredTps),
    [100, 400, 800],
  );
  assert.equal(loadSteps(runRecord({ bins })).length, 4);
});

test('the saturation point is the step beyond the sustained ones, and what it still finalises is its share', () => {
  assert.equal(figureOf(sustainableTps(fallen())), 396);
  assert.equal(figureOf(saturationTps(fallen())), 800);
  assert.equal(figureOf(saturatedShare(fallen())), 300 / 396);
});

test('a step that the CPU ended although it was finalised is the saturation point, a top that nothing ended is none', () => {
  const kept = bins.slice(0, 2);
  const ended = { ...fall, fell_at_us: 62_000_000 };
  assert.equal(figureOf(saturationTps(runRecord({ bins: kept, ramp: ended }))), 400);
  assert.equal(figureOf(saturatedShare(runRecord({ bins: kept, ramp: ended }))), 1);
  assert.equal(
    figureOf(saturationTps(runRecord({ bins: kept, ramp: { ...ended, cause: 'top' } }))),
    'missing',
  );
  assert.equal(figureOf(saturatedShare(runRecord({ bins: kept }))), 'missing');
});

test('finality of what kept up is not that of a queue', () => {
  assert.equal(sustainedFinalityMs(fallen()), 55);
  const late = bins.map((bin, i) => (i === 1 ? { ...bin, p50_ms: 100, p95_ms: 161 } : bin));
  assert.equal(sustainedFinalityMs(fallen({ bins: late })), 50);
  assert.equal(sustainedFinalityMs(runRecord({ bins: bins.slice(2, 3) })), null);
});
