/**
 * The nearest (k, alpha, beta) that is live and safe at a share of attackers.
 * Owns: that search. Does not own: the formulas (campaigns/analytic) or the cheapest parameters (campaigns/advise.ts).
 * Distance: |ln(k'/k)| + |ln((alpha'/k') / (alpha/k))| + |ln(beta'/beta)|.
 */
import type { Aim, SampleSize } from '#campaigns/analytic/candidates.ts';
import { liveFinality, sampleSize, sampleSizes } from '#campaigns/analytic/candidates.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { maximumSampleSize } from '#node/core/params.ts';
import type { NearestChange } from './finding.ts';
import { shown } from './finding.ts';

interface Found {
  readonly distance: number;
  readonly k: number;
  readonly alphaPreference: number;
  readonly alpha: number;
  readonly beta: number;
  readonly allWithin: number;
}

/** Round limits tried, as multiples of the configured one: a longer limit is the last thing to give up. */
const limitFactors = [1, 2, 4];

/** null when no parameters satisfy the aim, even with four times as many polls allowed. */
export function nearestConsensus(aim: Aim, from: ConsensusParams): NearestChange | null {
  for (const factor of limitFactors) {
    const found = nearestWithin({ ...aim, rounds: aim.rounds * factor }, from);
    if (found !== null) return found;
  }
  return null;
}

function nearestWithin(aim: Aim, from: ConsensusParams): NearestChange | null {
  const sizes = sampleSizes(Math.min(aim.nodes - 1, maximumSampleSize));
  if (!sizes.includes(from.k)) sizes.push(from.k);
  const away = (k: number): number => Math.abs(Math.log(k / from.k));
  sizes.sort((a, b) => away(a) - away(b));
  let best: Found | null = null;
  for (const k of sizes) {
    if (best !== null && away(k) >= best.distance) break;
    best = nearestOfSize(aim, from, sampleSize(aim, k), best) ?? best;
  }
  if (best === null) return null;
  const { k, alpha, beta, alphaPreference, allWithin } = best;
  return {
    change: `k ${k}, alpha ${alpha}, beta ${beta} and at most ${aim.rounds} polls instead of ${from.k}, ${from.alphaConfidence}, ${from.beta} and ${from.maxRounds}`,
    values: { k, alphaPreference, alpha, beta, max_rounds: aim.rounds },
    achieves:
      `every honest node finalises within ${aim.rounds} polls with probability ${shown(allWithin)}, ` +
      `and an unsafe decision by an even split is rarer than 10^${shown(aim.safetyLog10)}`,
  };
}

function nearestOfSize(aim: Aim, from: ConsensusParams, size: SampleSize, best: Found | null): Found | null {
  const { k, alphaPreference } = size;
  let found: Found | null = null;
  let limit = best?.distance ?? Infinity;
  for (let alpha = alphaPreference; alpha <= k; alpha += 1) {
    const near =
      Math.abs(Math.log(k / from.k)) + Math.abs(Math.log(alpha / k / (from.alphaConfidence / from.k)));
    const least = near < limit ? size.leastSafeBeta(alpha) : null;
    if (least === null) continue;
    for (const beta of betas(least, from.beta)) {
      const distance = near + Math.abs(Math.log(beta / from.beta));
      if (distance >= limit) break;
      const finality = liveFinality(aim, size.success(alpha), beta);
      if (finality === null) continue;
      found = { distance, k, alphaPreference, alpha, beta, allWithin: finality.allWithin };
      limit = distance;
      break;
    }
  }
  return found;
}

/** From the wanted beta (or the least safe one) down to the least safe one. */
function betas(least: number, wanted: number): number[] {
  const from = Math.max(least, wanted);
  return Array.from({ length: from - least + 1 }, (_, i) => from - i);
}
