/**
 * The number of attackers at which half of the runs break, from runs that broke or did not.
 * Owns: a logistic curve by likelihood, with a profile interval of 95 %. Does not own: which runs to make.
 */

export interface Trial {
  readonly attackers: number;
  readonly broke: boolean;
}

export interface Midpoint {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** Chi-square of one degree of freedom, 95 %. */
const dropMost = 3.841 / 2;
/** Attackers between one run in four and three in four that break: from a cliff to a slope. */
const widths = [0.1, 0.2, 0.4, 0.7, 1, 1.5, 2, 3, 4, 6, 9];
const step = 0.05;

/** Null when all runs broke, or none. Cost: trials x midpoints x widths. */
export function midpointOf(trials: readonly Trial[], most: number): Midpoint | null {
  if (trials.every(({ broke }) => broke) || trials.every(({ broke }) => !broke)) return null;
  const profile: { at: number; fit: number }[] = [];
  for (let at = -1; at <= most + 1; at += step) {
    profile.push({ at, fit: Math.max(...widths.map((width) => likelihood(trials, at, width))) });
  }
  const best = Math.max(...profile.map(({ fit }) => fit));
  const inside = profile.filter(({ fit }) => fit >= best - dropMost).map(({ at }) => at);
  // A cliff between two neighbouring numbers fits every midpoint between them: take the middle of the best ones.
  const top = profile.filter(({ fit }) => fit >= best - 1e-6).map(({ at }) => at);
  const middle = (top[0]! + top.at(-1)!) / 2;
  const clip = (at: number): number => Math.min(most, Math.max(0, at));
  return { at: clip(middle), low: clip(inside[0]!), high: clip(inside.at(-1)!) };
}

/** Log likelihood; the width is the distance between the quartiles. */
function likelihood(trials: readonly Trial[], at: number, width: number): number {
  const slope = (2 * Math.log(3)) / width;
  let sum = 0;
  for (const { attackers, broke } of trials) {
    const z = slope * (attackers - at) * (broke ? 1 : -1);
    sum -= z > 30 ? 0 : z < -30 ? -z : Math.log1p(Math.exp(-z));
  }
  return sum;
}
