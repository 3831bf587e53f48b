/**
 * Which specifications lumping does not answer, and why.
 * Owns: the reasons. Does not own: which fidelity answers instead (campaigns/targets/simulator/tier.ts).
 */
import { attackModel } from '#campaigns/feasibility/attackers.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import { peakTps } from '#campaigns/workloads/load-profile.ts';

/** Null when counting exchangeable nodes is right for the run, in law or with a published error; else the reason. */
export function lumpedRefusal(spec: RunSpec): string | null {
  const refusal = splicedRefusal(spec);
  if (refusal !== null) return refusal;
  if (spec.workload.kind === 'single' && spec.faults.length > 0)
    return 'one decision at a time has no time of its own in which a fault could act';
  for (const fault of spec.faults) {
    const reason = faultReason(fault);
    if (reason !== null) return `${fault.kind}: ${reason}`;
  }
  return null;
}

/** The same for the counted part of a run whose faults a message window shows, too. */
export function splicedRefusal(spec: RunSpec): string | null {
  const { workload, byzantine, consensus, network } = spec;
  if (workload.conflictShare > 0)
    return 'conflicting vertices are polled about together: the outcomes of one poll depend on each other, and counting nodes loses that';
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
  const { attack, share, identities } = byzantine;
  if (attack === 'none' || share === 0) return null;
  switch (attack) {
    case 'sybil':
      return identities > 1
        ? 'identities of one operator vote alike: answers of a poll depend on each other'
        : null;
    case 'late':
      return 'answers that come just before the timeout change when polls end, not how';
    case 'collusion':
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

/** The highest load against what event loop, signature workers and link of a node carry. */
function overload(spec: RunSpec): string | null {
  const { workload, resources, calibration, network } = spec;
  const { handleVertex, verifyVertex } = calibration.serviceTimesUs;
  const perSecond = peakTps(workload) / workload.batch;
  const workers = Math.max(1, resources.cpuCores - 1);
  const cpu = Math.max((perSecond * handleVertex) / 1e6, (perSecond * verifyVertex) / 1e6 / workers);
  if (cpu >= busiest)
    return `vertices take ${Math.round(100 * cpu)} % of a node's CPU at the highest load: queues decide, and queues are not counted`;
  const bits = network.bandwidthBitsPerSecond;
  if (bits === null) return null;
  const load = nodeLoad(spec);
  const peak = load.verticesPerSecond > 0 ? perSecond / load.verticesPerSecond : 1;
  const link = ((load.uniqueMbps + load.announcementMbps) * peak + load.pollMbps) / (bits / 1e6);
  return link < busiest
    ? null
    : `${Math.round(100 * link)} % of the link is used at the highest load: queues decide, and queues are not counted`;
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
