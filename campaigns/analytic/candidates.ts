/**
 * Parameter candidates: for one sample size, which alpha and beta are safe and how live they are.
 * Owns: the laws shared by every alpha of a sample size, the least safe beta, and the sizes worth trying.
 * Does not own: which candidate is wanted (campaigns/advise.ts, campaigns/feasibility/nearest-consensus.ts).
 */
import type { Finality } from './finality.ts';
import { finalityOf } from './finality.ts';
import { hypergeometricLaw } from './hypergeometric.ts';
import type { Chance } from './run-length.ts';
import { expectedRounds } from './run-length.ts';
import type { SafetyNotion } from './safety.ts';
import { splitSupport, unionBoundLog10, unstableSupport } from './safety.ts';
import type { LivenessTarget } from './tolerance.ts';
import type { Voter } from './yes-votes.ts';
import { yesVotes } from './yes-votes.ts';

/** What every candidate must achieve. */
export interface Aim {
  readonly nodes: number;
  readonly byzantine: number;
  readonly voter: Voter;
  readonly rounds: number;
  readonly safetyLog10: number;
  readonly notion: SafetyNotion;
  readonly liveness: LivenessTarget;
}

/** All alphas of one sample size. */
export interface SampleSize {
  readonly k: number;
  readonly alphaPreference: number;
  success(alpha: number): Chance;
  /** Least beta whose safety bound satisfies the aim; null when it would not be below the round limit. */
  leastSafeBeta(alpha: number): number | null;
}

/** Every size up to 64, then steps of 3 %, then `most` itself. */
export function sampleSizes(most: number): number[] {
  const sizes: number[] = [];
  for (let k = 1; k < most; k += Math.max(1, Math.floor(k * 0.03))) sizes.push(k);
  sizes.push(most);
  return sizes;
}

/** Peers that vote for what must not be finalised, at worst. */
function adversarySupport({ nodes, byzantine, notion }: Aim, k: number, alphaPreference: number): number {
  switch (notion) {
    case 'forge':
      return byzantine;
    case 'split':
      return splitSupport(nodes, byzantine);
    case 'reversal':
      return unstableSupport({ nodes, byzantine, k, alphaPreference }) + byzantine;
  }
}

export function sampleSize(aim: Aim, k: number): SampleSize {
  const { nodes, byzantine, voter, rounds } = aim;
  const alphaPreference = Math.floor(k / 2) + 1;
  const votes = yesVotes({ nodes, byzantine, voter, k, loss: 0, offlineShare: 0, retry: true });
  const support = adversarySupport(aim, k, alphaPreference);
  const unsafe = hypergeometricLaw(nodes - 1, Math.min(nodes - 1, support), k);
  const room = aim.safetyLog10 - Math.log10(nodes) - Math.log10(rounds);
  return {
    k,
    alphaPreference,
    success: (alpha) => ({ p: votes.atLeast(alpha), q: votes.atMost(alpha - 1) }),
    leastSafeBeta: (alpha) => {
      const tail = unsafe.log10AtLeast(alpha);
      if (tail === 0) return null;
      const beta = Math.max(1, Math.ceil(room / tail));
      if (beta >= rounds) return null;
      return unionBoundLog10(nodes, rounds, tail, beta) <= aim.safetyLog10 ? beta : beta + 1;
    },
  };
}

/** What a candidate achieves; null when it is not live enough. */
export function liveFinality(aim: Aim, success: Chance, beta: number): Finality | null {
  if (success.p === 0 || beta > aim.rounds || expectedRounds(success, beta) > aim.rounds) return null;
  const result = finalityOf(success, beta, aim.rounds, aim.nodes - aim.byzantine);
  const live =
    result.oneWithin >= aim.liveness.oneWithinLeast && result.allWithin >= aim.liveness.allWithinLeast;
  return live ? result : null;
}
