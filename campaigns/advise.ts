/**
 * Parameters for a wish: the cheapest (k, alpha, beta) that is live and safe at a given share of attackers.
 * Owns: the search, and saying why there is none. Does not own: the formulas (campaigns/analytic).
 * Complete in alpha and beta; k takes every value up to 64, then steps of at most 3 %, and N-1.
 */
import type { Aim } from '#campaigns/analytic/candidates.ts';
import { liveFinality, sampleSize, sampleSizes } from '#campaigns/analytic/candidates.ts';
import { halvesBoundLog10 } from '#campaigns/analytic/cut.ts';
import type { Finality } from '#campaigns/analytic/finality.ts';
import { expectedRounds } from '#campaigns/analytic/run-length.ts';
import type { SafetyNotion } from '#campaigns/analytic/safety.ts';
import { safetyBounds } from '#campaigns/analytic/safety.ts';
import type { LivenessTarget } from '#campaigns/analytic/tolerance.ts';
import { defaultLivenessTarget } from '#campaigns/analytic/tolerance.ts';
import { nobodyHonest } from '#campaigns/cast.ts';
import { attackerCount, attackModel } from '#campaigns/feasibility/attackers.ts';
import type { AttackName } from '#campaigns/run-spec.ts';
import { maximumSampleSize } from '#node/core/params.ts';

export interface Wish {
  readonly nodes: number;
  /** 0 <= share < 1; floor(share x nodes) attackers. */
  readonly byzantineShare: number;
  readonly attack: AttackName;
  /** Largest acceptable probability of an unsafe decision, per decision. */
  readonly safety: number;
  /** Polls within which every honest node must have finalised (probability `liveness.allWithinLeast`). */
  readonly rounds: number;
  /** S0 'forge', S1 'split' (default): an even split must not finalise both sides; S2 'reversal': a finalised side must not turn. */
  readonly safetyNotion?: SafetyNotion;
  readonly liveness?: LivenessTarget;
}

export interface AdvisedParameters {
  readonly k: number;
  readonly alphaPreference: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  readonly finality: Finality;
  /** Queries and answers of all honest nodes for one vertex polled alone. */
  readonly messagesPerDecision: number;
  /** Alphas of this k for which some beta is safe and live, both ends included. */
  readonly alphaRange: readonly [least: number, most: number];
  /** log10 of the bounds per decision; -Infinity (null in JSON) = impossible. */
  readonly forgeLog10: number;
  readonly splitLog10: number;
  /** Both halves of a network that is cut decide within the round limit. */
  readonly cutLog10: number;
  readonly reversalLog10: number;
}

/** Shares of the sample between which alpha must lie when samples are large. */
export interface AlphaInterval {
  readonly above: number;
  readonly below: number;
}

export type Advice =
  | {
      readonly kind: 'found';
      /** Fewest messages per decision. */
      readonly best: AdvisedParameters;
      /** The smallest sample that satisfies the wish: more polls in a row, fewer peers in each. */
      readonly smallestSample: AdvisedParameters;
      /** Everybody polls everybody; offered up to 300 nodes, null when it is not or does not satisfy the wish. */
      readonly wholeNetwork: AdvisedParameters | null;
      readonly interval: AlphaInterval;
    }
  | {
      readonly kind: 'none';
      readonly because: string;
      readonly interval: AlphaInterval;
      /** Largest share of attackers for which parameters exist; null when there is none at all. */
      readonly possibleShare: number | null;
    };

/** Up to this many nodes polling everybody is offered. */
export const wholeNetworkNodesMost = 300;

/** Throws RangeError for a wish outside its domain. Takes well under two seconds at 10,000 nodes. */
export function advise(wish: Wish): Advice {
  check(wish);
  const aim = aimOf(wish);
  const sizes = sampleSizes(Math.min(wish.nodes - 1, maximumSampleSize));
  const best = cheapest(aim, sizes);
  const interval = alphaInterval(wish);
  if (best === null) {
    return { kind: 'none', because: whyNone(wish, interval), interval, possibleShare: possibleShare(wish) };
  }
  const wholeNetwork = wish.nodes <= wholeNetworkNodesMost ? cheapest(aim, [wish.nodes - 1]) : null;
  return { kind: 'found', best, smallestSample: smallest(aim, sizes), wholeNetwork, interval };
}

function check(wish: Wish): void {
  const { nodes, byzantineShare: share, attack, safety, rounds } = wish;
  if (!Number.isInteger(nodes) || nodes < 4) throw new RangeError(`nodes = ${nodes} must be an integer >= 4`);
  if (!(share >= 0)) throw new RangeError(`Byzantine share ${share}`);
  const refusal = nobodyHonest({ share }, null) ?? nobodyHonest({ share, attack }, nodes);
  if (refusal !== null) throw new RangeError(`${refusal.message} (${refusal.remedy})`);
  if (!(safety > 0 && safety < 1)) throw new RangeError(`safety ${safety} must lie between 0 and 1`);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`rounds = ${rounds} must be an integer >= 1`);
}

function aimOf(wish: Wish): Aim {
  return {
    nodes: wish.nodes,
    byzantine: attackerCount({ share: wish.byzantineShare, attack: wish.attack }, wish.nodes),
    voter: attackModel(wish.attack).voter,
    rounds: wish.rounds,
    safetyLog10: Math.log10(wish.safety),
    notion: wish.safetyNotion ?? 'split',
    liveness: wish.liveness ?? defaultLivenessTarget,
  };
}

interface Candidate {
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  readonly finality: Finality;
}

function cheapest(aim: Aim, sizes: readonly number[]): AdvisedParameters | null {
  let best: Candidate | null = null;
  let bestCost = Infinity;
  for (const k of sizes) {
    if (k >= bestCost) break; // a decision needs at least one poll
    const candidate = cheapestOfSize(aim, k, bestCost);
    if (candidate === null) continue;
    best = candidate;
    bestCost = k * candidate.finality.expectedRounds;
  }
  return best === null ? null : described(aim, best);
}

/** Some size satisfies the aim: `cheapest` found one. */
function smallest(aim: Aim, sizes: readonly number[]): AdvisedParameters {
  for (const k of sizes) {
    const candidate = cheapestOfSize(aim, k, Infinity);
    if (candidate !== null) return described(aim, candidate);
  }
  throw new Error('no sample size satisfies the aim');
}

/** The cheapest (alpha, beta) for this k below `costLimit`: beta is the least that is safe, alpha takes every value. */
function cheapestOfSize(aim: Aim, k: number, costLimit: number): Candidate | null {
  const size = sampleSize(aim, k);
  let best: Candidate | null = null;
  let limit = costLimit;
  for (let alpha = size.alphaPreference; alpha <= k; alpha += 1) {
    const beta = size.leastSafeBeta(alpha);
    if (beta === null) continue;
    const success = size.success(alpha);
    const cost = k * expectedRounds(success, beta);
    if (!(cost < limit)) continue;
    const finality = liveFinality(aim, success, beta);
    if (finality === null) continue;
    best = { k, alpha, beta, finality };
    limit = cost;
  }
  return best;
}

function described(aim: Aim, candidate: Candidate): AdvisedParameters {
  const { nodes, byzantine, rounds } = aim;
  const { k, alpha, beta } = candidate;
  const alphaPreference = Math.floor(k / 2) + 1;
  const bounds = safetyBounds({
    nodes,
    byzantine,
    k,
    alphaPreference,
    alphaConfidence: alpha,
    beta,
    maxRounds: rounds,
  });
  return {
    k,
    alphaPreference,
    alphaConfidence: alpha,
    beta,
    finality: candidate.finality,
    messagesPerDecision: 2 * k * (nodes - byzantine) * candidate.finality.expectedRounds,
    alphaRange: alphaRange(aim, k),
    forgeLog10: bounds.forgeLog10,
    splitLog10: bounds.splitLog10,
    cutLog10: halvesBoundLog10({ nodes, byzantine, k, alphaConfidence: alpha, beta, maxRounds: rounds }),
    reversalLog10: bounds.reversalLog10,
  };
}

/** What some alpha of one sample size allows: betas from `leastSafe` to `mostLive`; null = none. */
export interface BetaRange {
  readonly alpha: number;
  readonly leastSafe: number | null;
  readonly mostLive: number | null;
}

/** Every alpha of a sample size, for the map on which a configured triple is placed. */
export function betaRanges(wish: Wish, k: number): BetaRange[] {
  check(wish);
  const aim = aimOf(wish);
  const size = sampleSize(aim, k);
  const ranges: BetaRange[] = [];
  for (let alpha = size.alphaPreference; alpha <= k; alpha += 1) {
    const success = size.success(alpha);
    const isLive = (beta: number): boolean => liveFinality(aim, success, beta) !== null;
    let mostLive = 0;
    let tooMany = aim.rounds + 1;
    while (tooMany - mostLive > 1) {
      const middle = (mostLive + tooMany) >> 1;
      if (isLive(middle)) mostLive = middle;
      else tooMany = middle;
    }
    ranges.push({ alpha, leastSafe: size.leastSafeBeta(alpha), mostLive: mostLive === 0 ? null : mostLive });
  }
  return ranges;
}

function alphaRange(aim: Aim, k: number): readonly [number, number] {
  const size = sampleSize(aim, k);
  const fits: number[] = [];
  for (let alpha = size.alphaPreference; alpha <= k; alpha += 1) {
    const beta = size.leastSafeBeta(alpha);
    if (beta !== null && liveFinality(aim, size.success(alpha), beta) !== null) fits.push(alpha);
  }
  return [fits[0] ?? k, fits.at(-1) ?? k];
}

/** Source: the limits of the bounds for large samples; see campaigns/analytic/safety.ts. */
function alphaInterval(wish: Wish): AlphaInterval {
  const share = wish.attack === 'none' ? 0 : wish.byzantineShare;
  const { voter } = attackModel(wish.attack);
  const notion = wish.safetyNotion ?? 'split';
  const above =
    notion === 'forge' ? Math.max(0.5, share) : notion === 'split' ? (1 + share) / 2 : 0.5 + share;
  switch (voter) {
    case 'accept':
      return { above, below: 1 };
    case 'random':
      return { above, below: 1 - share / 2 };
    case 'reject':
      return { above, below: 1 - share };
    case 'silent':
      return { above, below: 1 - share * share }; // one retry: a slot fails only when both peers are silent
  }
}

function whyNone(wish: Wish, interval: AlphaInterval): string {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  const bounds = `safety needs alpha/k above ${percent(interval.above)} and liveness needs it below ${percent(interval.below)}`;
  if (interval.above >= 1)
    return `safety needs alpha/k above ${percent(interval.above)}: more votes than a sample has, whatever k and beta are`;
  if (interval.above >= interval.below) return `${bounds}: the interval is empty, whatever k and beta are`;
  const most = Math.min(wish.nodes - 1, maximumSampleSize);
  return (
    `${bounds}: the interval is not empty, but no k up to ${most} leaves enough room on both sides ` +
    `to finalise within ${wish.rounds} polls with an unsafe decision rarer than ${wish.safety}`
  );
}

/** Largest share for which a coarse search (every fourth size) still finds parameters. */
function possibleShare(wish: Wish): number | null {
  if (wish.attack === 'none') return null;
  const aim = aimOf(wish);
  const sizes = sampleSizes(Math.min(wish.nodes - 1, maximumSampleSize));
  const coarse = sizes.filter((_, i) => i % 4 === 3 || i === sizes.length - 1);
  const exists = (byzantine: number): boolean =>
    coarse.some((k) => cheapestOfSize({ ...aim, byzantine }, k, Infinity) !== null);
  if (!exists(0)) return null;
  let good = 0;
  let bad = aim.byzantine;
  while (bad - good > Math.max(1, wish.nodes / 500)) {
    const middle = (good + bad) >> 1;
    if (exists(middle)) good = middle;
    else bad = middle;
  }
  return good / wish.nodes;
}
