/**
 * A whole, valid, quiet run to change one thing of: record, series, planned row and plan for tests of the analysis.
 * Owns: the plain defaults. Does not own: realistic shapes over time (synthetic-run.ts).
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { Criterion, Plan, PlannedRow } from '#campaigns/plan-record.ts';
import type { FaultRecord, RunResult, SeriesPoint } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

type Results = RunResult['results'];

/** What a test may say about a run; everything else is a quiet run of 100 nodes at 100 TPS. */
export interface RunChanges {
  readonly seed?: number;
  readonly configuration?: Partial<RunResult['configuration']>;
  readonly throughput?: Partial<Results['throughput']>;
  readonly latency?: Partial<Results['latency']>;
  readonly resources?: Partial<Results['resource_usage']>;
  readonly consensus?: Partial<Results['consensus_metrics']>;
  readonly simulation?: Partial<Results['simulation']>;
  readonly window?: Partial<RunResult['window']>;
  readonly determinism?: Partial<RunResult['determinism']>;
  readonly faults?: readonly FaultRecord[];
  readonly ramp?: RunResult['ramp'];
  readonly anomalies?: readonly string[];
  readonly status?: RunResult['test_status'];
  readonly reason?: string;
  readonly tier?: string;
  /** One bin per entry, laid end to end over the measured window. */
  readonly bins?: readonly Partial<SeriesPoint>[];
}

const warmupUs = 2_000_000;
const cooldownUs = 1_000_000;

function quietConsensus(): Results['consensus_metrics'] {
  return {
    avg_rounds_to_finalize: 20,
    confidence_at_finalization: 0.95,
    byzantine_detected: 0,
    false_positives: 0,
    time_to_detect_ms: null,
    rounds: { mean: 20, p50: 20, p99: 22, max: 24, histogram: [[20, 60_000]] },
    finalized_share: 1,
    all_honest_share: 1,
    conflicts_finalized: 0,
    safety_violations: [],
    liveness_failures: 0,
    rejected_vertices: 0,
    polls_successful_share: 1,
    sampling_chi_square_z: 0.3,
  };
}

function quietResults(): Results {
  return {
    throughput: {
      avg_tps: 100,
      peak_tps: 104,
      min_tps: 96,
      total_vertices: 600,
      total_transactions: 6_000,
      vertices_per_second: 10,
      offered_tps: 100,
      queued_transactions: 0,
      tps_variance_percent: 2,
    },
    latency: {
      p50_ms: 60,
      p95_ms: 80,
      p99_ms: 90,
      p999_ms: 95,
      max_ms: 99,
      mean_ms: 62,
      undecided_share: 0,
      histogram: [
        [60, 300_000],
        [80, 270_000],
        [99, 30_000],
      ],
    },
    resource_usage: {
      avg_cpu_percent: 20,
      peak_cpu_percent: 30,
      avg_memory_mb: 100,
      peak_memory_mb: 110,
      memory_growth_percent: 1,
      avg_network_mbps: 2,
      peak_network_mbps: 3,
      signature_cpu_percent: 5,
    },
    consensus_metrics: quietConsensus(),
    simulation: {
      messages: 6_000_000,
      polls: 100_000,
      virtual_seconds: 60,
      cpu_seconds: 1,
      messages_per_cpu_second: 6_000_000,
    },
  };
}

function quietConfiguration(): RunResult['configuration'] {
  return {
    scenario_id: 'XX-001',
    label: '100 nodes',
    node_count: 100,
    byzantine_percentage: 0,
    byzantine_nodes: 0,
    attack: 'none',
    network_profile: 'local',
    topology: 'full',
    workload: 'constant 100 TPS',
    resource_profile: 'standard',
    calibration: defaultCalibration.name,
    consensus_params: {
      sample_size: 30,
      alpha_threshold: 24,
      alpha_preference: 24,
      beta_threshold: 20,
      finalization_threshold: 0.95,
      max_rounds: 100,
      poll_interval_ms: 5,
      concurrent_polls: 1,
      early_end: true,
    },
  };
}

/** A finished repetition: quiet, with the changes laid over it. */
export function runRecord(changes: RunChanges = {}): RunRecord {
  const seed = changes.seed ?? 1;
  const quiet = quietResults();
  const measuredS = changes.window?.measured_s ?? 60;
  const result: RunResult = {
    test_run_id: `cell-${seed}`,
    timestamp: '2026-01-01T00:00:00.000Z',
    configuration: { ...quietConfiguration(), ...changes.configuration },
    results: {
      throughput: { ...quiet.throughput, ...changes.throughput },
      latency: { ...quiet.latency, ...changes.latency },
      resource_usage: { ...quiet.resource_usage, ...changes.resources },
      consensus_metrics: { ...quiet.consensus_metrics, ...changes.consensus },
      simulation: { ...quiet.simulation, ...changes.simulation },
    },
    window: {
      requested_s: measuredS,
      measured_s: measuredS,
      warmup_s: warmupUs / 1e6,
      cooldown_s: cooldownUs / 1e6,
      compression: 1,
      finality_times: 1_000,
      ...changes.window,
    },
    faults: [...(changes.faults ?? [])],
    ...(changes.ramp === undefined ? {} : { ramp: changes.ramp }),
    anomalies: [...(changes.anomalies ?? [])],
    determinism: { key: `v0/node/XX-001/${seed}`, seed, trace_hash: `trace-${seed}`, ...changes.determinism },
    provenance: 'SIMULATED',
    tier: changes.tier ?? 'message',
    test_status: changes.status ?? 'PASSED',
    reason: changes.reason ?? '',
  };
  return { result, series: seriesOf(result, changes.bins ?? Array.from({ length: 10 }, () => ({}))) };
}

function seriesOf(result: RunResult, bins: readonly Partial<SeriesPoint>[]): RunRecord['series'] {
  const windowUs = result.window.measured_s * 1e6;
  const binUs = windowUs / Math.max(1, bins.length);
  const point = (at_us: number, for_us: number, changes: Partial<SeriesPoint>): SeriesPoint => ({
    at_us,
    for_us,
    offered_tps: 100,
    finalized_tps: 100,
    p50_ms: 60,
    p95_ms: 80,
    undecided_vertices: 1,
    queued_transactions: 0,
    cpu_percent: 20,
    network_mbps: 2,
    memory_mb: 100,
    live_nodes: result.configuration.node_count,
    ...changes,
  });
  const points = bins.map((bin, index) => point(warmupUs + index * binUs, binUs, bin));
  const until = warmupUs + windowUs;
  const live_nodes = points.at(-1)?.live_nodes ?? result.configuration.node_count;
  return {
    test_run_id: result.test_run_id,
    window_us: [warmupUs, until],
    points: [point(0, warmupUs, {}), ...points, point(until, cooldownUs, { live_nodes })],
  };
}

/** Three repetitions with one change each; by default three quiet ones. */
export function repetitions(changes: readonly RunChanges[] = [{}, {}, {}]): RunRecord[] {
  return changes.map((change, index) => runRecord({ seed: index + 1, ...change }));
}

/** An observed fault that began in the window, lasted 10 s and was recovered from in 3 s. */
export function faultRecord(changes: Partial<FaultRecord> = {}): FaultRecord {
  return {
    kind: 'partition',
    description: 'partition 50/50 for 10 s',
    requested_at_us: 10_000_000,
    requested_for_us: 10_000_000,
    at_us: 12_000_000,
    until_us: 22_000_000,
    observed: true,
    evidence: '12345 messages dropped',
    recovery_us: 3_000_000,
    rejoin_us: null,
    ...changes,
  };
}

export function criterion(
  metric: string,
  comparator: Criterion['comparator'],
  limit: number,
  overUs: number | null = null,
): Criterion {
  return { metric, comparator, limit, written: `${comparator}: ${limit}`, overUs, scope: 'row', note: null };
}

/** The resolved specification of the quiet run. */
export function runSpec(changes: Partial<RunSpec> = {}): RunSpec {
  const local = networkProfiles.find(({ name }) => name === 'local');
  if (local === undefined) throw new Error('there is no local profile');
  return {
    scenarioId: 'XX-001',
    label: '100 nodes',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes: 100,
    consensus: {
      k: 30,
      alphaPreference: 24,
      alphaConfidence: 24,
      beta: 20,
      threshold: 0.95,
      maxRounds: 100,
      pollIntervalUs: 5_000,
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 4_096,
    },
    network: local,
    topology: { kind: 'full', degree: 99 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: {
      kind: 'constant',
      tps: 100,
      batch: 10,
      payloadBytes: 1_024,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs, measureUs: 60_000_000, cooldownUs },
    messageBudget: 10_000_000,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2_147_483_648 },
    calibration: defaultCalibration,
    ...changes,
  };
}

/** A row of three cells, seeds 1 to 3, cell ids `<rowId>#<repetition>`. */
export function plannedRow(
  criteria: readonly Criterion[],
  changes: Partial<PlannedRow> = {},
  spec: Partial<RunSpec> = {},
): PlannedRow {
  const rowId = changes.rowId ?? 'XX-001/nodes=100';
  return {
    rowId,
    scenarioId: 'XX-001',
    title: 'A quiet run',
    source: 'test',
    label: '100 nodes',
    criteria,
    cells: [0, 1, 2].map((repetition) => ({
      id: `${rowId}#${repetition}`,
      spec: runSpec({ ...spec, seed: repetition + 1, repetition }),
    })),
    skip: null,
    ...changes,
  };
}

export function planOf(rows: readonly PlannedRow[]): Plan {
  return {
    version: 1,
    campaign: 'test-campaign',
    phase: 'phase1',
    stack: 'local',
    target: 'simulator',
    codeVersion: 'v0',
    nodeVersion: 'v26',
    seed: 1,
    rows,
  };
}
