/**
 * Consensus parameters of a row: what was written, the rest by scale.
 * Owns: the table of requirements 1.1 and how a missing parameter follows from the others.
 * Does not own: the inequalities (node/core/params.ts).
 */
import type { WrittenConsensus } from '#campaigns/schema/consensus.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { defaultPollIntervalUs, type NetworkProfile } from '#node/model/network-profile.ts';

interface ScaleParams {
  /** Smallest network the line is for. */
  readonly fromNodes: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  readonly rounds: number;
}

/** Source: requirements 1.1, the three parameter sets and the smallest networks they are for. */
const byScale: readonly ScaleParams[] = [
  { fromNodes: 5_000, k: 100, alpha: 80, beta: 10, rounds: 50 },
  { fromNodes: 500, k: 50, alpha: 40, beta: 15, rounds: 100 },
  { fromNodes: 0, k: 30, alpha: 24, beta: 20, rounds: 100 },
];

/** Every parameter filled in; may violate the inequalities when what was written does. */
export function resolveConsensus(
  written: WrittenConsensus,
  nodes: number,
  network: NetworkProfile,
): ConsensusParams {
  const scale = byScale.find((line) => nodes >= line.fromNodes) ?? byScale[byScale.length - 1]!;
  // A tiny network has fewer peers than the sample: everybody is asked, at the same ratio of alpha to k.
  const k = written.k ?? Math.min(scale.k, nodes - 1);
  const alpha = written.alpha ?? (k === scale.k ? scale.alpha : Math.ceil((4 * k) / 5));
  const beta = written.beta ?? scale.beta;
  return {
    k,
    alphaPreference: written.alphaPreference ?? alpha, // the sources know one threshold
    alphaConfidence: alpha,
    beta,
    threshold: written.threshold ?? 0.95,
    maxRounds: written.rounds ?? Math.max(scale.rounds, beta),
    pollIntervalUs: written.pollInterval ?? defaultPollIntervalUs(network),
    concurrentPolls: written.concurrentPolls ?? 1,
    earlyEnd: written.earlyEnd ?? true,
    maxUndecided: written.maxUndecided ?? 4_096,
  };
}
