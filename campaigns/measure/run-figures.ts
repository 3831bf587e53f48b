/**
 * From what a run recorded to the figures of its record, the same way on every target.
 * Owns: what every target computes alike from specification, recorder and series. Does not own: recording, what only one target counts.
 */
import type { SafetyReport } from '#campaigns/analysis/safety.ts';
import { codeVersion } from '#campaigns/code-version.ts';
import type { Histogram } from '#campaigns/measure/histogram.ts';
import type { RecordedShares, Recorder } from '#campaigns/measure/recorder.ts';
import type { Rounds } from '#campaigns/measure/rounds.ts';
import type { Series } from '#campaigns/measure/series.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

type Results = RunResult['results'];

export function testRunId(spec: RunSpec): string {
  return `${spec.scenarioId}/${spec.label}/${spec.seed}`;
}

export function determinismKey(spec: RunSpec): string {
  return `${codeVersion()}/${process.version}/${testRunId(spec)}`;
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

/** The bins of a measured window, however they came about. */
export type WindowBins = Pick<Series, 'windowPoints' | 'windowThroughput'>;

/** Throughput over the closed bins of the window. */
export function throughputFigures(
  series: WindowBins,
  batch: number,
  queuedTransactions: number,
): Results['throughput'] {
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
export function latencyFigures(latency: Histogram, undecided: number): Results['latency'] {
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

/** The window as it was: `measuredUs` of a run that took `endedUs`, warm-up and cool-down included. */
export function windowFigures(
  { duration }: RunSpec,
  plan: { readonly warmupUs: number; readonly compression: number; readonly finalityUs: number },
  recorder: Recorder,
  endedUs: number,
  measuredUs: number,
): RunResult['window'] {
  return {
    requested_s: duration.measureUs / 1_000_000,
    measured_s: measuredUs / 1_000_000,
    warmup_s: plan.warmupUs / 1_000_000,
    cooldown_s: Math.max(0, endedUs - plan.warmupUs - measuredUs) / 1_000_000,
    compression: plan.compression,
    // Of the measured mean; the planned one when nothing was finalised.
    finality_times: measuredUs / (recorder.latency.meanUs ?? plan.finalityUs),
  };
}

/** What the bins of the window say of resources; targets count signatures, and peaks of the network, in their own ways. */
export function resourceFigures(
  series: WindowBins,
): Omit<Results['resource_usage'], 'peak_network_mbps' | 'signature_cpu_percent'> {
  const points = series.windowPoints();
  const mean = (read: (point: (typeof points)[number]) => number): number =>
    points.length === 0 ? 0 : points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const most = (read: (point: (typeof points)[number]) => number): number =>
    points.reduce((top, point) => Math.max(top, read(point)), 0);
  const first = points[0]?.memory_mb ?? 0;
  const last = points.at(-1)?.memory_mb ?? 0;
  return {
    avg_cpu_percent: mean((point) => point.cpu_percent),
    peak_cpu_percent: most((point) => point.busiest_cpu_percent ?? point.cpu_percent),
    avg_memory_mb: mean((point) => point.memory_mb),
    peak_memory_mb: most((point) => point.memory_mb),
    memory_growth_percent: first > 0 ? (100 * (last - first)) / first : 0,
    avg_network_mbps: mean((point) => point.network_mbps),
  };
}

/** What the recorder and the safety checker say of consensus; polls and samples are counted by the target. */
export function consensusFigures(
  recorder: Recorder,
  shares: RecordedShares,
  safety: SafetyReport,
  detection: Detection,
): Omit<Results['consensus_metrics'], 'polls_successful_share' | 'sampling_chi_square_z'> {
  return {
    avg_rounds_to_finalize: recorder.rounds.mean,
    confidence_at_finalization:
      recorder.finalisedPairs === 0 ? null : recorder.confidenceSum / recorder.finalisedPairs,
    ...detectionFigures(detection),
    rounds: roundsFigures(recorder.rounds),
    finalized_share: shares.finalizedShare,
    all_honest_share: shares.allHonestShare,
    conflicts_finalized: safety.byRule.conflict,
    decisions_checked: safety.decisionsChecked,
    safety_violations: [...safety.violations],
    liveness_failures: recorder.livenessFailures,
    rejected_vertices: recorder.rejectedPairs,
  };
}

export function workFigures(
  messages: number,
  polls: number,
  endedUs: number,
  cpuSeconds: number,
): Results['simulation'] {
  return {
    messages,
    polls,
    virtual_seconds: endedUs / 1_000_000,
    cpu_seconds: cpuSeconds,
    messages_per_cpu_second: cpuSeconds > 0 ? messages / cpuSeconds : 0,
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

export function roundsFigures(rounds: Rounds): Results['consensus_metrics']['rounds'] {
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

function detectionFigures({
  attackers,
  honest,
}: Detection): Pick<
  Results['consensus_metrics'],
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
