/**
 * Which specifications lumping does not answer, and why.
 * Owns: the reasons. Does not own: which fidelity answers instead (campaigns/targets/simulator/tier.ts).
 */
import { attackModel } from '#campaigns/feasibility/attackers.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { type Fault, type RunSpec, rampEndOf } from '#campaigns/run-spec.ts';
import { peakTps } from '#campaigns/workloads/load-profile.ts';

/** Null when counting exchangeable nodes is right for the run, in law or with a published error; else the reason. */
export function lumpedRefusal(spec: RunSpec): string | null {
  const refusal = dependence(spec) ?? splicedRefusal(spec) ?? queuedLink(spec, busiest);
  if (refusal !== null) return refusal;
  if (spec.workload.kind === 'single' && spec.faults.length > 0)
    return 'one decision at a time has no time of its own in which a fault could act';
  for (const fault of spec.faults) {
    const reason = faultReason(fault);
    if (reason !== null) return `${fault.kind}: ${reason}`;
  }
  return null;
}

/** What counting loses and a message window shows: how the outcomes of one poll depend on each other. */
function dependence({ workload, byzantine }: RunSpec): string | null {
  if (workload.conflictShare > 0)
    return 'conflicting vertices are polled about together: the outcomes of one poll depend on each other, and counting nodes loses that';
  if (byzantine.share === 0) return null;
  if (byzantine.attack === 'sybil' && byzantine.identities > 1)
    return 'identities of one operator vote alike: answers of a poll depend on each other';
  return byzantine.attack === 'collusion'
    ? 'collusion is about conflicting vertices, and these are not counted'
    : null;
}

/**
 * The same for the counted part of a run whose faults and conflicts a message window shows, too. Counted are vertices without a
 * conflict, one by one: colluders answer about them as honest nodes do, and how many Sybil identities say yes has a law of its own.
 */
export function splicedRefusal(spec: RunSpec): string | null {
  const { byzantine, consensus, network } = spec;
  if (rampEndOf(spec.workload) !== null)
    return 'the load falls when a node is saturated: queues decide, and queues are not counted';
  const attack = attackReason(spec);
  if (attack !== null) return attack;
  if (byzantine.share > 0 && byzantine.exclusion)
    return 'every node excludes the peers it convicted itself: nodes are not exchangeable';
  if (consensus.concurrentPolls > 1)
    return 'polls of one node that overlap share what their peers think at one instant: rounds are not independent';
  if (network.spread === 'pair') return 'a delay that belongs to a pair of nodes makes nodes different';
  return overload(spec);
}

function attackReason({ byzantine }: RunSpec): string | null {
  const { attack, share } = byzantine;
  if (attack === 'none' || share === 0) return null;
  switch (attack) {
    case 'sybil':
    case 'collusion':
      return null;
    case 'late':
      return 'answers that come just before the timeout change when polls end, not how';
    case 'equivocation':
    case 'informed-split':
    case 'selective-silence':
      return `${attack} shows different nodes different things: honest nodes do not agree`;
    default:
      return attackModel(attack).exact ? null : `${attack} has no exact voter`;
  }
}

/** Up to this share of what a node or its link can do, queues are short. */
const busiest = 0.5;
/** Up to this share at the highest load, what waits at a link is worked off: it delays, which a message window shows. */
const stableLink = 0.75;

/** The highest load against what event loop, signature workers and link of a node carry. */
function overload(spec: RunSpec): string | null {
  const { workload, resources, calibration } = spec;
  const { handleVertex, verifyVertex } = calibration.serviceTimesUs;
  const perSecond = peakTps(workload) / workload.batch;
  const workers = Math.max(1, resources.cpuCores - 1);
  const cpu = Math.max((perSecond * handleVertex) / 1e6, (perSecond * verifyVertex) / 1e6 / workers);
  if (cpu >= busiest)
    return `vertices take ${Math.round(100 * cpu)} % of a node's CPU at the highest load: queues decide, and queues are not counted`;
  return queuedLink(spec, stableLink);
}

/** Of a node's link, what is used at the highest load; 0 where links have no limit. */
function linkShare(spec: RunSpec): number {
  const bits = spec.network.bandwidthBitsPerSecond;
  if (bits === null) return 0;
  const load = nodeLoad(spec);
  const perSecond = peakTps(spec.workload) / spec.workload.batch;
  const peak = load.verticesPerSecond > 0 ? perSecond / load.verticesPerSecond : 1;
  return ((load.uniqueMbps + load.announcementMbps) * peak + load.pollMbps) / (bits / 1e6);
}

function queuedLink(spec: RunSpec, most: number): string | null {
  const link = linkShare(spec);
  return link < most
    ? null
    : `${Math.round(100 * link)} % of the link is used at the highest load: queues decide, and queues are not counted`;
}

/** Whether vertices wait at links: the counted time then says how many are finalised, only the window how late. */
export function waitsAtLinks(spec: RunSpec): boolean {
  return linkShare(spec) >= busiest;
}

/** Why counting leaves a fault out; null when it carries it. */
export function faultReason(fault: Fault): string | null {
  switch (fault.kind) {
    case 'kill':
      return fault.disk === 'kept' ? null : 'a lost disk makes a node decide again';
    case 'cascade':
    case 'churn':
    case 'loss':
    case 'partition':
      return null;
    case 'latency':
      return 'some nodes answer later than others: a poll then ends by who was asked';
    case 'throttle':
    case 'clock-skew':
    case 'disk':
    case 'stall':
    case 'memory':
      return 'it acts on single nodes over time';
  }
}
