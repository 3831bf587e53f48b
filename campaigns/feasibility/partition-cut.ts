/**
 * The partitions of a run as findings see them: which there are, what they are called, how often a node polls while one lasts.
 * Owns: that. Does not own: what each side decides in one (split-brain.ts), what stays open after it (contested-heal.ts).
 */
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import { shown } from './finding.ts';

export type Partition = Extract<Fault, { kind: 'partition' }>;

/** From this probability on a criterion that forbids an event is not to be expected to hold. */
export const likely = 0.5;

export function partitionsOf({ faults }: RunSpec): Partition[] {
  return faults.filter((fault): fault is Partition => fault.kind === 'partition');
}

/** "50/50" of the shares of the sides. */
export function cutName(sides: readonly number[]): string {
  return sides.map((share) => shown(100 * share)).join('/');
}

/**
 * Polls of one node while the network is cut, not rounded: a poll takes at least a mean round trip until slots are given up, and one
 * for the fresh peers.
 */
export function pollsInCut({ network, consensus }: RunSpec, { forUs }: Partition): number {
  return forUs / Math.max(consensus.pollIntervalUs, 2 * (network.oneWayUs[0] + network.oneWayUs[1]));
}
