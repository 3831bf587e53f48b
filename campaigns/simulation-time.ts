/**
 * How long simulating a repetition takes in CPU time, before it is run: what people are told, and which repetition begins first.
 * Owns: that time, its constants and what they were fitted to. Does not own: budgets, windows and fidelities, which are counted in
 * planned seconds (simulation-cost.ts) and stay what they are when this estimate gets better; the pace of a machine (machine-pace.ts).
 *
 * Fitted on 2026-12-01 to 64 repetitions of `phase1` to `phase4` and the catalogue, 16 to 10,000 nodes, on two cores with much other work,
 * by the rate of a probe before and after each of them (test/campaigns/simulation-time.recorded.json). 22 others that were run afterwards
 * took what is expected within a factor of 1.18 (median), 1.6 at worst; the planned seconds were 1.46 and 3.35 off there.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality, type FinalityEstimate } from '#campaigns/targets/simulator/finality-estimate.ts';
import { tickUsOf } from '#campaigns/targets/simulator/network.ts';
import { planWindow, type WindowPlan } from '#campaigns/targets/simulator/window.ts';

/** Putting a network together, and code that is not compiled yet. */
const startSeconds = 0.4;
/** A query or an answer, or a vertex that is passed on. */
const messageSeconds = 0.08e-6;
/** An instant at which something arrives: small networks have few messages in each. */
const instantSeconds = 1e-6;
/** A vertex at one node, from its first copy until it is decided. */
const vertexSeconds = 5e-6;
/**
 * At poll fidelity, of what a message takes: rows of 150 to 1,000 nodes took 0.6 to 0.8 of the whole. Hundreds of open vertices take more
 * there (1.3 of the whole with 260), which is not said.
 */
const messageShareOfPoll = 0.5;
/** Faults leave retries and requests. */
const faultFactor = 1.5;
/** Nodes that are cut off poll in vain, and afterwards about all that has piled up. */
const partitionFactor = 2.5;
/** Answers have exceptions where conflicts are open. So many conflicts bring all of it; where nothing is decided the first one does. */
const conflictSeconds = 0.5e-6;
const conflictsOfAll = 60;
/**
 * A message on a limited link, and each node: it waits for its turn, so that messages lie scattered over all ticks of the queue, and the more there
 * are the farther away their memory is. 10,000 nodes (`ST-003`, `COV-STRESS-03`) took twice what is expected without, 1,000 (`COV-STRESS-04`) no more.
 */
const limitedLinkSeconds = 1.3e-11;
/** A message about one vertex that a conflict of a partition keeps undecided for good. */
const blockedVertexSeconds = 3.1e-9;
/** Of the vertices issued during a cut, how many such a conflict keeps: between none and all. */
const blockedShare = 0.5;
/** One round of a chain of counted nodes: seven days in 17 million rounds. */
const countedRoundSeconds = 0.16e-6;

/** CPU-seconds by what they are spent on, on a machine with the pace of 1. */
export interface SimulationTime {
  /** A window in which messages are simulated. */
  readonly window: number;
  /** Time in which nodes are counted. */
  readonly counted: number;
}

/** Messages, those that are exchanged about blocked vertices times their number, vertices, and conflicts. */
interface Work {
  readonly messages: number;
  readonly blocked: number;
  readonly vertices: number;
  readonly conflicts: number;
}

type Cut = Extract<RunSpec['faults'][number], { kind: 'partition' }>;

function lastCut({ faults }: RunSpec): Cut | null {
  const cuts = faults.filter((fault) => fault.kind === 'partition');
  const endUs = ({ atUs, forUs }: Cut): number => atUs + forUs;
  return cuts.reduce<Cut | null>(
    (last, cut) => (last !== null && endUs(last) > endUs(cut) ? last : cut),
    null,
  );
}

/**
 * Where conflicts come during a partition, whether it heals is a toss, and both sides of it are a minute apart: one that heals ends with
 * the load, one that does not is watched until its cool-down is over. Conflicts that come while no side is the larger one stay
 * undecided now and then: one in two did.
 */
function contestedCut(
  spec: RunSpec,
  cut: Cut,
  plan: WindowPlan,
  perSecond: number,
): { stays: number; blocked: number } {
  const cutSeconds = Math.max(plan.scale * cut.forUs, 2 * plan.finalityUs) / 1_000_000;
  const conflicts = spec.workload.conflictShare * perSecond * cutSeconds;
  const stays = Math.max(...cut.groups) > 0.5 ? 0 : conflicts / (1 + conflicts);
  return { stays, blocked: blockedShare * perSecond * cutSeconds };
}

function workOf(spec: RunSpec, estimate: FinalityEstimate, plan: WindowPlan): Work {
  const { estimatedMessages: planned, decisions, warmupUs, measureUs, climbUs, cooldownUs } = plan;
  if (decisions !== null) return { messages: planned, blocked: 0, vertices: decisions, conflicts: 0 };
  const { messagesPerSecond, verticesPerSecond, climbShare } = estimate;
  const loadedSeconds = (warmupUs + climbShare * (climbUs ?? measureUs)) / 1_000_000;
  const vertices = verticesPerSecond * loadedSeconds;
  const conflicts = spec.workload.conflictShare * vertices;
  const cut = lastCut(spec);
  if (cut === null || conflicts === 0) return { messages: planned, blocked: 0, vertices, conflicts };
  const { stays, blocked } = contestedCut(spec, cut, plan, verticesPerSecond);
  const messages = messagesPerSecond * (loadedSeconds + (stays * cooldownUs) / 1_000_000);
  return { messages, blocked: stays * blocked * messages, vertices, conflicts: 0 };
}

/** At which so many messages arrive: those sent at once arrive at once where all delays are alike. */
function instantsOf({ network }: RunSpec, messages: number, perSecond: number): number {
  const [leastUs, mostUs] = network.oneWayUs;
  const spread = mostUs > 0 ? (mostUs - leastUs) / mostUs : 0;
  const ticksPerSecond = (1_000_000 * spread) / tickUsOf(network);
  return (messages * ticksPerSecond) / Math.max(1, perSecond + ticksPerSecond);
}

function factorOfFaults(spec: RunSpec): number {
  if (spec.faults.length === 0) return 1;
  return lastCut(spec) === null ? faultFactor : partitionFactor;
}

function windowSeconds(spec: RunSpec, estimate: FinalityEstimate): number {
  const { messages, blocked, vertices, conflicts } = workOf(spec, estimate, planWindow(spec, estimate));
  const contested = conflicts > 0 && !estimate.isLive ? 1 : Math.min(1, conflicts / conflictsOfAll);
  const perMessage =
    messageSeconds * factorOfFaults(spec) * (spec.tier === 'poll' ? messageShareOfPoll : 1) +
    conflictSeconds * contested +
    (spec.network.bandwidthBitsPerSecond === null ? 0 : limitedLinkSeconds * spec.nodes);
  return (
    startSeconds +
    instantSeconds * instantsOf(spec, messages, estimate.messagesPerSecond) +
    perMessage * messages +
    blockedVertexSeconds * blocked +
    vertexSeconds * vertices * spec.nodes
  );
}

function timeOf(spec: RunSpec): SimulationTime {
  if (spec.tier === 'analytic') return { window: 0, counted: 0 };
  const estimate = estimateFinality(spec);
  const countedUs = spec.duration.measureUs + spec.duration.warmupUs;
  const counted = (countedUs / Math.max(1, estimate.roundUs)) * countedRoundSeconds;
  if (spec.tier === 'lumped') return { window: 0, counted };
  return { window: windowSeconds(spec, estimate), counted: spec.tier === 'spliced' ? counted : 0 };
}

const known = new WeakMap<RunSpec, SimulationTime>();

/** Of one repetition at its fidelity. */
export function simulationTime(spec: RunSpec): SimulationTime {
  const time = known.get(spec) ?? timeOf(spec);
  known.set(spec, time);
  return time;
}

/** The same in one: CPU-seconds on a machine with the pace of 1. */
export function expectedCpuSeconds(spec: RunSpec): number {
  const { window, counted } = simulationTime(spec);
  return window + counted;
}
