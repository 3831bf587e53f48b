/**
 * Seeded chance for forecasts: uniform numbers by name and index, and the few distributions a forecast draws from.
 * Owns: numbers that depend on (seed, stream, index) only, and quantiles. Does not own: what is drawn (risk.ts, sampled-cost.ts).
 * Every distribution is drawn by inversion, so that a larger parameter never gives a smaller draw: a search over hours or VMs
 * compares like with like.
 */

/** Finaliser of MurmurHash3: every input bit moves every output bit. */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const TWO_32 = 4_294_967_296;

/** In (0, 1), never an end. */
export function uniform(seed: number, stream: number, index: number): number {
  const key = mix(mix(mix(seed + 0x9e3779b9) + stream + 0x7f4a7c15) + index + 0x165667b1);
  return ((mix(key) >>> 0) + 0.5) / TWO_32;
}

const known = new Map<string, Float64Array>();
const MOST_KNOWN = 2_048;

/** `count` uniform numbers of a stream. Kept, because a search asks for the same stream hundreds of times; not to be written to. */
export function uniforms(seed: number, stream: number, count: number): Float64Array {
  const key = `${seed}/${stream}/${count}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const drawn = new Float64Array(count);
  for (let index = 0; index < count; index += 1) drawn[index] = uniform(seed, stream, index);
  known.set(key, drawn);
  return drawn;
}

/** Piecewise-linear quantile function through points of rising probability; the first is at 0, the last at 1. */
export function quantileAt(
  points: readonly (readonly [probability: number, value: number])[],
  u: number,
): number {
  for (let i = 1; i < points.length; i += 1) {
    const [to, high] = points[i] ?? [1, 0];
    if (u > to) continue;
    const [from, low] = points[i - 1] ?? [0, 0];
    return to === from ? high : low + ((u - from) / (to - from)) * (high - low);
  }
  return points.at(-1)?.[1] ?? 0;
}

/** Above this mean the normal law stands in for Poisson's. */
const LARGE_MEAN = 400;

/** Inverse of the normal law, relative error below 1.2e-9 (P. J. Acklam's rational approximation, central and tail part). */
export function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const poly = (terms: readonly number[], x: number): number =>
    terms.reduce((sum, term) => sum * x + term, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / poly(d, q);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  return (poly(a, q * q) * q) / poly(b, q * q);
}

/** Number of events with this mean. */
export function poisson(mean: number, u: number): number {
  if (mean <= 0) return 0;
  if (mean > LARGE_MEAN) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normalQuantile(u)));
  let probability = Math.exp(-mean);
  let below = probability;
  let count = 0;
  while (u > below && count < 10_000) {
    count += 1;
    probability *= mean / count;
    below += probability;
  }
  return count;
}

/** How often something is tried again before it succeeds, each try failing with `share`; at most `most`. */
export function retries(share: number, u: number, most: number): number {
  if (u > share) return 0;
  return Math.min(most, Math.floor(Math.log(u) / Math.log(share)));
}

/**
 * The value that a `share` of the draws does not exceed (nearest rank). Reorders the draws: finding one rank is several times cheaper
 * than sorting them (Hoare's selection).
 */
export function selectQuantile(draws: Float64Array, share: number): number {
  const rank = Math.min(draws.length - 1, Math.max(0, Math.ceil(share * draws.length) - 1));
  let from = 0;
  let to = draws.length - 1;
  while (from < to) {
    const pivot = draws[(from + to) >> 1] ?? 0;
    let i = from;
    let j = to;
    while (i <= j) {
      while ((draws[i] ?? 0) < pivot) i += 1;
      while ((draws[j] ?? 0) > pivot) j -= 1;
      if (i > j) break;
      const swapped = draws[i] ?? 0;
      draws[i] = draws[j] ?? 0;
      draws[j] = swapped;
      i += 1;
      j -= 1;
    }
    if (rank <= j) to = j;
    else if (rank >= i) from = i;
    else break;
  }
  return draws[rank] ?? 0;
}
