/**
 * Invented but plausible runs for report tests: one function from a description to a result record and its series.
 * Owns: the invented numbers, deterministic in the seed. Does not own: which rows a campaign has (campaign-fixture.ts).
 */
import type { FaultRecord, RunResult, RunSeries, SeriesPoint } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

export interface Behaviour {
  /** Transactions per second that the network can finalise. */
  readonly capacityTps: number;
  readonly baseLatencyMs: number;
  readonly roundsMean: number;
  readonly finalizedShare: number;
  readonly cpuPercent: number;
  readonly memoryMb: number;
  readonly memoryGrowthPercent: number;
  readonly networkMbps: number;
  readonly offeredTps: (progress: number) => number;
  /** Seconds of virtual time measured. */
  readonly measuredS: number;
  /** Share of the window in which nothing finalises, as [from, until] of the window. */
  readonly outage: readonly [number, number] | null;
  readonly anomalies: readonly string[];
}

/** Mulberry32: a small generator, enough for noise. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const warmupS = 10;
const cooldownS = 5;
const bins = 90;

export function syntheticSeries(cellId: string, spec: RunSpec, behaviour: Behaviour): RunSeries {
  const random = noise(spec.seed);
  const { measuredS } = behaviour;
  const totalS = warmupS + measuredS + cooldownS;
  const binS = totalS / bins;
  let backlog = 0;
  const points = Array.from({ length: bins }, (_, bin): SeriesPoint => {
    const atS = bin * binS;
    const progress = (atS - warmupS) / measuredS;
    const offered = progress > 1 ? 0 : Math.max(0, behaviour.offeredTps(Math.max(0, progress)));
    const { outage } = behaviour;
    const down = outage !== null && progress >= outage[0] && progress < outage[1];
    const capacity = behaviour.capacityTps * (0.97 + 0.06 * random());
    const startUp = atS < 1 ? 0.2 : 1;
    const finalized = down
      ? 0
      : Math.min(capacity, offered * (0.97 + 0.06 * random()) + backlog / 2) * startUp;
    backlog = Math.max(0, backlog + (offered - finalized) * 0.5);
    const delay = behaviour.baseLatencyMs * (0.95 + 0.1 * random()) * (1 + Math.min(40, backlog / 60));
    const load = offered > 0 ? finalized / offered : 0.3;
    return {
      at_us: Math.round(atS * 1e6),
      for_us: Math.round(binS * 1e6),
      offered_tps: offered,
      finalized_tps: finalized,
      p50_ms: down || finalized === 0 ? null : delay * 0.72,
      p95_ms: down || finalized === 0 ? null : delay,
      undecided_vertices: backlog / 10 + 4 * random(),
      queued_transactions: backlog,
      cpu_percent: behaviour.cpuPercent * Math.min(1.4, load) * (0.9 + 0.2 * random()),
      network_mbps: behaviour.networkMbps * (0.9 + 0.2 * random()),
      memory_mb:
        behaviour.memoryMb * (0.97 + (0.03 + behaviour.memoryGrowthPercent / 100) * Math.max(0, progress)),
      live_nodes: spec.nodes,
    };
  });
  const from = warmupS * 1e6;
  return { test_run_id: cellId, window_us: [from, from + measuredS * 1e6], points };
}

function latencyHistogram(spec: RunSpec, behaviour: Behaviour): [number, number][] {
  const random = noise(spec.seed ^ 0x5bd1e995);
  return Array.from({ length: 40 }, (_, index): [number, number] => {
    const boundMs = behaviour.baseLatencyMs * 0.35 * 1.06 ** index;
    const distance = Math.log(boundMs / (behaviour.baseLatencyMs * 0.72)) / 0.24;
    return [boundMs, Math.round(50_000 * Math.exp((-distance * distance) / 2) * (0.95 + 0.1 * random()))];
  });
}

function roundsHistogram(spec: RunSpec, behaviour: Behaviour): [number, number][] {
  const { beta, maxRounds } = spec.consensus;
  const spread = Math.max(0.35, behaviour.roundsMean - beta);
  const most = Math.min(maxRounds, Math.ceil(beta + 5 * spread));
  return Array.from({ length: most - beta + 1 }, (_, index): [number, number] => [
    beta + index,
    Math.round(80_000 * Math.exp(-index / spread)),
  ]).filter(([, count]) => count > 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function syntheticResult(
  cellId: string,
  spec: RunSpec,
  behaviour: Behaviour,
  series: RunSeries,
  faults: readonly FaultRecord[],
): RunResult {
  const honest = spec.nodes - Math.floor(spec.byzantine.share * spec.nodes);
  const virtualS = warmupS + behaviour.measuredS + cooldownS;
  const messages = Math.round(spec.nodes * spec.consensus.k * 2 * virtualS * 3);
  const hash = noise(spec.seed ^ 0x9e3779b9);
  return {
    test_run_id: `${cellId}/${spec.repetition}`,
    timestamp: '2026-11-21T10:00:00.000Z',
    configuration: configuration(spec, honest),
    results: {
      throughput: throughput(series),
      latency: latency(spec, behaviour, series),
      resource_usage: resources(behaviour),
      consensus_metrics: consensusMetrics(spec, behaviour),
      simulation: {
        messages,
        polls: Math.round(messages / (2 * spec.consensus.k)),
        virtual_seconds: virtualS,
        cpu_seconds: messages / 2.1e7,
        messages_per_cpu_second: 2.1e7,
      },
    },
    window: {
      requested_s: spec.duration.measureUs / 1e6,
      measured_s: behaviour.measuredS,
      warmup_s: warmupS,
      cooldown_s: cooldownS,
      compression: spec.duration.measureUs / 1e6 / behaviour.measuredS,
      finality_times: behaviour.measuredS / (behaviour.baseLatencyMs / 1e3),
    },
    faults: [...faults],
    anomalies: [...behaviour.anomalies],
    determinism: {
      key: `0.1.0 v26.10.0 ${spec.scenarioId} ${spec.seed}`,
      seed: spec.seed,
      trace_hash: Array.from({ length: 8 }, () =>
        Math.floor(hash() * 65_536)
          .toString(16)
          .padStart(4, '0'),
      ).join(''),
    },
    provenance: 'SIMULATED',
    tier: spec.tier,
    test_status: 'PASSED',
    reason: '',
  };
}

function configuration(spec: RunSpec, honest: number): RunResult['configuration'] {
  const { consensus } = spec;
  return {
    scenario_id: spec.scenarioId,
    label: spec.label,
    node_count: spec.nodes,
    byzantine_percentage: spec.byzantine.share * 100,
    byzantine_nodes: spec.nodes - honest,
    attack: spec.byzantine.attack,
    network_profile: spec.network.name,
    topology: spec.topology.kind,
    workload: spec.workload.kind,
    resource_profile: spec.resources.name,
    calibration: spec.calibration.name,
    consensus_params: {
      sample_size: consensus.k,
      alpha_threshold: consensus.alphaConfidence,
      alpha_preference: consensus.alphaPreference,
      beta_threshold: consensus.beta,
      finalization_threshold: consensus.threshold,
      max_rounds: consensus.maxRounds,
      poll_interval_ms: consensus.pollIntervalUs / 1e3,
      concurrent_polls: consensus.concurrentPolls,
      early_end: consensus.earlyEnd,
    },
  };
}

function throughput(series: RunSeries): RunResult['results']['throughput'] {
  const [from, until] = series.window_us;
  const inside = series.points.filter((point) => point.at_us >= from && point.at_us < until);
  const rates = inside.map((point) => point.finalized_tps);
  const average = mean(rates);
  const deviation = Math.sqrt(mean(rates.map((rate) => (rate - average) ** 2)));
  const seconds = (until - from) / 1e6;
  return {
    avg_tps: average,
    peak_tps: Math.max(...rates),
    min_tps: Math.min(...rates),
    total_vertices: Math.round((average * seconds) / 10),
    total_transactions: Math.round(average * seconds),
    vertices_per_second: average / 10,
    offered_tps: mean(inside.map((point) => point.offered_tps)),
    queued_transactions: Math.round(inside.at(-1)?.queued_transactions ?? 0),
    tps_variance_percent: average > 0 ? (100 * deviation) / average : 0,
  };
}

function latency(spec: RunSpec, behaviour: Behaviour, series: RunSeries): RunResult['results']['latency'] {
  const [from, until] = series.window_us;
  const seen = series.points
    .filter((point) => point.at_us >= from && point.at_us < until)
    .map((point) => point.p95_ms)
    .filter((value) => value !== null);
  const p95 = mean(seen);
  return {
    p50_ms: p95 * 0.72,
    p95_ms: p95,
    p99_ms: p95 * 1.22,
    p999_ms: p95 * 1.4,
    max_ms: p95 * 1.6,
    mean_ms: p95 * 0.76,
    undecided_share: 1 - behaviour.finalizedShare,
    histogram: latencyHistogram(spec, behaviour),
  };
}

function resources(behaviour: Behaviour): RunResult['results']['resource_usage'] {
  return {
    avg_cpu_percent: behaviour.cpuPercent,
    peak_cpu_percent: behaviour.cpuPercent * 1.35,
    avg_memory_mb: behaviour.memoryMb,
    peak_memory_mb: behaviour.memoryMb * 1.04,
    memory_growth_percent: behaviour.memoryGrowthPercent,
    avg_network_mbps: behaviour.networkMbps,
    peak_network_mbps: behaviour.networkMbps * 1.3,
    signature_cpu_percent: behaviour.cpuPercent * 0.18,
  };
}

function consensusMetrics(spec: RunSpec, behaviour: Behaviour): RunResult['results']['consensus_metrics'] {
  const { beta } = spec.consensus;
  const jitter = 1 + (noise(spec.seed ^ 77)() - 0.5) / 60;
  const rounds = beta + (behaviour.roundsMean - beta) * jitter;
  return {
    avg_rounds_to_finalize: rounds,
    confidence_at_finalization: 0.952,
    byzantine_detected: 0,
    false_positives: 0,
    time_to_detect_ms: null,
    rounds: {
      mean: rounds,
      p50: Math.round(rounds),
      p99: Math.round(beta + 3 * (rounds - beta)),
      max: Math.round(beta + 5 * (rounds - beta)),
      histogram: roundsHistogram(spec, behaviour),
    },
    finalized_share: behaviour.finalizedShare,
    all_honest_share: behaviour.finalizedShare ** 2,
    conflicts_finalized: 0,
    safety_violations: [],
    decisions_checked: 1_000 * (spec.nodes - Math.floor(spec.byzantine.share * spec.nodes)),
    liveness_failures: Math.round((1 - behaviour.finalizedShare) * 10_000),
    rejected_vertices: 0,
    polls_successful_share: behaviour.finalizedShare ** 0.3,
    sampling_chi_square_z: (noise(spec.seed ^ 99)() - 0.5) * 2,
  };
}
