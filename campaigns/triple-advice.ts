/**
 * A configured triple (k, alpha, beta) against a wish: is it live, is it safe, which share of attackers does it bear?
 * Owns: that answer and the three triples of the sources. Does not own: better parameters (advise.ts) or the formulas (campaigns/analytic).
 */
import type { Wish } from '#campaigns/advise.ts';
import { halvesBoundLog10 } from '#campaigns/analytic/cut.ts';
import { finality } from '#campaigns/analytic/finality.ts';
import { boundOf, type SafetyBounds, safetyBounds } from '#campaigns/analytic/safety.ts';
import { defaultLivenessTarget, livenessTolerance, safetyTolerance } from '#campaigns/analytic/tolerance.ts';
import { attackerCount, attackModel } from '#campaigns/feasibility/attackers.ts';
import { maximumSampleSize } from '#node/core/params.ts';

export interface Triple {
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
}

export interface PlacedTriple extends Triple {
  readonly oneWithin: number;
  readonly allWithin: number;
  readonly expectedRounds: number;
  readonly isLive: boolean;
  readonly isSafe: boolean;
  readonly bounds: SafetyBounds;
  /** log10 of the bound on both halves of a cut network deciding. */
  readonly cutLog10: number;
  /** Largest shares of attackers that are borne; -1 attackers shows as 0. */
  readonly liveShare: number;
  readonly splitShare: number;
  readonly reversalShare: number;
}

/** Every inequality that a triple violates, in words. */
function misfitsOf({ k, alpha, beta }: Triple, nodes: number, rounds: number): string[] {
  const kMost = Math.min(nodes - 1, maximumSampleSize);
  return [
    ...(k < 1 || k > kMost ? [`k = ${k} must lie between 1 and ${kMost}`] : []),
    ...(2 * alpha <= k ? [`alpha = ${alpha} must be more than half of k = ${k}`] : []),
    ...(alpha > k ? [`alpha = ${alpha} must be at most k = ${k}`] : []),
    ...(beta < 1 || beta > rounds
      ? [`beta = ${beta} must lie between 1 and the ${rounds} polls of --rounds`]
      : []),
  ];
}

/** Throws RangeError when the triple does not fit the network. One threshold: alphaPreference = alpha, as the sources have it. */
export function placeTriple(wish: Wish, { k, alpha, beta }: Triple): PlacedTriple {
  const { nodes, rounds, safety } = wish;
  const misfits = misfitsOf({ k, alpha, beta }, nodes, rounds);
  if (misfits.length > 0) throw new RangeError(`${k}/${alpha}/${beta}: ${misfits.join(', ')}`);
  const byzantine = attackerCount({ share: wish.byzantineShare, attack: wish.attack }, nodes);
  const { voter } = attackModel(wish.attack);
  const live = { nodes, voter, k, alpha, beta, maxRounds: rounds, loss: 0, offlineShare: 0, retry: true };
  const safe = { nodes, k, alphaPreference: alpha, alphaConfidence: alpha, beta, maxRounds: rounds };
  const target = wish.liveness ?? defaultLivenessTarget;
  const reach = finality({ ...live, byzantine });
  const bounds = safetyBounds({ ...safe, byzantine });
  return {
    k,
    alpha,
    beta,
    oneWithin: reach.oneWithin,
    allWithin: reach.allWithin,
    expectedRounds: reach.expectedRounds,
    isLive: reach.oneWithin >= target.oneWithinLeast && reach.allWithin >= target.allWithinLeast,
    isSafe: boundOf(bounds, wish.safetyNotion ?? 'split') <= Math.log10(safety),
    bounds,
    cutLog10: halvesBoundLog10({ ...safe, byzantine }),
    liveShare: livenessTolerance(live, target).share,
    splitShare: safetyTolerance(safe, 'split', safety).share,
    reversalShare: safetyTolerance(safe, 'reversal', safety).share,
  };
}
