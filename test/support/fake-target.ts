/**
 * A target that computes nothing: its results follow from the spec alone, at once, so that the campaign loop can be
 * tested without a simulator. `workload`-independent; the scenario id says how a run behaves:
 * FAKE-THROW rejects, FAKE-CRASH ends its thread, FAKE-SLOW goes on until it is told to stop.
 */
import type { RunResult, TestStatus } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';

function configuration(spec: RunSpec): RunResult['configuration'] {
  const { consensus } = spec;
  return {
    scenario_id: spec.scenarioId,
    label: spec.label,
    node_count: spec.nodes,
    byzantine_percentage: spec.byzantine.share * 100,
    byzantine_nodes: Math.floor(spec.byzantine.share * spec.nodes),
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
      poll_interval_ms: consensus.pollIntervalUs / 1000,
      concurrent_polls: consensus.concurrentPolls,
      early_end: consensus.earlyEnd,
    },
  };
}

function figures(spec: RunSpec): RunResult['results'] {
  const tps = 100 + (spec.seed % 7);
  return {
    throughput: {
      avg_tps: tps,
      peak_tps: tps + 5,
      min_tps: tps - 5,
      total_vertices: tps * 10,
      total_transactions: tps * 10,
      vertices_per_second: tps,
      offered_tps: tps,
      queued_transactions: 0,
      tps_variance_percent: 1,
    },
    latency: {
      p50_ms: 40,
      p95_ms: 80 + (spec.seed % 5),
      p99_ms: 90,
      p999_ms: 95,
      max_ms: 99,
      mean_ms: 50,
      undecided_share: 0,
      histogram: [[100, tps * 10]],
    },
    resource_usage: {
      avg_cpu_percent: 20,
      peak_cpu_percent: 30,
      avg_memory_mb: 120,
      peak_memory_mb: 130,
      memory_growth_percent: 0.5,
      avg_network_mbps: 4,
      peak_network_mbps: 6,
      signature_cpu_percent: 3,
    },
    consensus_metrics: {
      avg_rounds_to_finalize: 21,
      confidence_at_finalization: 0.96,
      byzantine_detected: 0,
      false_positives: 0,
      time_to_detect_ms: null,
      rounds: { mean: 21, p50: 21, p99: 25, max: 27, histogram: [[21, 100]] },
      finalized_share: 1,
      all_honest_share: 1,
      conflicts_finalized: 0,
      safety_violations: [],
      liveness_failures: 0,
      rejected_vertices: 0,
      polls_successful_share: 0.97,
      sampling_chi_square_z: 0.1,
    },
    simulation: {
      messages: 1_000_000,
      polls: 20_000,
      virtual_seconds: 60,
      cpu_seconds: 0.1,
      messages_per_cpu_second: 10_000_000,
    },
  };
}

/** The same spec gives the same result, but for the time at which it ended. */
export function fakeResult(spec: RunSpec, timestamp: string, status: TestStatus = 'PASSED'): RunResult {
  return {
    test_run_id: `${spec.label}/${spec.repetition}`,
    timestamp,
    configuration: configuration(spec),
    results: figures(spec),
    window: {
      requested_s: 60,
      measured_s: 60,
      warmup_s: 5,
      cooldown_s: 5,
      compression: 1,
      finality_times: 600,
    },
    faults: [],
    anomalies: [],
    determinism: { key: `fake/${spec.seed}`, seed: spec.seed, trace_hash: `trace-${spec.seed}` },
    provenance: 'SIMULATED',
    tier: spec.tier,
    test_status: status,
    reason: status === 'PASSED' ? '' : 'the spec says so',
  };
}

export function fakeOutcome(spec: RunSpec, timestamp: string): RunOutcome {
  const result = fakeResult(spec, timestamp);
  const point = {
    at_us: 0,
    for_us: 60_000_000,
    offered_tps: 100,
    finalized_tps: result.results.throughput.avg_tps,
    p50_ms: 40,
    p95_ms: 80,
    undecided_vertices: 3,
    queued_transactions: 0,
    cpu_percent: 20,
    network_mbps: 4,
    memory_mb: 120,
    live_nodes: spec.nodes,
  };
  return {
    result,
    series: { test_run_id: result.test_run_id, window_us: [0, 60_000_000], points: [point] },
    events: [
      JSON.stringify({ at_us: 0, event: 'start', seed: spec.seed }),
      JSON.stringify({ at_us: 1, event: 'end' }),
    ],
  };
}

async function run(spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome> {
  if (spec.scenarioId === 'FAKE-THROW') throw new Error('this run always fails');
  if (spec.scenarioId === 'FAKE-CRASH') process.exit(7);
  for (let share = 0; spec.scenarioId === 'FAKE-SLOW' && !signal.aborted; share = (share + 0.01) % 1) {
    progress(share);
    await new Promise((resolve) => setImmediate(resolve));
  }
  progress(1);
  return fakeOutcome(spec, new Date().toISOString());
}

/** Named by TargetReference.factory. */
export function createFakeTarget(): Target {
  return {
    capabilities: { name: 'simulator', faults: new Set(), attacks: new Set(['none']), nodesMost: 1_000 },
    deploy: async () => {},
    ready: async () => true,
    run,
    collect: async () => {},
    destroy: async () => {},
    inventory: async () => [],
  };
}
