/** The registry: complete, described, and every reader gives the figure that its name promises. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MetricName, metricNames, metrics, parseUnits } from '#campaigns/analysis/metrics.ts';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { type RunChanges, runRecord } from '#test/support/run-result.ts';

function read(name: MetricName, changes: RunChanges = {}): Reading {
  const metric = metrics[name];
  const run = runRecord(changes);
  return metric.scope === 'row'
    ? metric.read(run)
    : metric.read({ rows: [run], row: 0, absent: [], baseline: null });
}

function value(name: MetricName, changes: RunChanges = {}): number | string {
  const reading = read(name, changes);
  return reading.kind === 'value' ? reading.value : reading.kind;
}

test('every metric has a sentence, a unit that can be written, and something that would answer it', () => {
  assert.equal(new Set(metricNames).size, 51);
  for (const name of metricNames) {
    const metric = metrics[name];
    assert.match(metric.description, /^(p95|[A-Z0-9(]).*\.$/, name);
    assert.ok(Object.keys(parseUnits[metric.unit]).length > 0, name);
    assert.notEqual(metric.wouldAnswer, '', name);
  }
});

test('every row metric of a quiet run is observed, except saturation, recovery and detection without their cause', () => {
  const missing = metricNames.filter(
    (name) => metrics[name].scope === 'row' && read(name).kind === 'missing',
  );
  assert.deepEqual(missing, [
    'throughput.saturation_tps',
    'throughput.saturated_share',
    'recovery.heal_time',
    'recovery.rejoin_time',
    'recovery.tps_time',
    'recovery.overload_time',
    'byzantine.detected_share',
    'byzantine.time_to_detect',
    'byzantine.readmissions',
  ]);
});

test('a field of the record is read by the metric named after it', () => {
  const table: readonly (readonly [MetricName, RunChanges, number])[] = [
    ['throughput.avg_tps', { throughput: { avg_tps: 7 } }, 7],
    ['throughput.min_tps', { throughput: { min_tps: 7 } }, 7],
    ['throughput.peak_tps', { throughput: { peak_tps: 7 } }, 7],
    ['throughput.variance', { throughput: { tps_variance_percent: 7 } }, 7],
    ['throughput.offered_share', { throughput: { avg_tps: 30, offered_tps: 40 } }, 0.75],
    ['latency.p50', { latency: { p50_ms: 7 } }, 7],
    ['latency.p95', { latency: { p95_ms: 7 } }, 7],
    ['latency.p99', { latency: { p99_ms: 7 } }, 7],
    ['latency.p999', { latency: { p999_ms: 7 } }, 7],
    ['latency.max', { latency: { max_ms: 7 } }, 7],
    ['latency.undecided_share', { latency: { undecided_share: 0.25 } }, 0.25],
    ['liveness.undecided_share', { latency: { undecided_share: 0.25 } }, 0.25],
    ['resources.memory', { resources: { peak_memory_mb: 7 } }, 7],
    ['resources.memory_growth', { resources: { memory_growth_percent: 7 } }, 7],
    ['resources.cpu', { resources: { avg_cpu_percent: 7 } }, 7],
    ['resources.cpu_peak', { resources: { peak_cpu_percent: 7 } }, 7],
    ['resources.bandwidth', { resources: { avg_network_mbps: 7 } }, 7],
    ['safety.conflicts_finalized', { consensus: { conflicts_finalized: 7 } }, 7],
    ['safety.violations', { consensus: { safety_violations: ['a', 'b'] } }, 2],
    ['liveness.finalized_share', { consensus: { finalized_share: 0.25 } }, 0.25],
    ['liveness.all_honest_share', { consensus: { all_honest_share: 0.25 } }, 0.25],
    ['liveness.failures', { consensus: { liveness_failures: 7 } }, 7],
    ['rounds.mean', { consensus: { rounds: { mean: 7, p50: 1, p99: 2, max: 3, histogram: [] } } }, 7],
    ['rounds.p99', { consensus: { rounds: { mean: 7, p50: 1, p99: 2, max: 3, histogram: [] } } }, 2],
    ['rounds.completed_share', { consensus: { polls_successful_share: 0.25 } }, 0.25],
  ];
  for (const [name, changes, expected] of table) assert.equal(value(name, changes), expected, name);
});

test('a run with an empty window has observed nothing', () => {
  assert.equal(value('throughput.avg_tps', { window: { measured_s: 0 } }), 'missing');
});

test('a percentile is later than any figure exactly when it lies among the undecided pairs', () => {
  assert.equal(value('latency.p95', { latency: { undecided_share: 0.05 } }), 80);
  assert.equal(value('latency.p95', { latency: { undecided_share: 0.051, p95_ms: null } }), 'at-least');
  assert.equal(value('latency.p50', { latency: { undecided_share: 0.051 } }), 60);
  assert.equal(value('latency.max', { latency: { undecided_share: 1e-6 } }), 'at-least');
  assert.equal(value('latency.p95', { latency: { p95_ms: null } }), 'missing');
});

test('detection counts attackers found and honest nodes left alone', () => {
  const changes: RunChanges = {
    configuration: { node_count: 100, byzantine_nodes: 20 },
    consensus: { byzantine_detected: 15, false_positives: 4 },
  };
  assert.equal(value('byzantine.detected_share', changes), 75);
  assert.equal(value('byzantine.false_positive_rate', changes), 5);
  assert.equal(value('byzantine.detection_accuracy', changes), 91);
});

test('the sustainable load is that of the highest step which was served', () => {
  const step = (offered_tps: number, finalized_tps: number): RunChanges['bins'] =>
    Array.from({ length: 4 }, () => ({ offered_tps, finalized_tps }));
  const bins = [
    ...(step(100, 100) ?? []),
    ...(step(400, 396) ?? []),
    ...(step(700, 500) ?? []),
    ...(step(1_000, 400) ?? []),
  ];
  assert.equal(value('throughput.sustainable_tps', { bins }), 396);
  assert.equal(value('throughput.sustainable_tps', { bins: step(100, 50) ?? [] }), 0);
  assert.equal(value('throughput.sustainable_tps', { bins: [{ offered_tps: 0 }] }), 'missing');
});
