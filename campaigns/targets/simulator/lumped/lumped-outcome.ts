/**
 * From a lumped run to the record of a run.
 * Owns: which count becomes which figure; bytes, CPU and memory from the calibration. Does not own: the counts.
 * What counting cannot see is not claimed: no vertex conflicts, nobody is convicted; analysis reads such metrics as not observed.
 */
import { createHash } from 'node:crypto';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { Histogram } from '#campaigns/measure/histogram.ts';
import { Rounds } from '#campaigns/measure/rounds.ts';
import {
  configurationOf,
  determinismKey,
  latencyFigures,
  resourceFigures,
  roundsFigures,
  testRunId,
  throughputFigures,
  workFigures,
} from '#campaigns/measure/run-figures.ts';
import { throughputOver } from '#campaigns/measure/series.ts';
import type { FaultRecord, RunResult, SeriesPoint } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { expectedRelayMessages } from '#campaigns/targets/simulator/topology.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { nodeMemoryBytes } from '#node/model/calibration.ts';
import { claimOf } from './claim.ts';
import type { ClassBin, ClassRun } from './class-run.ts';
import type { LumpedDecisions, LumpedRun } from './lumped-run.ts';

type Results = RunResult['results'];

/** Messages that carry a vertex to a node: neighbours that already have it are passed over, so about half of the possible ones. */
function copiesOf({ topology, nodes }: RunSpec): number {
  const most = expectedRelayMessages(topology.kind, topology.degree, nodes) / Math.max(1, nodes - 1);
  return 1 + (most - 1) / 2;
}

export function loadOutcome(run: LumpedRun, cpuSeconds: number): RunOutcome {
  const { spec, window, classes, course, schedule } = run;
  const honest = course.classes.reduce((sum, one) => sum + one.honest, 0);
  const points = pointsOf(run, honest);
  const { warmupUs, measureUs, cooldownUs } = window;
  const inWindow = points.filter(({ at_us }) => at_us >= warmupUs && at_us < warmupUs + measureUs);
  const latency = new Histogram();
  for (const one of classes) latency.merge(one.latency);
  const notes = [
    claimOf(spec),
    ...window.notes,
    ...schedule.notes,
    ...(course.classes.length > 1 ? [`${course.classes.length} classes of exchangeable nodes`] : []),
  ];
  return recordOf(spec, honest, loadFigures(run, latency, inWindow, cpuSeconds), points, {
    faults: faultsOf(run),
    notes,
    unplaced: schedule.unplaced.length,
    window: {
      requested_s: spec.duration.measureUs / 1e6,
      measured_s: measureUs / 1e6,
      warmup_s: warmupUs / 1e6,
      cooldown_s: cooldownUs / 1e6,
      compression: spec.duration.measureUs / measureUs,
      finality_times: measureUs / (latency.meanUs ?? window.finalityUs),
    },
    windowUs: [warmupUs, warmupUs + measureUs],
  });
}

function loadFigures(
  { spec, window, classes, successShare }: LumpedRun,
  latency: Histogram,
  points: readonly SeriesPoint[],
  cpuSeconds: number,
): Results {
  const { maxRounds, k } = spec.consensus;
  const rounds = new Rounds(maxRounds);
  for (const one of classes) {
    one.chain.rounds.subarray(0, maxRounds + 1).forEach((pairs, polls) => {
      if (pairs > 0) rounds.record(polls, pairs);
    });
  }
  const total = (pick: (one: ClassRun) => number): number => classes.reduce((sum, one) => sum + pick(one), 0);
  const undecided = total((one) => one.undecidedPairs());
  const pairs = latency.total + undecided;
  const vertices = classes[0]!.measuredVertices;
  const late = classes.reduce((most, one) => Math.max(most, one.chain.limitVertices), 0);
  const polls = total((one) => one.chain.polls);
  const load = nodeLoad(spec);
  const bodies = vertices * (spec.nodes - 1) * copiesOf(spec);
  const bins = { windowPoints: () => points, windowThroughput: () => throughputOver(points) };
  const resources = resourceFigures(bins);
  const endedUs = window.warmupUs + window.measureUs + window.cooldownUs;
  return {
    throughput: throughputFigures(bins, spec.workload.batch, 0),
    // Less than a pair in a million is what rounding leaves of none.
    latency: latencyFigures(latency, undecided < 1e-6 * pairs ? 0 : undecided / pairs),
    resource_usage: {
      ...resources,
      peak_network_mbps: resources.avg_network_mbps,
      signature_cpu_percent: (100 * load.signatureCores) / spec.resources.cpuCores,
    },
    consensus_metrics: consensusOf(spec, {
      rounds,
      inTime: pairs === 0 ? 0 : Math.min(1, rounds.total / pairs),
      allHonest: vertices === 0 ? 0 : Math.max(0, 1 - late / vertices),
      late: total((one) => one.chain.limitPairs),
      success: successShare,
    }),
    simulation: workFigures(2 * k * polls + bodies, polls, endedUs, cpuSeconds),
  };
}

export function decisionsOutcome(run: LumpedDecisions, cpuSeconds: number): RunOutcome {
  const { spec, decisions, honest, byRounds, law, measuredUs } = run;
  const latency = new Histogram();
  const rounds = new Rounds(spec.consensus.maxRounds);
  byRounds.forEach((pairs, polls) => {
    if (pairs === 0) return;
    rounds.record(polls, pairs);
    law.record(latency, polls, pairs, { stretch: 1, heldUs: 0 });
  });
  const point = decisionsPoint(run, latency, rounds.total);
  const requested = spec.duration.measureUs / 1e6;
  return recordOf(spec, honest, decisionFigures(run, latency, rounds, point, cpuSeconds), [point], {
    faults: [],
    notes: [claimOf(spec), `${decisions} decisions, one after another`],
    unplaced: 0,
    window: {
      requested_s: requested,
      measured_s: measuredUs / 1e6,
      warmup_s: 0,
      cooldown_s: 0,
      compression: (requested * 1e6) / measuredUs,
      finality_times: decisions,
    },
    windowUs: [0, measuredUs],
  });
}

/** The one bin of decisions that follow each other. */
function decisionsPoint(run: LumpedDecisions, latency: Histogram, finalisedPairs: number): SeriesPoint {
  const { spec, decisions, honest, measuredUs } = run;
  const offered = (decisions * 1e6 * spec.workload.batch) / measuredUs;
  const load = nodeLoad(spec);
  return {
    at_us: 0,
    for_us: measuredUs,
    offered_tps: offered,
    finalized_tps: (offered * finalisedPairs) / (decisions * honest),
    p50_ms: ms(latency.quantileUs(0.5)),
    p95_ms: ms(latency.quantileUs(0.95)),
    undecided_vertices: 1,
    queued_transactions: 0,
    cpu_percent: Math.min(100, load.cpuPercent),
    network_mbps: load.uniqueMbps * copiesOf(spec) + load.pollMbps,
    memory_mb: load.memoryMb,
    live_nodes: spec.nodes,
  };
}

function decisionFigures(
  run: LumpedDecisions,
  latency: Histogram,
  rounds: Rounds,
  point: SeriesPoint,
  cpuSeconds: number,
): Results {
  const { spec, decisions, honest, late, polls, measuredUs } = run;
  const pairs = decisions * honest;
  const bins = { windowPoints: () => [point], windowThroughput: () => throughputOver([point]) };
  return {
    throughput: throughputFigures(bins, spec.workload.batch, 0),
    latency: latencyFigures(latency, late / pairs),
    resource_usage: {
      ...resourceFigures(bins),
      peak_network_mbps: point.network_mbps,
      signature_cpu_percent: (100 * nodeLoad(spec).signatureCores) / spec.resources.cpuCores,
    },
    consensus_metrics: consensusOf(spec, {
      rounds,
      inTime: rounds.total / pairs,
      allHonest: run.allInTime / decisions,
      late,
      success: run.successShare,
    }),
    simulation: workFigures(2 * spec.consensus.k * polls, polls, measuredUs, cpuSeconds),
  };
}

interface Counts {
  readonly rounds: Rounds;
  readonly inTime: number;
  readonly allHonest: number;
  readonly late: number;
  readonly success: number;
}

function consensusOf(spec: RunSpec, counts: Counts): Results['consensus_metrics'] {
  return {
    avg_rounds_to_finalize: counts.rounds.mean,
    confidence_at_finalization: counts.rounds.mean === null ? null : spec.consensus.threshold,
    byzantine_detected: 0,
    false_positives: 0,
    time_to_detect_ms: null,
    rounds: roundsFigures(counts.rounds),
    finalized_share: counts.inTime,
    all_honest_share: counts.allHonest,
    conflicts_finalized: 0,
    safety_violations: [],
    liveness_failures: counts.late,
    rejected_vertices: 0,
    polls_successful_share: counts.success,
    sampling_chi_square_z: 0,
  };
}

interface Frame {
  readonly faults: readonly FaultRecord[];
  readonly notes: readonly string[];
  readonly unplaced: number;
  readonly window: RunResult['window'];
  readonly windowUs: [number, number];
}

function recordOf(
  spec: RunSpec,
  honest: number,
  results: Results,
  points: readonly SeriesPoint[],
  frame: Frame,
): RunOutcome {
  const id = testRunId(spec);
  const { simulation, ...figures } = results;
  const work = { ...simulation, cpu_seconds: 0, messages_per_cpu_second: 0 };
  const traced = JSON.stringify([figures, work, points]);
  const hash = createHash('sha256').update(traced).digest('hex').slice(0, 16);
  const result: RunResult = {
    test_run_id: id,
    timestamp: new Date().toISOString(),
    configuration: configurationOf(spec, honest),
    results,
    window: frame.window,
    faults: [...frame.faults],
    anomalies: [...frame.notes],
    determinism: { key: determinismKey(spec), seed: spec.seed, trace_hash: hash },
    provenance: 'SIMULATED',
    tier: 'lumped',
    test_status: frame.unplaced === 0 ? 'PASSED' : 'INCONCLUSIVE',
    reason: frame.unplaced === 0 ? '' : `${frame.unplaced} faults fell outside the window`,
  };
  const events = [JSON.stringify({ event: 'window', window_us: frame.windowUs, tier: 'lumped' })];
  return {
    result,
    series: { test_run_id: id, window_us: frame.windowUs, points: [...points] },
    events,
  };
}

function pointsOf({ spec, window, classes, profile }: LumpedRun, honest: number): SeriesPoint[] {
  const { nodes, resources, calibration, consensus, workload } = spec;
  const { askQuery, answerQuery } = calibration.serviceTimesUs;
  const { queryFixed, queryPerVertex, answerFixed } = calibration.wireBytes;
  const load = nodeLoad(spec);
  const perVertex = 1 / Math.max(load.verticesPerSecond, 1e-12);
  // Of the mean load, per vertex: what its body costs every node in bytes and CPU.
  const bodyMegabits = load.uniqueMbps * copiesOf(spec) * perVertex;
  const polledCores = (load.exchangesPerSecond * (askQuery + answerQuery)) / 1e6;
  const bodyCores = (load.loopCores + load.signatureCores - polledCores) * perVertex;
  const loadEndsUs = window.warmupUs + window.measureUs;
  let fromUs = 0;
  return window.edgesUs.map((edgeUs, i): SeriesPoint => {
    const bins = classes.map((one) => one.bins[i]!);
    const sum = (pick: (bin: ClassBin) => number): number =>
      bins.reduce((total, bin) => total + pick(bin), 0);
    const latency = new Histogram();
    for (const bin of bins) latency.merge(bin.latency);
    const atUs = fromUs;
    const forUs = edgeUs - atUs;
    fromUs = edgeUs;
    const offered = atUs >= loadEndsUs ? 0 : profile.meanTps(atUs, Math.min(edgeUs, loadEndsUs));
    const polls = sum((bin) => bin.polls);
    const live = sum((bin) => bin.live);
    const undecided = live === 0 ? 0 : sum((bin) => bin.pendingPairs) / live;
    const kept = Math.max(0, bins.reduce((most, bin) => Math.max(most, bin.pendingAnywhere), 0) - undecided);
    const exchanged =
      consensus.k * (polls * (queryFixed + answerFixed) + sum((bin) => bin.named) * queryPerVertex);
    const seconds = forUs / 1e6;
    const vertexRate = offered / workload.batch;
    const cores = (consensus.k * polls * (askQuery + answerQuery)) / (nodes * forUs) + vertexRate * bodyCores;
    return {
      at_us: atUs,
      for_us: forUs,
      offered_tps: offered,
      finalized_tps: (sum((bin) => bin.finalisedPairs) * workload.batch) / (honest * seconds),
      p50_ms: ms(latency.quantileUs(0.5)),
      p95_ms: ms(latency.quantileUs(0.95)),
      undecided_vertices: undecided,
      queued_transactions: 0,
      cpu_percent: Math.min(100, (100 * cores) / resources.cpuCores),
      network_mbps: (8 * exchanged) / (nodes * forUs) + vertexRate * bodyMegabits,
      memory_mb: nodeMemoryBytes(calibration, nodes, undecided, kept) / 1_048_576,
      live_nodes: live + nodes - honest,
    };
  });
}

function faultsOf({ spec, schedule, classes, course }: LumpedRun): FaultRecord[] {
  const slowest = (maps: readonly Map<number, number | null>[], fault: number): number | null => {
    const seen = maps.flatMap((map) => (map.has(fault) ? [map.get(fault) ?? null] : []));
    return seen.length === 0 || seen.includes(null) ? null : Math.max(...seen.map((us) => us ?? 0));
  };
  return schedule.placements.map((placement, index): FaultRecord => {
    const downs = schedule.actions.filter(
      ({ kind, fault }) => kind === 'node-down' && fault === index,
    ).length;
    const evidence =
      placement.kind === 'partition'
        ? `${course.classes.length} classes reached their own side only`
        : placement.kind === 'loss'
          ? `polls of ${spec.nodes} nodes lost answers`
          : `${downs} nodes went down`;
    return {
      kind: placement.kind,
      description: placement.description,
      requested_at_us: placement.requestedAtUs,
      requested_for_us: placement.requestedForUs,
      at_us: placement.atUs,
      until_us: placement.untilUs,
      observed: placement.atUs !== null,
      evidence,
      recovery_us: slowest(
        classes.map((one) => one.recoveries.recoveryUs),
        index,
      ),
      rejoin_us: slowest(
        classes.map((one) => one.recoveries.rejoinUs),
        index,
      ),
    };
  });
}

function ms(us: number | null): number | null {
  return us === null ? null : us / 1_000;
}
