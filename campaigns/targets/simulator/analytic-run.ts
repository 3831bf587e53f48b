/**
 * One repetition at analytic fidelity: the formulas in the shape of a run's result.
 * Owns: which formula becomes which figure, and saying what the formulas leave out. Does not own: the formulas
 * (campaigns/analytic) or the load model (campaigns/feasibility/node-load.ts).
 * Rounds and shares are exact for unconflicted vertices; times, bytes, CPU and memory are expectations.
 */
import { createHash } from 'node:crypto';
import type { Finality } from '#campaigns/analytic/finality.ts';
import { finality, liveHonest } from '#campaigns/analytic/finality.ts';
import type { RoundsTable } from '#campaigns/analytic/run-length.ts';
import { roundsTable } from '#campaigns/analytic/run-length.ts';
import type { PollSetting } from '#campaigns/analytic/yes-votes.ts';
import { attackerCount, attackModel } from '#campaigns/feasibility/attackers.ts';
import type { NodeLoad } from '#campaigns/feasibility/node-load.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { configurationOf, determinismKey, testRunId } from '#campaigns/measure/run-figures.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import { type RunSpec, rampEndOf } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { meanTps, peakTps } from '#campaigns/workloads/load-profile.ts';

interface Prediction {
  readonly spec: RunSpec;
  readonly load: NodeLoad;
  readonly reach: Finality;
  readonly table: RoundsTable;
  readonly honest: number;
}

/** Pure but for the time stamp. Throws RangeError when k does not fit the network. */
export function analyticRun(spec: RunSpec): RunOutcome {
  const setting: PollSetting = {
    nodes: spec.nodes,
    byzantine: attackerCount(spec.byzantine, spec.nodes),
    voter: attackModel(spec.byzantine.attack).voter,
    k: spec.consensus.k,
    loss: spec.network.loss,
    offlineShare: 0,
    retry: true,
  };
  const { alphaConfidence: alpha, beta, maxRounds } = spec.consensus;
  const reach = finality({ ...setting, alpha, beta, maxRounds });
  const table = roundsTable(reach.success, beta, maxRounds);
  const prediction = { spec, load: nodeLoad(spec), reach, table, honest: liveHonest(setting) };
  const left = leftOut(spec);
  const id = testRunId(spec);
  const measured = spec.duration.measureUs;
  const result: RunResult = {
    test_run_id: id,
    timestamp: new Date().toISOString(),
    configuration: configurationOf(spec, spec.nodes - setting.byzantine),
    results: resultsOf(prediction),
    window: windowOf(prediction),
    faults: [],
    anomalies: ['computed by formulas: no message was simulated, the seed has no effect', ...left],
    determinism: { key: determinismKey(spec), seed: spec.seed, trace_hash: '' },
    provenance: 'SIMULATED',
    tier: 'analytic',
    test_status: left.length === 0 ? 'PASSED' : 'INCONCLUSIVE',
    reason: left.join('; '),
  };
  const hash = createHash('sha256').update(JSON.stringify(result.results)).digest('hex').slice(0, 16);
  const hashed = { ...result, determinism: { ...result.determinism, trace_hash: hash } };
  return { result: hashed, series: { test_run_id: id, window_us: [0, measured], points: [] }, events: [] };
}

/** What the run asks for and the formulas do not answer. */
function leftOut(spec: RunSpec): string[] {
  const left: string[] = [];
  if (spec.faults.length > 0)
    left.push(`faults are not modelled: ${spec.faults.map((fault) => fault.kind).join(', ')}`);
  if (!attackModel(spec.byzantine.attack).exact && spec.byzantine.share > 0) {
    left.push(
      `${spec.byzantine.attack} is taken as rejecting every honest vertex, its worst case for liveness`,
    );
  }
  if (spec.workload.conflictShare > 0) left.push('conflicting vertices are not modelled');
  if (rampEndOf(spec.workload) !== null) left.push('the fall of the load at saturation is not modelled');
  if (spec.byzantine.exclusion) left.push('exclusion of convicted peers is not modelled');
  return left;
}

function resultsOf(prediction: Prediction): RunResult['results'] {
  const { spec, load } = prediction;
  const sentMbps = load.uniqueMbps + load.announcementMbps + load.pollMbps;
  return {
    throughput: throughputOf(prediction),
    latency: latencyOf(prediction),
    resource_usage: {
      avg_cpu_percent: Math.min(100, load.cpuPercent),
      peak_cpu_percent: Math.min(100, load.cpuPercent),
      avg_memory_mb: load.memoryMb,
      peak_memory_mb: load.memoryMb,
      memory_growth_percent: 0,
      avg_network_mbps: sentMbps,
      peak_network_mbps: sentMbps,
      signature_cpu_percent: (100 * load.signatureCores) / spec.resources.cpuCores,
    },
    consensus_metrics: consensusOf(prediction),
    simulation: { messages: 0, polls: 0, virtual_seconds: 0, cpu_seconds: 0, messages_per_cpu_second: 0 },
  };
}

/** Live nodes finalise what is offered, as far as one event loop can handle it. */
function throughputOf({ spec, load, reach }: Prediction): RunResult['results']['throughput'] {
  const { workload } = spec;
  const fits = Math.min(1, 1 / Math.max(load.loopCores, load.cpuPercent / 100, Number.MIN_VALUE));
  const offered = workload.kind === 'single' ? load.verticesPerSecond * workload.batch : meanTps(workload);
  const rate = offered * reach.oneWithin * fits;
  const seconds = spec.duration.measureUs / 1_000_000;
  return {
    avg_tps: rate,
    peak_tps: workload.kind === 'single' ? rate : peakTps(workload) * reach.oneWithin * fits,
    min_tps: rate,
    total_vertices: (rate * seconds) / workload.batch,
    total_transactions: rate * seconds,
    vertices_per_second: rate / workload.batch,
    offered_tps: offered,
    queued_transactions: 0,
    tps_variance_percent: 0,
  };
}

/** Polls by their exact law, each taking its expected time; the wait for the first one is its mean. */
function latencyOf({ load, reach, table, honest }: Prediction): RunResult['results']['latency'] {
  const afterUs = (polls: number): number =>
    load.disseminationUs + load.spacingUs / 2 + (polls - 1) * load.spacingUs + load.pollUs;
  const ms = (polls: number | null): number | null => (polls === null ? null : afterUs(polls) / 1_000);
  const histogram: [number, number][] = [];
  for (const [polls, pairs] of histogramOf(table, honest)) histogram.push([afterUs(polls) / 1_000, pairs]);
  const mean = meanWithin(table);
  return {
    p50_ms: ms(quantile(table, 0.5)),
    p95_ms: ms(quantile(table, 0.95)),
    p99_ms: ms(quantile(table, 0.99)),
    p999_ms: ms(quantile(table, 0.999)),
    max_ms: null,
    mean_ms: ms(mean),
    undecided_share: clamped(reach.oneLate),
    histogram,
  };
}

function consensusOf({ spec, reach, table, honest }: Prediction): RunResult['results']['consensus_metrics'] {
  const mean = meanWithin(table);
  return {
    avg_rounds_to_finalize: mean,
    confidence_at_finalization: mean === null ? null : spec.consensus.threshold,
    byzantine_detected: 0,
    false_positives: 0,
    time_to_detect_ms: null,
    rounds: {
      mean,
      p50: quantile(table, 0.5),
      p99: quantile(table, 0.99),
      max: null,
      histogram: histogramOf(table, honest),
    },
    finalized_share: clamped(reach.oneWithin),
    all_honest_share: clamped(reach.allWithin),
    conflicts_finalized: 0,
    safety_violations: [],
    liveness_failures: honest * reach.oneLate,
    rejected_vertices: 0,
    polls_successful_share: reach.success.p,
    sampling_chi_square_z: 0,
  };
}

/** Expected honest nodes that finalise at each number of polls. */
function histogramOf(table: RoundsTable, honest: number): [number, number][] {
  const found: [number, number][] = [];
  table.pmf.forEach((chance, polls) => {
    if (chance * honest > 1e-9) found.push([polls, chance * honest]);
  });
  return found;
}

/** Mean polls of those that finalise within the limit; null when none does. */
function meanWithin(table: RoundsTable): number | null {
  if (table.decidedWithin < 1e-12) return null;
  return table.pmf.reduce((sum, chance, polls) => sum + chance * polls, 0) / table.decidedWithin;
}

/** Least number of polls after which `share` of all nodes have finalised; null beyond the limit. */
function quantile(table: RoundsTable, share: number): number | null {
  const found = table.undecided.findIndex((late) => late <= 1 - share);
  return found < 0 ? null : found;
}

function windowOf({ spec, load }: Prediction): RunResult['window'] {
  const seconds = spec.duration.measureUs / 1_000_000;
  return {
    requested_s: seconds,
    measured_s: seconds,
    warmup_s: spec.duration.warmupUs / 1_000_000,
    cooldown_s: spec.duration.cooldownUs / 1_000_000,
    compression: 1,
    finality_times: Number.isFinite(load.finalityUs) ? spec.duration.measureUs / load.finalityUs : 0,
  };
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
