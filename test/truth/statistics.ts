/**
 * Statistics of the comparisons: z values, two-sample Kolmogorov-Smirnov, and the limit that allows for their number.
 * Owns: the arithmetic, written for this purpose alone. Does not own: what is compared.
 * Sources: Bonferroni 1936; Smirnov 1948 (asymptotic law; conservative for counts).
 */

/** P(a standard normal value lies farther from 0 than |z|): continued fraction of the tail, series near 0. */
export function normalTwoSided(z: number): number {
  const x = Math.abs(z);
  if (!Number.isFinite(x)) return 0;
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200 && term > 1e-18; n += 1) {
      term *= (x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - 2 * sum * (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
  }
  let fraction = 0;
  for (let n = 160; n >= 1; n -= 1) fraction = n / (x + fraction);
  return (2 * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI) / (x + fraction);
}

/** |z| that any of `comparisons` standard normal values exceeds with probability at most `familyError`. */
export function bonferroniLimit(comparisons: number, familyError: number): number {
  let low = 0;
  let high = 40;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (normalTwoSided(middle) * comparisons > familyError) low = middle;
    else high = middle;
  }
  return high;
}

/** z of `seen` successes of `trials` against probability p; 0 when nothing can vary and nothing differs. */
export function shareZ(seen: number, trials: number, p: number): number {
  const difference = seen - trials * p;
  if (Math.abs(difference) < 1e-6) return 0;
  const variance = trials * p * (1 - p);
  if (variance < 1e-9) return Math.sign(difference) * Number.POSITIVE_INFINITY;
  // Continuity: a count moves in steps of one, and a rare event seen once is no proof.
  return (Math.sign(difference) * Math.max(0, Math.abs(difference) - 0.5)) / Math.sqrt(variance);
}

/** The z whose two-sided tail is the asymptotic p value of the two-sample Kolmogorov-Smirnov distance. */
export function smirnovZ(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  const total = (counts: ReadonlyMap<number, number>): number =>
    [...counts.values()].reduce((x, y) => x + y, 0);
  const [allA, allB] = [total(a), total(b)];
  let [sumA, sumB, distance] = [0, 0, 0];
  for (const x of [...new Set([...a.keys(), ...b.keys()])].sort((l, r) => l - r)) {
    sumA += a.get(x) ?? 0;
    sumB += b.get(x) ?? 0;
    distance = Math.max(distance, Math.abs(sumA / allA - sumB / allB));
  }
  const lambda = distance * Math.sqrt((allA * allB) / (allA + allB));
  let p = 0;
  for (let j = 1; j <= 100; j += 1) p += (j % 2 === 1 ? 2 : -2) * Math.exp(-2 * j * j * lambda * lambda);
  return lambda < 0.3 ? 0 : zOfTail(Math.min(1, Math.max(0, p)));
}

function zOfTail(p: number): number {
  if (p >= 1) return 0;
  let low = 0;
  let high = 40;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (normalTwoSided(middle) > p) low = middle;
    else high = middle;
  }
  return low;
}
