/**
 * From the parts of a finished simulation to the record of the run.
 * Owns: which counter becomes which figure, the safety check of what was recorded, the status of the run itself.
 * Does not own: verdicts on criteria (campaigns/analysis): a run that did what it was asked to do is PASSED here.
 */

import { checkSafety, type SafetyReport } from '#campaigns/analysis/safety.ts';
import { rampWords } from '#campaigns/measure/ramp-watch.ts';
import type { RecordedShares } from '#campaigns/measure/recorder.ts';
import {
  configurationOf,
  consensusFigures,
  determinismKey,
  latencyFigures,
  resourceFigures,
  samplingZ,
  testRunId,
  throughputFigures,
  windowFigures,
  workFigures,
} from '#campaigns/measure/run-figures.ts';
import type { RunResult, TestStatus } from '#campaigns/results/schema.ts';
import { abortedReason, type RunOutcome } from '#campaigns/targets/target.ts';
import { pollIsExact } from './poll-refusal.ts';
import type { RunParts } from './run-parts.ts';
import { loadEndOf } from './simulated-ramp.ts';

/** The record of a run that ended at `endedUs` of virtual time and took `cpuSeconds` of one core. */
export function outcomeOf(
  parts: RunParts,
  endedUs: number,
  cpuSeconds: number,
  aborted: boolean,
): RunOutcome {
  const { spec, plan, series, recorder } = parts;
  const safety = checkSafety({
    nodes: spec.nodes,
    honest: parts.honest,
    vertices: recorder.vertices,
    decisions: recorder.columns,
  });
  const measuredUs = plan.decisions === null ? Math.min(endedUs, loadEndOf(parts)) - plan.warmupUs : endedUs;
  const id = testRunId(spec);
  const shares = sharesOf(parts);
  const { status, reason } = statusOf(parts, safety, aborted);
  const ramp = parts.ramp?.record() ?? null;
  const result: RunResult = {
    test_run_id: id,
    timestamp: new Date().toISOString(),
    configuration: configurationOf(spec, parts.honestCount),
    results: {
      throughput: throughputOf(parts, measuredUs),
      latency: latencyFigures(recorder.latency, shares.undecidedTransactionShare),
      resource_usage: resourcesOf(parts, endedUs),
      consensus_metrics: consensusOf(parts, shares, safety),
      simulation: workFigures(parts.simulation.messages, parts.simulation.polls, endedUs, cpuSeconds),
    },
    window: windowFigures(spec, plan, recorder, endedUs, measuredUs),
    faults: parts.faultLog.records(),
    ...(ramp === null ? {} : { ramp }),
    anomalies: anomaliesOf(parts),
    determinism: { key: determinismKey(spec), seed: spec.seed, trace_hash: recorder.traceHash },
    provenance: 'SIMULATED',
    tier: spec.tier === 'poll' ? 'poll' : 'message',
    test_status: status,
    reason,
  };
  const points = series.points.map((point) => ({ ...point }));
  const windowUs: [number, number] = [plan.warmupUs, plan.warmupUs + measuredUs];
  return {
    result,
    series: { test_run_id: id, window_us: windowUs, points },
    events: eventsOf(parts, safety),
  };
}

function statusOf(
  parts: RunParts,
  safety: SafetyReport,
  aborted: boolean,
): { status: TestStatus; reason: string } {
  if (safety.total > 0)
    return { status: 'FAILED', reason: `${safety.total} safety violations: ${safety.violations[0] ?? ''}` };
  if (aborted) return { status: 'ABORTED', reason: abortedReason };
  const { unplaced } = parts.schedule;
  if (unplaced.length > 0)
    return { status: 'INCONCLUSIVE', reason: `${unplaced.length} faults fell outside the window` };
  const unseen = parts.faultLog.records().filter((fault) => !fault.observed);
  if (unseen.length > 0)
    return { status: 'INCONCLUSIVE', reason: `fault not observed: ${unseen[0]!.description}` };
  return { status: 'PASSED', reason: '' };
}

function anomaliesOf(parts: RunParts): string[] {
  const { simulation, conduct, plan, schedule, spec } = parts;
  const found: string[] = [...plan.notes, ...schedule.notes];
  const ramp = parts.ramp?.record() ?? null;
  if (ramp !== null) found.push(rampWords(ramp));
  if (spec.tier === 'poll') found.push(`poll fidelity: ${pollIsExact}`);
  const note = (count: number, what: string): void => {
    if (count > 0) found.push(`${count} ${what}`);
  };
  note(simulation.cpu.refused, 'queries refused by nodes whose event loop was more than 2 s behind');
  note(conduct.memory.slowed, 'times a node slowed down above nine tenths of its memory');
  note(conduct.memory.killed, 'times a node was killed for its memory and started again');
  note(simulation.network.queueDrops, 'messages dropped by full links (bandwidth)');
  note(
    conduct.queuedTransactions,
    'transactions waited at the end for a creator at its limit of undecided vertices, or down',
  );
  note(conduct.reissued, 'vertices issued again after a rejection');
  return found;
}

function throughputOf(parts: RunParts, measuredUs: number): RunResult['results']['throughput'] {
  const { series, spec, conduct, recorder, plan } = parts;
  const { batch } = spec.workload;
  if (plan.decisions !== null) {
    const vertices = recorder.finalisedPairs / parts.honestCount;
    const perSecond = measuredUs > 0 ? (vertices * 1_000_000) / measuredUs : 0;
    return {
      avg_tps: perSecond * batch,
      peak_tps: perSecond * batch,
      min_tps: perSecond * batch,
      total_vertices: vertices,
      total_transactions: vertices * batch,
      vertices_per_second: perSecond,
      offered_tps: perSecond * batch,
      queued_transactions: conduct.queuedTransactions,
      tps_variance_percent: 0,
    };
  }
  return throughputFigures(series, batch, conduct.queuedTransactions);
}

function sharesOf({ recorder, conduct, plan }: RunParts): RecordedShares {
  return recorder.shares(conduct.unissued(plan.warmupUs, plan.warmupUs + plan.measureUs));
}

function resourcesOf(parts: RunParts, endedUs: number): RunResult['results']['resource_usage'] {
  const { simulation, series, spec } = parts;
  let busiest = 0;
  let signatures = 0;
  for (let node = 0; node < spec.nodes; node++) {
    busiest = Math.max(busiest, simulation.bytesSent(node));
    signatures += simulation.cpu.signatureUs(node);
  }
  return {
    ...resourceFigures(series),
    peak_network_mbps: endedUs > 0 ? (8 * busiest) / endedUs : 0,
    signature_cpu_percent:
      endedUs > 0 ? (100 * signatures) / (spec.nodes * spec.resources.cpuCores * endedUs) : 0,
  };
}

function consensusOf(
  { recorder, simulation, detection, spec, conduct }: RunParts,
  shares: RecordedShares,
  safety: SafetyReport,
): RunResult['results']['consensus_metrics'] {
  return {
    ...consensusFigures(recorder, shares, safety, detection),
    ...(spec.byzantine.halfLifeUs === undefined ? {} : { readmissions: conduct.readmissions }),
    polls_successful_share:
      simulation.polledVertices === 0 ? 0 : simulation.chits / simulation.polledVertices,
    sampling_chi_square_z: samplingZ(spec, simulation.exchange.asked),
  };
}

function eventsOf(parts: RunParts, safety: SafetyReport): string[] {
  const { plan, schedule, simulation, recorder, conduct } = parts;
  const line = (event: string, facts: Record<string, unknown>): string => JSON.stringify({ event, ...facts });
  return [
    line('window', {
      warmup_us: plan.warmupUs,
      measure_us: plan.measureUs,
      cooldown_us: plan.cooldownUs,
      compression: plan.compression,
    }),
    ...schedule.actions.map((action) =>
      line('fault', { at_us: action.atUs, kind: action.kind, fault: action.fault }),
    ),
    line('traffic', {
      messages: simulation.messages,
      polls: simulation.polls,
      lost: simulation.network.lost - simulation.exchange.lostAhead,
      cut: simulation.network.cut,
      retries: simulation.core.retries,
      ignored_answers: simulation.core.ignoredAnswers - simulation.exchange.ignoredAhead,
      bodies: simulation.relay.bodies,
      requests: simulation.relay.requests,
    }),
    line('vertices', {
      issued: recorder.vertices.length,
      reissued: conduct.reissued,
      rejected_subtrees: conduct.rejectedSubtrees,
      crashes_with_open_poll: conduct.crashesWithOpenPoll,
    }),
    line('safety', { decisions: safety.decisionsChecked, violations: safety.total, by_rule: safety.byRule }),
  ];
}
