/**
 * From what a run recorded to the figures of its record, the same way on every target.
 * Owns: configuration, throughput, latency, rounds, detection and the fairness of sampling. Does not own: recording, resources.
 */
import { codeVersion } from '#campaigns/code-version.ts';
import type { Histogram } from '#campaigns/measure/histogram.ts';
import type { Rounds } from '#campaigns/measure/rounds.ts';
import type { Series } from '#campaigns/measure/series.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

export function determinismKey(spec: RunSpec): string {
  return `${codeVersion()}/${process.version}/${spec.scenarioId}/${spec.label}/${spec.seed}`;
}

export function configurationOf(spec: RunSpec, honestCount: number): RunResult['configuration'] {
  const { consensus, workload, byzantine } = spec;
  return {
    scenario_id: spec.scenarioId,
    label: spec.label,
    node_count: spec.nodes,
    byzantine_percentage: byzantine.share * 100,
    byzantine_nodes: spec.nodes - honestCount,
    attack: byzantine.attack,
    network_profile: spec.network.name,
    topology: spec.topology.kind,
    workload: `${workload.kind}, batch ${workload.batch}, ${workload.payloadBytes} B`,
    resource_profile: spec.resources.name,
    calibration: spec.calibration.name,
    consensus_params: {
      sample_size: consensus.k,
      alpha_threshold: consensus.alphaConfidence,
      alpha_preference: consensus.alphaPreference,
      beta_threshold: consensus.beta,
      finalization_threshold: consensus.threshold,
      max_rounds: consensus.maxRounds,
      poll_interval_ms: consensus.pollIntervalUs / 1000,
      concurrent_polls: consensus.concurrentPolls,
      early_end: consensus.earlyEnd,
    },
  };
}

/** Throughput over the closed bins of the window. */
export function throughputFigures(
  series: Series,
  batch: number,
  queuedTransactions: number,
): RunResult['results']['throughput'] {
  const window = series.windowThroughput();
  const transactions = window?.transactions ?? 0;
  const points = series.windowPoints();
  const offered = points.reduce((sum, point) => sum + point.offered_tps, 0) / Math.max(1, points.length);
  return {
    avg_tps: window?.averageTps ?? 0,
    peak_tps: window?.peakTps ?? 0,
    min_tps: window?.leastTps ?? 0,
    total_vertices: transactions / batch,
    total_transactions: transactions,
    vertices_per_second: (window?.averageTps ?? 0) / batch,
    offered_tps: offered,
    queued_transactions: queuedTransactions,
    tps_variance_percent: window?.variancePercent ?? 0,
  };
}

/** Quantiles over all pairs; an undecided pair is later than every decided one, so a quantile may not exist. */
export function latencyFigures(latency: Histogram, undecided: number): RunResult['results']['latency'] {
  const later = undecided >= 1 ? 0 : (latency.total * undecided) / (1 - undecided);
  const at = (share: number): number | null => milliseconds(latency.quantileUs(share, later));
  return {
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    p999_ms: at(0.999),
    max_ms: undecided > 0 ? null : milliseconds(latency.mostUs),
    mean_ms: milliseconds(latency.meanUs),
    undecided_share: undecided,
    histogram: latency.toPairs(),
  };
}

function milliseconds(us: number | null): number | null {
  return us === null ? null : us / 1000;
}

/** Chi-square of queries over members, corrected for sampling without replacement, as a z value. */
export function samplingZ(spec: RunSpec, asked: ArrayLike<number>): number {
  const members = asked.length;
  const total = sumOf(asked, (count) => count);
  const spread = 1 - spec.consensus.k / (members - 1);
  if (total === 0 || spread <= 0 || spec.faults.length > 0) return 0;
  const expected = total / members;
  const chiSquare = sumOf(asked, (count) => (count - expected) ** 2) / (expected * spread);
  return (chiSquare - (members - 1)) / Math.sqrt(2 * (members - 1));
}

export function roundsFigures(rounds: Rounds): RunResult['results']['consensus_metrics']['rounds'] {
  return {
    mean: rounds.mean,
    p50: rounds.quantile(0.5),
    p99: rounds.quantile(0.99),
    max: rounds.most,
    histogram: rounds.toPairs(),
  };
}

/** When most honest nodes had convicted a member, by member; attackers and wrongly convicted ones apart. */
export interface Detection {
  readonly attackers: Map<number, number>;
  readonly honest: Map<number, number>;
}

export function detectionFigures({
  attackers,
  honest,
}: Detection): Pick<
  RunResult['results']['consensus_metrics'],
  'byzantine_detected' | 'false_positives' | 'time_to_detect_ms'
> {
  const times = [...attackers.values()];
  return {
    byzantine_detected: attackers.size,
    false_positives: honest.size,
    time_to_detect_ms: times.length === 0 ? null : Math.max(...times) / 1000,
  };
}

function sumOf(counts: ArrayLike<number>, term: (count: number) => number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i += 1) sum += term(counts[i]!);
  return sum;
}
