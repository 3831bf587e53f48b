/**
 * From what was played back to the record of a measured run: the same figures as the simulator's, labelled MEASURED.
 * Owns: resources from process counters, fault records, the status of the run, what spoils it. Does not own: verdicts.
 */
import { checkSafety, type SafetyReport } from '#campaigns/analysis/safety.ts';
import type { FaultFeed, SeenFault } from '#campaigns/conductor/fault-feed.ts';
import type { HostWatch } from '#campaigns/conductor/host-watch.ts';
import { networkProblem, type ProbeSum, probeWords } from '#campaigns/conductor/probe-tally.ts';
import { Replay, type ReplayParts } from '#campaigns/conductor/replay.ts';
import { saturationNote, untrustedFigures } from '#campaigns/conductor/trust.ts';
import type { FaultPlacement, FaultSchedule } from '#campaigns/faults/schedule.ts';
import { rampWords } from '#campaigns/measure/ramp-watch.ts';
import type { RecordedShares } from '#campaigns/measure/recorder.ts';
import {
  configurationOf,
  consensusFigures,
  type Detection,
  determinismKey,
  latencyFigures,
  resourceFigures,
  testRunId,
  throughputFigures,
  windowFigures,
  workFigures,
} from '#campaigns/measure/run-figures.ts';
import type { FaultRecord, Measurement, RunResult, TestStatus } from '#campaigns/results/schema.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { type NodeCounter, nodeCounters } from '#node/agent-push.ts';

/** Counters and interface are read at slightly different times. */
const socketShareLeast = 0.9;

export interface MeasuredParts extends ReplayParts {
  readonly schedule: FaultSchedule;
  readonly host: HostWatch;
  readonly processes: number;
  readonly nodesPerProcess: number;
  readonly limits: string;
  /** What went wrong outside of the nodes: crashed processes, refused agents. */
  readonly incidents: readonly string[];
  /** Why the run cannot answer anything; null when nothing is known against it. */
  readonly unfit: string | null;
  readonly isAborted: boolean;
}

/** Sums over all processes, of the whole run and of the measured window. */
interface Sums {
  readonly cpuUs: number;
  readonly windowCpuUs: number;
  readonly counters: Record<NodeCounter, number>;
  readonly windowCounters: Record<NodeCounter, number>;
}

interface Facts {
  readonly parts: MeasuredParts;
  readonly replay: Replay;
  readonly safety: SafetyReport;
  readonly sums: Sums;
  readonly probes: ProbeSum;
  readonly measuredUs: number;
  readonly windowUs: readonly [number, number];
  readonly shares: RecordedShares;
  readonly faults: readonly FaultRecord[];
}

export function measuredOutcome(parts: MeasuredParts): RunOutcome {
  const facts = factsOf(parts);
  const { replay, safety, windowUs } = facts;
  const { spec } = parts;
  const id = testRunId(spec);
  const { status, reason } = statusOf(facts);
  const ramp = replay.ramp?.record() ?? null;
  const result: RunResult = {
    test_run_id: id,
    timestamp: new Date().toISOString(),
    configuration: configurationOf(spec, parts.cast.honestNodes.length),
    results: {
      throughput: throughputFigures(replay.series, spec.workload.batch, replay.unissued(0, parts.endedUs)),
      latency: latencyFigures(replay.recorder.latency, facts.shares.undecidedTransactionShare),
      resource_usage: resourcesOf(facts),
      consensus_metrics: consensusOf(facts),
      simulation: workFigures(
        facts.sums.counters.framesSent,
        facts.sums.counters.polls,
        parts.endedUs,
        facts.sums.cpuUs / 1_000_000,
      ),
    },
    window: windowFigures(spec, parts.plan, replay.recorder, parts.endedUs, facts.measuredUs),
    measurement: measurementOf(facts),
    faults: [...facts.faults],
    ...(ramp === null ? {} : { ramp }),
    anomalies: anomaliesOf(facts),
    determinism: {
      key: `measured/${determinismKey(spec)}`,
      seed: spec.seed,
      trace_hash: replay.recorder.traceHash,
    },
    provenance: 'MEASURED',
    tier: 'message',
    test_status: status,
    reason,
  };
  const points = replay.series.points.map((point) => ({ ...point }));
  const series = { test_run_id: id, window_us: [windowUs[0], windowUs[1]] as [number, number], points };
  return { result, series, events: eventsOf(facts, safety) };
}

function factsOf(parts: MeasuredParts): Facts {
  const replay = new Replay(parts);
  const { spec, plan, cast, startUs, endedUs, observations } = parts;
  const { recorder } = replay;
  const windowUntilUs = plan.warmupUs + plan.measureUs;
  const untilUs = Math.max(plan.warmupUs, Math.min(endedUs, windowUntilUs));
  return {
    parts,
    replay,
    safety: checkSafety({
      nodes: spec.nodes,
      honest: cast.honest,
      vertices: recorder.vertices,
      decisions: recorder.columns,
    }),
    sums: sumsOf(parts, startUs + plan.warmupUs, startUs + untilUs),
    probes: observations.probes.sum(startUs + plan.warmupUs, startUs + untilUs),
    measuredUs: untilUs - plan.warmupUs,
    windowUs: [plan.warmupUs, untilUs],
    shares: recorder.shares(replay.unissued(plan.warmupUs, windowUntilUs)),
    faults: faultRecords(parts.faults, parts.schedule.placements, replay),
  };
}

function sumsOf({ observations, startUs, endedUs }: MeasuredParts, fromUs: number, untilUs: number): Sums {
  const none = (): Record<NodeCounter, number> =>
    Object.fromEntries(nodeCounters.map((name) => [name, 0])) as Record<NodeCounter, number>;
  const [counters, windowCounters] = [none(), none()];
  let [cpuUs, windowCpuUs] = [0, 0];
  for (const track of observations.tracks.values()) {
    const [begin, from, until, end] = [startUs, fromUs, untilUs, startUs + endedUs].map((us) => track.at(us));
    if (begin === undefined || from === undefined || until === undefined || end === undefined) continue;
    cpuUs += end.cpuUs - begin.cpuUs;
    windowCpuUs += until.cpuUs - from.cpuUs;
    for (const name of nodeCounters) {
      counters[name] += end.counters[name] - begin.counters[name];
      windowCounters[name] += until.counters[name] - from.counters[name];
    }
  }
  return { cpuUs, windowCpuUs, counters, windowCounters };
}

function statusOf(facts: Facts): { status: TestStatus; reason: string } {
  const { parts, safety, probes } = facts;
  if (safety.total > 0)
    return { status: 'FAILED', reason: `${safety.total} safety violations: ${safety.violations[0] ?? ''}` };
  if (parts.isAborted) return { status: 'ABORTED', reason: 'stopped before the end of the run' };
  const inconclusive = (reason: string): { status: TestStatus; reason: string } => ({
    status: 'INCONCLUSIVE',
    reason,
  });
  if (parts.unfit !== null) return inconclusive(parts.unfit);
  const [loss] = parts.observations.losses;
  if (loss !== undefined) return inconclusive(loss);
  const network = networkProblem(probes, parts.spec.network);
  if (network !== null) return inconclusive(network);
  const socketless = bytesProblem(facts);
  if (socketless !== null) return inconclusive(socketless);
  const { unplaced } = parts.schedule;
  if (unplaced.length > 0) return inconclusive(`${unplaced.length} faults fell outside the window`);
  const unseen = facts.faults.find((fault) => !fault.observed);
  if (unseen !== undefined)
    return inconclusive(`fault not observed: ${unseen.kind}: ${unseen.description} (${unseen.evidence})`);
  return { status: 'PASSED', reason: '' };
}

/** Whatever nodes send each other crosses the loopback interface, or they did not use sockets. */
function bytesProblem({ parts, sums, windowUs }: Facts): string | null {
  const { host, startUs } = parts;
  const loopback = host.loopback(startUs + windowUs[0], startUs + windowUs[1]);
  const counted = sums.windowCounters.bytesSent;
  if (loopback === null || loopback >= socketShareLeast * counted) return null;
  return `nodes counted ${Math.round(counted)} bytes, the loopback interface carried only ${loopback}`;
}

function resourcesOf({ parts, replay, sums, measuredUs }: Facts): RunResult['results']['resource_usage'] {
  const { spec } = parts;
  const points = replay.series.windowPoints();
  const coreUs = spec.nodes * spec.resources.cpuCores * measuredUs;
  return {
    ...resourceFigures(replay.series),
    peak_network_mbps: points.reduce((top, point) => Math.max(top, point.network_mbps), 0),
    signature_cpu_percent: coreUs > 0 ? (100 * sums.windowCounters.verificationUs) / coreUs : 0,
  };
}

function detectionOf({ observations, cast }: MeasuredParts, startUs: number): Detection {
  const detection: Detection = { attackers: new Map(), honest: new Map() };
  const by = new Map<number, Set<number>>();
  const majority = Math.floor(cast.honestNodes.length / 2) + 1;
  for (const { node, peer, atUs } of observations.convictions.toSorted((a, b) => a.atUs - b.atUs)) {
    if (cast.honest[node] === 0) continue;
    const judges = by.get(peer) ?? new Set<number>();
    by.set(peer, judges.add(node));
    if (judges.size !== majority) continue;
    const found = cast.attackers[peer] === 1 ? detection.attackers : detection.honest;
    if (!found.has(peer)) found.set(peer, atUs - startUs);
  }
  return detection;
}

function consensusOf({
  parts,
  replay,
  safety,
  sums,
  shares,
}: Facts): RunResult['results']['consensus_metrics'] {
  const { pollVertices, pollChits } = sums.counters;
  return {
    ...consensusFigures(replay.recorder, shares, safety, detectionOf(parts, parts.startUs)),
    polls_successful_share: pollVertices > 0 ? Math.min(1, pollChits / pollVertices) : 0,
    sampling_chi_square_z: 0, // who asked whom is not reported; the simulator runs the same sampler and counts it
  };
}

function measurementOf({ parts, sums, probes, windowUs }: Facts): Measurement {
  const { host, startUs, observations } = parts;
  const [fromUs, untilUs] = [startUs + windowUs[0], startUs + windowUs[1]];
  const busy = host.busy(fromUs, untilUs);
  const loops = [...observations.tracks.values()].map((track) => track.busiestLoop(fromUs, untilUs));
  const milliseconds = (us: number): number => us / 1_000;
  return {
    processes: parts.processes,
    nodes_per_process: parts.nodesPerProcess,
    host_cores: host.samples[0]?.cores ?? 0,
    host_cpu_percent: 100 * busy.mean,
    host_cpu_peak_percent: 100 * busy.most,
    busiest_event_loop_percent: 100 * Math.max(0, ...loops),
    untrusted: untrustedFigures(busy.mean),
    verification_cpu_percent:
      sums.windowCpuUs > 0 ? (100 * sums.windowCounters.verificationUs) / sums.windowCpuUs : 0,
    counted_bytes: Math.round(sums.windowCounters.bytesSent),
    loopback_bytes: host.loopback(fromUs, untilUs),
    clock_error_ms: milliseconds(observations.clockErrorUs),
    probes: {
      sent: probes.sent,
      answered: probes.answered,
      pairs: probes.pairs,
      round_trip_ms: probes.roundTripUs === null ? null : milliseconds(probes.roundTripUs),
      ordered_round_trip_ms: milliseconds(probes.orderedRoundTripUs),
      lost_share: probes.sent > 0 ? Math.max(0, 1 - probes.answered / probes.sent) : 0,
      ordered_lost_share: 1 - (1 - probes.orderedLoss) ** 2,
    },
    limits: parts.limits,
  };
}

function evidenceOf(placement: FaultPlacement, seen: SeenFault, rejoined: number): string {
  const [refusal] = seen.refusals;
  if (refusal !== undefined) return `refused: ${refusal}`;
  const said = [...seen.evidence].slice(0, 3).join('; ');
  const words = said === '' ? '' : ` (${said})`;
  switch (placement.kind) {
    case 'kill':
    case 'cascade':
    case 'churn':
      return `${seen.effects} times a node went down${words}, ${seen.restarts} restarted, ${rejoined} caught up`;
    case 'stall':
      return `${seen.effects} processes stood still (seen as stopped by the kernel)`;
    case 'partition':
      return `${seen.effects} frames cut between the groups${words}`;
    default:
      return `${seen.effects} effects${words}`;
  }
}

function faultRecords(feed: FaultFeed, placements: readonly FaultPlacement[], replay: Replay): FaultRecord[] {
  return placements.map((placement, index) => {
    const seen = feed.seen[index]!;
    const { recoveryUs, rejoinUs, rejoined } = replay.recoveries[index]!;
    return {
      kind: placement.kind,
      description: placement.description,
      requested_at_us: placement.requestedAtUs,
      requested_for_us: placement.requestedForUs,
      at_us: seen.atUs,
      until_us: seen.untilUs,
      observed: seen.atUs !== null && seen.effects > 0,
      evidence: evidenceOf(placement, seen, rejoined),
      recovery_us: recoveryUs,
      rejoin_us: seen.restarts === rejoined ? rejoinUs : null,
    };
  });
}

function anomaliesOf({ parts, replay, sums, probes, windowUs }: Facts): string[] {
  const { plan, schedule, host, startUs } = parts;
  const found: string[] = [...plan.notes, ...schedule.notes, ...parts.incidents];
  const ramp = replay.ramp?.record() ?? null;
  if (ramp !== null) found.push(rampWords(ramp));
  const [fromUs, untilUs] = [startUs + windowUs[0], startUs + windowUs[1]];
  const busy = host.busy(fromUs, untilUs);
  const saturation = saturationNote(busy.mean, busy.most, host.samples[0]?.cores ?? 0);
  if (saturation !== null) found.push(saturation);
  const orderedUs = parts.spec.network.oneWayUs[0] + parts.spec.network.oneWayUs[1];
  if (probes.roundTripUs !== null && probes.roundTripUs > 1.25 * orderedUs + 5_000) {
    found.push(`round trips were longer than ordered: ${probeWords(probes)}`);
  }
  const note = (count: number, what: string): void => {
    if (count > 0) found.push(`${Math.round(count)} ${what}`);
  };
  note(replay.orphans, 'vertices of killed nodes whose load is not known; they count for safety alone');
  note(replay.reissued, 'vertices issued again after a rejection');
  note(sums.counters.framesRefused, 'frames refused by full queues');
  note(sums.counters.suspicions, 'times a node suspected another');
  note(sums.counters.breakerOpenings, 'circuit breakers opened');
  return found;
}

function eventsOf({ parts, replay, sums, probes }: Facts, safety: SafetyReport): string[] {
  const { plan, schedule, observations, startUs } = parts;
  const line = (event: string, facts: Record<string, unknown>): string => JSON.stringify({ event, ...facts });
  return [
    line('window', {
      warmup_us: plan.warmupUs,
      measure_us: plan.measureUs,
      cooldown_us: plan.cooldownUs,
      compression: plan.compression,
    }),
    line('target', {
      processes: parts.processes,
      nodes_per_process: parts.nodesPerProcess,
      limits: parts.limits,
    }),
    ...schedule.actions.map((action) =>
      line('fault', { at_us: action.atUs, kind: action.kind, fault: action.fault }),
    ),
    ...observations.events
      .slice(0, 2_000)
      .map((one) => line('node', { ...one, at_us: one.atUs - startUs, atUs: undefined })),
    line('traffic', { ...sums.counters }),
    line('probes', { words: probeWords(probes) }),
    line('vertices', {
      issued: replay.recorder.vertices.length,
      reissued: replay.reissued,
      orphans: replay.orphans,
    }),
    line('safety', { decisions: safety.decisionsChecked, violations: safety.total, by_rule: safety.byRule }),
  ];
}
