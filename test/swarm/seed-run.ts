/**
 * Runs one index of the swarm and judges it: agreement, conformance, progress after the heal.
 * Owns: the order of the checks and what is reported of a seed. Does not own: any check, many seeds (swarm.ts).
 */
import type { DecisionRecord } from '#campaigns/analysis/decision-record.ts';
import { checkSafety, sameSetAfterHeal } from '#campaigns/analysis/safety.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import type { RunParts } from '#campaigns/targets/simulator/run-parts.ts';
import { Conformance } from './conformance.ts';
import { type Defect, defectiveParams, diskWith } from './defects.ts';
import { type Marks, marksOf } from './marks.ts';
import { extinct, FinalisedBy, uncontested } from './progress.ts';
import { swarmPlan } from './swarm-plan.ts';
import { WatchedCore } from './watched-core.ts';

export type Checker = 'safety' | 'same-set' | 'conformance' | 'progress';

export interface Finding {
  readonly checker: Checker;
  readonly sentence: string;
}

export interface SeedOutcome {
  readonly findings: readonly Finding[];
  readonly marks: Marks;
  readonly traceHash: string;
  readonly messages: number;
  /** Pairs of honest node and vertex that had to be finalised. */
  readonly requiredPairs: number;
  /** Heal until the last of them was, and the time that was allowed: virtual microseconds. */
  readonly recoveryUs: number;
  readonly deadlineUs: number;
  readonly finalityUs: number;
}

/** A run in progress with what observes it. */
interface Watched {
  readonly parts: RunParts;
  readonly conformance: Conformance;
  readonly byNode: FinalisedBy;
  /** Virtual time of the last final decision about each serial. */
  readonly decidedUs: number[];
}

/** Runs a specification of the swarm, with a planted defect or without. */
export function runSeed(spec: RunSpec, defect: Defect | null): SeedOutcome {
  const watched = watch(spec, defect);
  const { parts, byNode } = watched;
  const stop = new AbortController();
  execute(
    parts,
    () => {
      byNode.follow(parts.recorder.columns);
      if (isQuiet(parts) && openPairs(watched, requiredOf(watched)).length === 0) stop.abort();
    },
    stop.signal,
  );
  parts.simulation.disk.flush(Number.POSITIVE_INFINITY);
  byNode.follow(parts.recorder.columns);
  return judge(watched);
}

function watch(spec: RunSpec, defect: Defect | null): Watched {
  const decidedUs: number[] = [];
  // The core exists before the simulation that holds the clock.
  const late: { parts: RunParts | null } = { parts: null };
  const now = (): number => late.parts?.simulation.nowUs ?? 0;
  const conformance = new Conformance(
    spec.consensus,
    spec.nodes,
    (serial) => late.parts!.recorder.vertices[serial]!,
  );
  const sawFinalised = (serial: number): void => {
    decidedUs[serial] = now();
  };
  const parts = assemble(spec, {
    plan: swarmPlan,
    // Every answer is watched as it arrives: no loop may count it elsewhere. A run with the loops is the same (message-kernel.test.ts).
    kernel: () => null,
    disk: (nodes, syncUs, sink) => diskWith(defect, nodes, syncUs, sink, now),
    core: (options, ports) =>
      new WatchedCore(
        { ...options, params: defectiveParams(options.params, defect) },
        ports,
        { conformance, sawFinalised },
        defect === 'counter-kept',
      ),
  });
  late.parts = parts;
  return { parts, conformance, byNode: new FinalisedBy(spec.nodes), decidedUs };
}

function healUs({ plan }: RunParts): number {
  return plan.warmupUs + plan.measureUs;
}

/** Finality times after the heal in which contested vertices may still make room for queued transactions. */
const patience = 5;

/** The load is over, the last vertices have left their creators and client queues are empty, or blocked for good. */
function isQuiet(parts: RunParts): boolean {
  const { simulation, conduct, plan } = parts;
  const sinceUs = simulation.nowUs - healUs(parts);
  if (conduct.queuedTransactions > 0) return sinceUs >= patience * plan.finalityUs && isBlocked(parts);
  return sinceUs >= plan.finalityUs / 4;
}

/** Some node is at its limit of undecided vertices: with every required one finalised, those left are contested. */
function isBlocked({ simulation }: RunParts): boolean {
  const { standing, params } = simulation.core;
  return standing.undecidedCount.some((count) => count >= params.maxUndecided);
}

/** 1 = every honest node has to finalise it. */
function requiredOf({ parts, byNode }: Watched): Uint8Array {
  const { recorder, simulation } = parts;
  const { table, standing } = simulation.core;
  const slotOf = new Map<number, number>();
  for (let slot = 0; slot < table.capacity; slot += 1)
    if (table.isLive(slot)) slotOf.set(table.serial[slot]!, slot);
  const holds = (node: number, serial: number): boolean => {
    const slot = slotOf.get(serial);
    return slot !== undefined && (standing.isKnown(node, slot) || standing.has(standing.pending, node, slot));
  };
  const gone = extinct(recorder.vertices, (serial) => byNode.somewhere(serial), standing.nodes, holds);
  return uncontested(recorder.vertices).map((is, serial) => (gone[serial] === 1 ? 0 : is));
}

/** Pairs of honest node and required vertex that are not finalised. */
function openPairs(
  { parts, byNode }: Watched,
  required: Uint8Array,
): (readonly [node: number, serial: number])[] {
  const open: (readonly [number, number])[] = [];
  required.forEach((is, serial) => {
    if (is === 0) return;
    parts.honest.forEach((honest, node) => {
      if (honest === 1 && !byNode.has(node, serial)) open.push([node, serial]);
    });
  });
  return open;
}

function judge(watched: Watched): SeedOutcome {
  const { parts, conformance, decidedUs } = watched;
  const { recorder, simulation, plan, honest, spec } = parts;
  const record: DecisionRecord = {
    nodes: spec.nodes,
    honest,
    vertices: recorder.vertices,
    decisions: recorder.columns,
  };
  const honestNodes = [...honest.keys()].filter((node) => honest[node] === 1);
  const required = requiredOf(watched);
  const open = openPairs(watched, required);
  conformance.closing(honestNodes);
  const findings: Finding[] = [];
  const add = (checker: Checker, sentences: readonly string[]): void => {
    for (const sentence of sentences) findings.push({ checker, sentence });
  };
  add('safety', checkSafety(record).violations);
  if (open.length === 0) add('same-set', sameSetAfterHeal(record, honestNodes, required).violations);
  add('conformance', conformance.violations);
  if (open.length > 0) {
    const some = open.slice(0, 5).map(([node, serial]) => `vertex ${serial} at node ${node}`);
    add('progress', [`${open.length} pairs are not finalised after the deadline, e.g. ${some.join(', ')}`]);
  }
  if (parts.conduct.queuedTransactions > 0 && !isBlocked(parts))
    add('progress', [`${parts.conduct.queuedTransactions} transactions are queued at nodes that have room`]);
  const requiredVertices = required.reduce((sum, is) => sum + is, 0);
  const lastUs = decidedUs.reduce(
    (last, atUs, serial) => (required[serial] === 1 ? Math.max(last, atUs) : last),
    0,
  );
  const clean = uncontested(recorder.vertices).reduce((sum, is) => sum + is, 0);
  return {
    findings,
    marks: marksOf(parts, conformance.failedPolls, clean - requiredVertices),
    traceHash: `${recorder.traceHash}/${simulation.messages}`,
    messages: simulation.messages,
    requiredPairs: requiredVertices * honestNodes.length,
    recoveryUs: Math.max(0, lastUs - healUs(parts)),
    deadlineUs: plan.cooldownUs,
    finalityUs: plan.finalityUs,
  };
}
