// Goal: bins tile the run, the window is cut evenly, figures are per honest node and second. Method: a scripted run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Gauges, Series } from '#campaigns/measure/series.ts';
import { seriesPoint } from '#campaigns/results/schema.ts';

const second = 1_000_000;
const options = {
  windowFromUs: 3 * second,
  windowUntilUs: 13 * second,
  endUs: 14 * second,
  windowBins: 5,
  honestNodes: 4,
  nodes: 5,
  cores: 2,
};
const gauges: Gauges = {
  offeredTps: 100,
  undecidedVertices: 3,
  queuedTransactions: 0,
  cpuBusyUs: 0,
  bytesSent: 0,
  memoryBytes: 1_048_576,
  liveNodes: 5,
};

test('bins tile the run and the edges of the window are bin edges', () => {
  const series = new Series(options);
  const edges = [series.openFromUs];
  while (series.nextEdgeUs < Number.POSITIVE_INFINITY) {
    edges.push(series.nextEdgeUs);
    series.closeBin(gauges);
  }
  assert.deepEqual(
    edges,
    [0, 1, 3, 5, 7, 9, 11, 13, 14].map((at) => at * second),
  );
  assert.equal(series.bins, 8);
  assert.deepEqual(
    series.windowPoints().map(({ at_us }) => at_us / second),
    [3, 5, 7, 9, 11],
  );
  assert.throws(() => series.closeBin(gauges), RangeError);
});

test('points hold rates per honest node and differences of totals', () => {
  const series = new Series({
    ...options,
    windowFromUs: 0,
    windowUntilUs: 4 * second,
    endUs: 4 * second,
    windowBins: 2,
  });
  for (let node = 0; node < 4; node += 1) series.finalised(50_000, 300);
  series.finalised(90_000, 10);
  series.closeBin({ ...gauges, cpuBusyUs: 5 * second, bytesSent: 2_500_000 });
  series.closeBin({ ...gauges, cpuBusyUs: 6 * second, bytesSent: 2_500_000 });
  const [first, later] = series.points;
  assert.equal(first!.finalized_tps, 1_210 / 8);
  assert.equal(first!.cpu_percent, 25);
  assert.equal(first!.network_mbps, 2);
  assert.equal(first!.memory_mb, 1);
  assert.ok(first!.p50_ms! >= 50 && first!.p50_ms! <= 50.5);
  assert.equal(later!.finalized_tps, 0);
  assert.equal(later!.p95_ms, null);
  assert.equal(later!.cpu_percent, 5);
  assert.equal(later!.network_mbps, 0);
  for (const point of series.points) seriesPoint.parse(point);
});

test('throughput of the window leaves warm-up and cool-down out', () => {
  const series = new Series(options);
  const perBin = [9_000, 9_000, 800, 1_600, 800, 800, 0, 9_000];
  for (const transactions of perBin) {
    series.finalised(1_000, transactions);
    series.closeBin(gauges);
  }
  const throughput = series.windowThroughput()!;
  assert.equal(throughput.transactions, 1_000);
  assert.equal(throughput.averageTps, 100);
  assert.equal(throughput.peakTps, 200);
  assert.equal(throughput.leastTps, 0);
  assert.ok(Math.abs(throughput.variancePercent - 100 * Math.sqrt(0.4)) < 1e-9);
});

test('a run stopped before its window has no throughput', () => {
  const series = new Series(options);
  series.closeBin(gauges);
  assert.equal(series.windowThroughput(), null);
});

test('any window is cut into exactly the bins asked for', () => {
  const lengths = fc.record({
    warmup: fc.integer({ min: 0, max: 9_999_999 }),
    measure: fc.integer({ min: 1_000, max: 9_999_999 }),
    cooldown: fc.integer({ min: 0, max: 9_999_999 }),
    bins: fc.integer({ min: 1, max: 120 }),
  });
  fc.assert(
    fc.property(lengths, ({ warmup, measure, cooldown, bins }) => {
      const series = new Series({
        ...options,
        windowFromUs: warmup,
        windowUntilUs: warmup + measure,
        endUs: warmup + measure + cooldown,
        windowBins: bins,
      });
      for (; series.nextEdgeUs < Number.POSITIVE_INFINITY; ) series.closeBin(gauges);
      const points = series.windowPoints();
      assert.equal(points.length, bins);
      assert.equal(points[0]!.at_us, warmup);
      assert.equal(points.at(-1)!.at_us + points.at(-1)!.for_us, warmup + measure);
      assert.equal(
        series.points.reduce((sum, { for_us }) => sum + for_us, 0),
        warmup + measure + cooldown,
      );
    }),
    { seed: 20_260_303, numRuns: 200 },
  );
});

test('an impossible window is refused', () => {
  assert.throws(() => new Series({ ...options, windowUntilUs: 3 * second }), RangeError);
  assert.throws(() => new Series({ ...options, endUs: 12 * second }), RangeError);
});

test('the busiest node of a bin is told where it is known, and a window may end early', () => {
  const series = new Series(options);
  for (let bin = 0; bin < 5; bin += 1)
    series.closeBin(bin < 2 ? gauges : { ...gauges, busiestCpuUs: 3 * second });
  assert.equal(series.points[0]!.busiest_cpu_percent, undefined);
  assert.equal(series.points[2]!.busiest_cpu_percent, 75);
  assert.equal(series.windowPoints().length, 3);
  series.closeWindow();
  series.closeBin(gauges);
  assert.equal(series.windowPoints().length, 3);
});
