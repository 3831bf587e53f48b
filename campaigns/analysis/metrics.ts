/**
 * The metric registry: every name a criterion may use, its unit, its direction and how it is read.
 * Owns: names, units and readers; the only place where a name meets a field of the record.
 * Does not own: judging (verdict.ts) or the arithmetic of several rows (scaling.ts, byzantine.ts).
 */
import { unplannedCrashes, uptimePercent } from '#campaigns/analysis/availability.ts';
import {
  detection,
  latencyEffect,
  readmissions,
  throughputEffect,
  timeToDetect,
} from '#campaigns/analysis/byzantine.ts';
import { latencyOf } from '#campaigns/analysis/latency.ts';
import { saturatedShare, saturationTps, sustainableTps } from '#campaigns/analysis/load.ts';
import {
  across,
  field,
  type Metric,
  row,
  type ScenarioMetric,
  type Unit,
} from '#campaigns/analysis/metric.ts';
import { enumeratesNodes, missing, type Reading, type RunRecord, seen } from '#campaigns/analysis/reading.ts';
import { healTime, overloadTime, rejoinTime, tpsRecoveryTime } from '#campaigns/analysis/recovery.ts';
import { worstChange } from '#campaigns/analysis/regression.ts';
import { efficiencyOf, latencyGrowthOf, latencyLogFitOf, tpsFitOf } from '#campaigns/analysis/scaling.ts';

export type { Unit } from '#campaigns/analysis/metric.ts';

/**
 * How a written limit becomes a number in a metric's unit: suffix -> factor. The empty suffix is a bare number.
 * 1 MB is 1,048,576 bytes, 1 Mbps is 1,000,000 bits per second.
 */
export const parseUnits: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  tps: { '': 1, tps: 1, TPS: 1 },
  ms: { us: 0.001, ms: 1, s: 1_000, m: 60_000 },
  s: { ms: 0.001, s: 1, m: 60, h: 3_600 },
  percent: { '%': 1 },
  share: { '': 1, '%': 0.01 },
  MB: { KB: 1 / 1_024, MB: 1, GB: 1_024 },
  Mbps: { kbps: 0.001, Kbps: 0.001, Mbps: 1, Gbps: 1_000 },
  count: { '': 1 },
  polls: { '': 1, polls: 1 },
  ratio: { '': 1, x: 1 },
};

const absent = 'the record does not hold it';
const nothingFinalised = 'no vertex was finalised, so there are no rounds to count';

/** What answers a question about a load that was too much, where none was. */
const higherTop = {
  wouldAnswer: 'a ramp with a higher top: npm run campaign simulate -- {scenario} --tps 20000',
};

const throughput = {
  'throughput.avg_tps': row(
    'tps',
    'higher',
    'Finalised transactions per second of the window, mean over honest nodes.',
    field((r) => r.throughput.avg_tps, absent),
  ),
  'throughput.min_tps': row(
    'tps',
    'higher',
    'Finalised transactions per second in the slowest bin of the window.',
    field((r) => r.throughput.min_tps, absent),
  ),
  'throughput.peak_tps': row(
    'tps',
    'higher',
    'Finalised transactions per second in the fastest bin of the window.',
    field((r) => r.throughput.peak_tps, absent),
  ),
  'throughput.sustainable_tps': row(
    'tps',
    'higher',
    'Finalised TPS of the highest step of offered load of which at least 95 % was finalised.',
    sustainableTps,
    { wouldAnswer: 'a ramp: npm run campaign simulate -- LT-002' },
  ),
  'throughput.saturation_tps': row(
    'tps',
    'higher',
    'Offered TPS of the lowest step beyond the highest that was sustained, or of the step in which the CPU ended a ramp.',
    saturationTps,
    higherTop,
  ),
  'throughput.saturated_share': row(
    'share',
    'higher',
    'Finalised TPS of the step that was too much, as a share of the highest sustained TPS, at most 1.',
    saturatedShare,
    higherTop,
  ),
  'throughput.variance': row(
    'percent',
    'lower',
    'Standard deviation of finalised TPS over the bins of the window, in percent of the mean.',
    field((r) => r.throughput.tps_variance_percent, absent),
  ),
  'throughput.offered_share': row(
    'share',
    'higher',
    'Finalised TPS as a share of offered TPS, at most 1.',
    field(
      (r) =>
        r.throughput.offered_tps > 0 ? Math.min(1, r.throughput.avg_tps / r.throughput.offered_tps) : null,
      'no load was offered',
    ),
  ),
} as const;

const latency = {
  'latency.p50': row(
    'ms',
    'lower',
    'Median time from submission to finality over all (honest node, transaction) pairs.',
    latencyOf('p50_ms', 0.5),
  ),
  'latency.p95': row(
    'ms',
    'lower',
    '95th percentile of the time to finality; undecided pairs count as later than any figure.',
    latencyOf('p95_ms', 0.95),
  ),
  'latency.p99': row(
    'ms',
    'lower',
    '99th percentile of the time to finality; undecided pairs count as later than any figure.',
    latencyOf('p99_ms', 0.99),
  ),
  'latency.p999': row(
    'ms',
    'lower',
    '99.9th percentile of the time to finality; undecided pairs count as later than any figure.',
    latencyOf('p999_ms', 0.999),
  ),
  'latency.max': row(
    'ms',
    'lower',
    'Longest time to finality; not observable while a pair is undecided.',
    latencyOf('max_ms', 1),
  ),
  'latency.undecided_share': row(
    'share',
    'lower',
    'Share of (honest node, transaction) pairs of the window that were never decided.',
    field((r) => r.latency.undecided_share, absent),
  ),
} as const;

const resources = {
  'resources.memory': row(
    'MB',
    'lower',
    'Peak memory of a node.',
    field((r) => r.resource_usage.peak_memory_mb, absent),
  ),
  'resources.memory_growth': row(
    'percent',
    'lower',
    'Growth of the memory of a node over the window.',
    field((r) => r.resource_usage.memory_growth_percent, absent),
  ),
  'resources.cpu': row(
    'percent',
    'lower',
    'Mean CPU of a node, of its resource profile.',
    field((r) => r.resource_usage.avg_cpu_percent, absent),
  ),
  'resources.cpu_peak': row(
    'percent',
    'lower',
    'CPU of the busiest node in its busiest bin, of its resource profile; the mean over nodes where nodes are counted.',
    field((r) => r.resource_usage.peak_cpu_percent, absent),
  ),
  'resources.bandwidth': row(
    'Mbps',
    'lower',
    'Data sent by a node, mean over nodes and window.',
    field((r) => r.resource_usage.avg_network_mbps, absent),
  ),
} as const;

const event = { everyRepetition: true } as const;
const unsafe = { everyRepetition: true, safety: true } as const;

/** Of recorded decisions; a fidelity that does not run the nodes' code records none, and its 0 is no observation. */
function decided(
  pick: (consensus: RunRecord['result']['results']['consensus_metrics']) => number,
): (run: RunRecord) => Reading {
  return ({ result }) =>
    enumeratesNodes(result.tier)
      ? seen(pick(result.results.consensus_metrics))
      : missing(
          `the ${result.tier} fidelity assumes that honest nodes agree: it records no decisions to check`,
        );
}

const consensus = {
  'safety.conflicts_finalized': row(
    'count',
    'lower',
    'Conflicting vertices finalised by honest nodes.',
    decided((metrics) => metrics.conflicts_finalized),
    unsafe,
  ),
  'safety.violations': row(
    'count',
    'lower',
    'Violations of any safety rule in the recorded decisions of honest nodes.',
    decided((metrics) => metrics.safety_violations.length),
    unsafe,
  ),
  'liveness.finalized_share': row(
    'share',
    'higher',
    'Share of (honest node, vertex) pairs finalised within the round limit.',
    field((r) => r.consensus_metrics.finalized_share, absent),
  ),
  'liveness.all_honest_share': row(
    'share',
    'higher',
    'Share of vertices that every honest node finalised within the round limit.',
    field((r) => r.consensus_metrics.all_honest_share, absent),
  ),
  'liveness.undecided_share': row(
    'share',
    'lower',
    'Share of (honest node, transaction) pairs of the window that were never decided.',
    field((r) => r.latency.undecided_share, absent),
  ),
  'liveness.failures': row(
    'count',
    'lower',
    '(Honest node, vertex) pairs undecided at the round limit.',
    field((r) => r.consensus_metrics.liveness_failures, absent),
    event,
  ),
  'rounds.mean': row(
    'polls',
    'lower',
    'Mean polls until finalised, per honest node and vertex.',
    field((r) => r.consensus_metrics.rounds.mean, nothingFinalised),
  ),
  'rounds.p99': row(
    'polls',
    'lower',
    '99th percentile of the polls until finalised.',
    field((r) => r.consensus_metrics.rounds.p99, nothingFinalised),
  ),
  'rounds.completed_share': row(
    'share',
    'higher',
    'Share of outcomes (one per poll and vertex) that were successful; every poll ends, at the latest by its timeout.',
    field((r) => r.consensus_metrics.polls_successful_share, absent),
  ),
} as const;

const faults = {
  'recovery.heal_time': row(
    's',
    'lower',
    'Slowest partition: from its end until decisions and TPS were back; each repetition has to heal in time.',
    healTime,
    {
      everyRepetition: true,
      wouldAnswer: 'a scenario with a partition, e.g. npm run campaign simulate -- CT-002',
    },
  ),
  'recovery.rejoin_time': row(
    's',
    'lower',
    'Slowest restarted node: from its restart until it had caught up.',
    rejoinTime,
    { wouldAnswer: 'a scenario that kills nodes, e.g. npm run campaign simulate -- CT-001' },
  ),
  'recovery.tps_time': row(
    's',
    'lower',
    'Slowest fault: from its end until the TPS was back.',
    tpsRecoveryTime,
    {
      wouldAnswer:
        'a longer window after the last fault: npm run campaign simulate -- {scenario} --duration 2h',
    },
  ),
  'recovery.overload_time': row(
    's',
    'lower',
    'From the fall of a ramp until nothing of before is undecided and the p95 of a bin is within twice that of the first step.',
    overloadTime,
    {
      wouldAnswer:
        'a ramp with an end, watched for longer: npm run campaign simulate -- ST-001 --message-budget 1000000000',
    },
  ),
  'availability.uptime': row(
    'percent',
    'higher',
    'Share of the window in which offered transactions were being finalised.',
    uptimePercent,
  ),
  'crashes.unplanned': row('count', 'lower', 'Nodes down that no fault took down.', unplannedCrashes, {
    ...event,
    wouldAnswer: 'the processes target, where a node can crash by itself',
  }),
} as const;

const withDetection = {
  wouldAnswer: 'a run with attackers: npm run campaign simulate -- {scenario} --byzantine 10%',
} as const;
const withoutAttackers = {
  wouldAnswer: 'the row without attackers: npm run campaign simulate -- {scenario} --byzantine 0%',
} as const;

const byzantine = {
  'byzantine.detection_accuracy': row(
    'percent',
    'higher',
    'Nodes judged rightly (attackers convicted, honest nodes not), of all nodes.',
    detection('accuracy'),
    withDetection,
  ),
  'byzantine.detected_share': row(
    'percent',
    'higher',
    'Attackers convicted, of all attackers.',
    detection('detected'),
    withDetection,
  ),
  'byzantine.false_positive_rate': row(
    'percent',
    'lower',
    'Honest nodes convicted, of all honest nodes.',
    detection('false-positive'),
    withDetection,
  ),
  'byzantine.time_to_detect': row(
    'ms',
    'lower',
    'From the start of the network until most honest nodes had convicted the last attacker to be found.',
    timeToDetect,
    withDetection,
  ),
  'byzantine.readmissions': row(
    'count',
    'higher',
    'Times an honest node let a convicted peer in again, because what convicted it was forgotten.',
    readmissions,
    { wouldAnswer: 'a scenario with byzantine.half_life on the simulator' },
  ),
  'byzantine.throughput_effect': across(
    'percent',
    'lower',
    'Finalised TPS lost against the row without attackers.',
    throughputEffect,
    withoutAttackers,
  ),
  'byzantine.latency_effect': across(
    'percent',
    'lower',
    'Rise of the p95 time to finality against the row without attackers.',
    latencyEffect,
    withoutAttackers,
  ),
} as const;

/** Read by the judge of benchmark rows (benchmark.ts), which sees all repetitions at once. */
function ofBenchmark(what: string): ScenarioMetric {
  return across(
    'percent',
    'lower',
    `Worst change of the CPU time of ${what} against the baseline of this machine; positive is worse.`,
    () => missing('only a row of kind benchmark measures it'),
    { wouldAnswer: 'npm run campaign measure -- PR-001' },
  );
}

const scaling = {
  'scaling.latency_log_r2': across(
    'share',
    'higher',
    'R^2 of the fit p95 = a + b log N over the scales.',
    latencyLogFitOf,
    { comparesSizes: true },
  ),
  'scaling.tps_r2': across(
    'share',
    'higher',
    'R^2 of the linear fit of finalised against offered TPS.',
    tpsFitOf,
    { wouldAnswer: 'loads that differ: npm run campaign simulate -- LT-002' },
  ),
  'scaling.efficiency': across(
    'share',
    'higher',
    'Throughput ratio / node ratio of the largest to the smallest scale.',
    efficiencyOf,
    { comparesSizes: true },
  ),
  'scaling.latency_growth': across(
    'ratio',
    'lower',
    'p95 at the largest over the smallest scale, divided by the ratio of log N; at most 1 is O(log N).',
    latencyGrowthOf,
    { comparesSizes: true },
  ),
  'regression.worst_change': across(
    'percent',
    'lower',
    'Worst change against the baseline, of any figure of a benchmark or any metric of a run; positive is worse.',
    worstChange,
    { wouldAnswer: 'npm run campaign compare -- BASELINE-RUN THIS-RUN' },
  ),
  'regression.vertex_creation': ofBenchmark('creating a vertex'),
  'regression.graph': ofBenchmark('an operation on the graph'),
  'regression.consensus': ofBenchmark('a decision of 150 nodes in one memory'),
  'regression.storage': ofBenchmark('an operation of the store'),
  'regression.hashing': ofBenchmark('hashing'),
} as const;

const registry = {
  ...throughput,
  ...latency,
  ...resources,
  ...consensus,
  ...faults,
  ...byzantine,
  ...scaling,
} as const;

export type MetricName = keyof typeof registry;

export const metrics: Readonly<Record<MetricName, Metric>> = registry;

export const metricNames: readonly MetricName[] = Object.keys(registry).filter(isMetricName);

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(registry, name);
}

/** Whether a metric speaks about networks of several sizes. */
export function comparesSizes(name: string): boolean {
  if (!isMetricName(name)) return false;
  const metric = metrics[name];
  return metric.scope === 'scenario' && metric.comparesSizes;
}
