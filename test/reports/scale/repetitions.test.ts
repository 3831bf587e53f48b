/** Goal: several repetitions become one figure or curve without inventing anything. Method: small hand-made runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSeries, SeriesPoint } from '#campaigns/results/schema.ts';
import { estimate, latencyShares, median, roundsShares, timeline } from '#reports/scale/repetitions.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const point = (atS: number, finalized: number, p95: number | null = 10): SeriesPoint => ({
  at_us: atS * 1e6,
  for_us: 1e6,
  offered_tps: 5,
  finalized_tps: finalized,
  p50_ms: p95,
  p95_ms: p95,
  undecided_vertices: 0,
  queued_transactions: 0,
  cpu_percent: 1,
  network_mbps: 1,
  memory_mb: 1,
  live_nodes: 4,
});
const series = (fromS: number, values: readonly number[], windowFromS = 0): RunSeries => ({
  test_run_id: 'r',
  window_us: [windowFromS * 1e6, (windowFromS + 2) * 1e6],
  points: values.map((value, index) => point(fromS + index, value)),
});

const fine = { mostBins: 90, fewestBins: 24, leastS: 0 };

test('an estimate leaves out repetitions that did not observe the figure and counts the others', () => {
  const figure = estimate([1, null, 3]);
  assert.equal(figure?.mean, 2);
  assert.equal(figure?.repetitions, 2);
  assert.deepEqual([figure?.least, figure?.most], [1, 3]);
});

test('one repetition has no interval, none has no estimate', () => {
  assert.equal(estimate([4])?.interval, null);
  assert.equal(estimate([null, null]), null);
});

test('the interval of three repetitions is the Student interval', () => {
  const figure = estimate([9, 10, 11]);
  // 4.3027 x 1 / sqrt(3)
  assert.ok(Math.abs((figure?.interval?.[1] ?? 0) - 12.4842) < 0.0005);
});

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([]), null);
});

test('runs are aligned at the start of their windows, not of their clocks', () => {
  const merged = timeline([series(0, [1, 2, 3], 1), series(100, [1, 2, 3], 101)], fine);
  assert.deepEqual(merged?.startS, [-1, 0, 1]);
  assert.deepEqual(
    merged?.curves.finalized_tps.map((bin) => bin.median),
    [1, 2, 3],
  );
});

test('a bin shows the median of the repetitions and their whole band', () => {
  const merged = timeline([series(0, [1, 1]), series(0, [5, 1]), series(0, [30, 1])], fine);
  assert.deepEqual(merged?.curves.finalized_tps[0], { median: 5, least: 1, most: 30 });
});

test('long runs are thinned to the bins asked for, keeping the mean', () => {
  const merged = timeline(
    [
      series(
        0,
        Array.from({ length: 100 }, (_, index) => index),
      ),
    ],
    { ...fine, mostBins: 10 },
  );
  assert.equal(merged?.startS.length, 10);
  assert.equal(merged?.curves.finalized_tps[0]?.median, 4.5);
  assert.equal(merged?.curves.finalized_tps[9]?.median, 94.5);
});

test('bins are long enough to show a rate, but never so long that the curve is lost', () => {
  const ones = series(
    0,
    Array.from({ length: 60 }, () => 1),
  );
  assert.equal(timeline([ones], { ...fine, leastS: 2 })?.binS, 2);
  assert.equal(timeline([ones], { ...fine, leastS: 30 })?.startS.length, 24);
});

test('a bin in which nothing was observed stays empty', () => {
  const gap: RunSeries = {
    test_run_id: 'r',
    window_us: [0, 3e6],
    points: [point(0, 1), point(1, 1, null), point(2, 1)],
  };
  const merged = timeline([gap], fine);
  assert.deepEqual(
    merged?.curves.p95_ms.map((bin) => bin.median),
    [10, null, 10],
  );
});

test('runs without points give no timeline', () => {
  assert.equal(timeline([series(0, [])], fine), null);
  assert.equal(timeline([], fine), null);
});

test('latency shares rise and end below one by the undecided share', () => {
  const input = campaignFixture();
  const results = input.plan.rows
    .filter((row) => row.rowId === 'CT-003/byzantine=20%')
    .flatMap((row) => row.cells.flatMap((cell) => input.runs.get(cell.id)?.result ?? []));
  const shares = latencyShares(results, 60);
  assert.ok(shares.every(([, share], index) => index === 0 || share >= shares[index - 1]![1]));
  assert.ok(Math.abs((shares.at(-1)?.[1] ?? 0) - 0.61) < 1e-9);
});

test('shares of polls sum to one, in bins of one width', () => {
  const input = campaignFixture();
  const results = [...input.runs.values()].map((record) => record.result);
  const { width, bins } = roundsShares(results, 12);
  assert.ok(bins.length <= 12 && width > 1);
  assert.ok(Math.abs(bins.reduce((sum, [, share]) => sum + share, 0) - 1) < 1e-9);
  assert.ok(bins.every(([start], index) => index === 0 || (start - bins[0]![0]) % width === 0));
});

test('no decisions give no bins', () => {
  assert.deepEqual(roundsShares([], 40), { width: 1, bins: [] });
});
