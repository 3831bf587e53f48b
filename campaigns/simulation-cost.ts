/**
 * What simulating a run counts for in a plan, in CPU-seconds of the machine that phases are planned for.
 * Owns: that count, from the messages and vertices of its window and the rounds of its counted part: fidelities, shares of the time of a
 * phase and further repetitions follow from it, so that its constants stay. Does not own: the budget (message-budget.ts), the window
 * (targets/simulator/window.ts), how long it takes in fact, which people are told (simulation-time.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { delayedBy, planWindow } from '#campaigns/targets/simulator/window.ts';
import { meanTps } from '#campaigns/workloads/load-profile.ts';

/**
 * Queries and answers about few vertices. Fitted to whole phases on two cores of a shared virtual machine, which is about half as
 * fast as the machine of docs/bench.md: a phase is planned for the slower one.
 */
export const messagesPerCpuSecond = 10_000_000;
/** Ten times as many nodes no longer fit the caches. Source: docs/bench.md, growth with nodes. */
const largestSlowdown = 1.4;
const nodesOfLargest = 10_000;
/** Messages that wait for links of limited bandwidth. Fitted to 10,000 nodes with bursts at 100 Mbps. */
const linkFactor = 1.4;
/** Faults leave retries and requests. 1,000 nodes on a LAN took 1.20 (crashes), 1.27 (loss) and 1.47 (latency) of what a message costs without. */
const faultFactor = 1.3;
/**
 * Vertices that wait for the end of partitions, for as much as they make finality longer. 1,000 nodes that were cut for a third of the
 * time (COV-CHAOS-04) and 10,000 cut for a twelfth (RM-402) took 0.65 and 0.95 of what follows, beside rows without.
 */
const partitionFactor = 4;
const mostFaultFactor = 1.6;
/**
 * Conflicts pile up where no side gathers alpha votes: nearly every answer then has exceptions. Beside rows without conflicts 1,000 nodes
 * with 1 % of them took 2.2 times as much over 84 s and 2.7 times over 266 s, cool-down included, on a machine with other work; 5,000
 * nodes on two cores without took 1.9 times as much.
 */
const conflictFactor = 2;
const conflictsOfFactor = 80;
/**
 * So many open (node, vertex) pairs no longer fit the caches. Fitted to 5,000 nodes with 400 to 500 open vertices each, on a machine with
 * other work: COV-SOAK-02 and RM-303 took 1.3 to 1.6 times what 1.4 foresaw.
 */
const crowdedPairs = 2_500_000;
const crowdedSlowdown = 1.9;
/**
 * Of what budgets count for vertices, what they take since a node's marks of a vertex lie together: 1,000 and 5,000 nodes on a WAN with
 * 20 % random attackers took 0.81 and 0.76 of the CPU time before. Budgets, which windows follow from, are counted as they were.
 */
const vertexShare = 0.75;
/** One round of a chain of counted nodes. Source: 24 h in rounds of 0.17 s take a third of a second. */
const countedRoundSeconds = 0.65e-6;

/** CPU-seconds of one thread for work counted in messages about few vertices. */
export function cpuSecondsOfWork(messages: number, nodes: number): number {
  const slowdown = 1 + (largestSlowdown - 1) * Math.min(1, nodes / nodesOfLargest);
  return (messages * slowdown) / messagesPerCpuSecond;
}

/** A factor that is reached as `share` grows to 1. */
function grown(factor: number, share: number): number {
  return 1 + (factor - 1) * Math.min(1, share);
}

function factorOfFaults({ faults, duration }: RunSpec): number {
  if (faults.length === 0) return 1;
  return Math.min(mostFaultFactor, faultFactor + partitionFactor * (delayedBy(faults, duration) - 1));
}

/** Conflicting vertices that are issued in that time. */
function conflictsIn({ workload }: RunSpec, measureUs: number): number {
  if (workload.kind === 'single') return 0;
  return (workload.conflictShare * (meanTps(workload) / workload.batch) * measureUs) / 1_000_000;
}

/** Planned seconds of one repetition at its fidelity. */
export function plannedCpuSeconds(spec: RunSpec): number {
  if (spec.tier === 'analytic') return 0;
  const estimate = estimateFinality(spec);
  const countedUs = spec.duration.measureUs + spec.duration.warmupUs;
  const counted = (countedUs / Math.max(1, estimate.roundUs)) * countedRoundSeconds;
  if (spec.tier === 'lumped') return counted;
  const { estimatedMessages, warmupUs, measureUs } = planWindow(spec, estimate);
  const perMessage =
    (1 + vertexShare * (estimate.workPerMessage - 1)) *
    (spec.network.bandwidthBitsPerSecond === null ? 1 : linkFactor) *
    factorOfFaults(spec) *
    grown(conflictFactor, conflictsIn(spec, warmupUs + measureUs) / conflictsOfFactor) *
    grown(crowdedSlowdown, (estimate.undecidedVertices * spec.nodes) / crowdedPairs);
  const window = cpuSecondsOfWork(estimatedMessages * perMessage, spec.nodes);
  return window + (spec.tier === 'spliced' ? counted : 0);
}
