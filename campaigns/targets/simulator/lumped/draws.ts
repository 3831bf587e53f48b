/**
 * Random counts for groups of nodes: binomial and hypergeometric draws without logarithm or exponential.
 * Owns: exact inversion from ratios of neighbouring weights, and a table for a law that is drawn from again and again.
 * Does not own: what is counted (workload-chain.ts, decision-chain.ts) or stream keys (node/core/random.ts).
 * A draw is a function of (key, counter): the same key gives the same counts on every machine.
 */
import { mix, purpose, streamKey } from '#node/core/random.ts';

const toUnit = 1 / 9_007_199_254_740_992;
/** Below this mean a walk from zero is shorter than a walk from the mode. */
const shortWalkMean = 12;
/** Weights this far below that of the mode cannot be reached by a draw of 53 bits. */
const lightest = 1e-18;

export class Draws {
  readonly #a: number;
  readonly #b: number;
  #counter = 0;
  #upper = new Float64Array(256);

  /** `index` tells streams of one seed apart: classes of nodes, loads, decisions. */
  constructor(seed: number, index: number) {
    this.#a = streamKey(seed, index, purpose.poll, 0x1d);
    this.#b = streamKey(seed, index, purpose.poll, 0x2e);
  }

  /** Uniform in [0, 1) with 53 bits. */
  unit(): number {
    const counter = this.#counter++;
    const high = mix(this.#a, this.#b, counter) >>> 5;
    const low = mix(this.#b, this.#a, counter) >>> 6;
    return (high * 67_108_864 + low) * toUnit;
  }

  /** Uniform integer in [0, bound), bound a whole number below 2^53. */
  below(bound: number): number {
    return Math.min(bound - 1, Math.floor(this.unit() * bound));
  }

  /** Successes in `trials` independent trials of probability `p`; `q` = 1 - p to full precision. */
  binomial(trials: number, p: number, q: number): number {
    if (trials === 0 || p <= 0) return 0;
    if (q <= 0) return trials;
    // Near one half rounding may leave both above it.
    if (p > 0.5 && p > q) return trials - this.binomial(trials, q, p);
    const odds = p / q;
    if (trials * p < shortWalkMean) {
      let left = this.unit();
      let weight = power(q, trials);
      let x = 0;
      while (left >= weight && x < trials) {
        left -= weight;
        weight *= ((trials - x) / (x + 1)) * odds;
        x += 1;
        if (weight < lightest && x > trials * p) break;
      }
      return x;
    }
    const mode = Math.min(trials, Math.floor((trials + 1) * p));
    return this.#fromMode(mode, 0, trials, (x) => ((trials - x) / (x + 1)) * odds);
  }

  /** Marked ones among `drawn` distinct members of `population`, `marked` of which are marked. */
  hypergeometric(population: number, marked: number, drawn: number): number {
    const unmarked = population - marked;
    const least = Math.max(0, drawn - unmarked);
    const most = Math.min(drawn, marked);
    if (least === most) return least;
    const peak = Math.floor(((drawn + 1) * (marked + 1)) / (population + 2));
    return this.#fromMode(Math.min(most, Math.max(least, peak)), least, most, (x) => {
      return ((marked - x) * (drawn - x)) / ((x + 1) * (unmarked - drawn + x + 1));
    });
  }

  /** Inversion over the weights around the mode: w(x+1) = w(x) x ratio(x). */
  #fromMode(mode: number, least: number, most: number, ratio: (x: number) => number): number {
    let from = mode;
    let total = 1;
    for (let weight = 1; from > least; from -= 1) {
      weight /= ratio(from - 1);
      if (weight < lightest) break;
      total += weight;
    }
    let until = mode;
    for (let weight = 1; until < most; until += 1) {
      weight *= ratio(until);
      if (weight < lightest) break;
      if (until - mode >= this.#upper.length) this.#upper = grown(this.#upper);
      this.#upper[until - mode] = weight;
      total += weight;
    }
    let left = this.unit() * total - 1;
    if (left < 0) return mode;
    for (let i = 0; i < until - mode; i += 1) {
      left -= this.#upper[i]!;
      if (left < 0) return mode + 1 + i;
    }
    let weight = 1;
    for (let x = mode; x > from; x -= 1) {
      weight /= ratio(x - 1);
      left -= weight;
      if (left < 0) return x - 1;
    }
    return mode;
  }
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(2 * array.length);
  wide.set(array);
  return wide;
}

/** base^exponent by repeated squaring; the exponent is a whole number of at most 31 bits. */
export function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left >>= 1) {
    if ((left & 1) === 1) result *= square;
    square *= square;
  }
  return result;
}

/** A law that is drawn from in every round: cumulative weights and where to begin looking. */
export class CountTable {
  readonly #least: number;
  readonly #cumulative: Float64Array;
  readonly #guide: Int32Array;

  constructor(least: number, weights: readonly number[]) {
    this.#least = least;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#cumulative = new Float64Array(weights.length);
    let sum = 0;
    weights.forEach((weight, i) => {
      sum += weight;
      this.#cumulative[i] = sum / total;
    });
    this.#cumulative[weights.length - 1] = 1;
    this.#guide = new Int32Array(256);
    let at = 0;
    for (let i = 0; i < 256; i += 1) {
      while (this.#cumulative[at]! <= i / 256) at += 1;
      this.#guide[i] = at;
    }
  }

  draw(unit: number): number {
    let at = this.#guide[Math.floor(unit * 256)]!;
    while (this.#cumulative[at]! <= unit) at += 1;
    return this.#least + at;
  }
}

/** The table of w(x+1) = w(x) x ratio(x) on least..most around its mode. */
export function tableOf(mode: number, least: number, most: number, ratio: (x: number) => number): CountTable {
  const below: number[] = [];
  for (let x = mode, weight = 1; x > least; x -= 1) {
    weight /= ratio(x - 1);
    if (weight < lightest) break;
    below.push(weight);
  }
  const weights = [...below.reverse(), 1];
  for (let x = mode, weight = 1; x < most; x += 1) {
    weight *= ratio(x);
    if (weight < lightest) break;
    weights.push(weight);
  }
  return new CountTable(mode - below.length, weights);
}

/** Successes in `trials` trials of probability `p`. */
export function binomialTable(trials: number, p: number, q: number): CountTable {
  if (trials === 0 || p <= 0) return new CountTable(0, [1]);
  if (q <= 0) return new CountTable(trials, [1]);
  const mode = Math.min(trials, Math.floor((trials + 1) * p));
  return tableOf(mode, 0, trials, (x) => ((trials - x) / (x + 1)) * (p / q));
}

/** Arrivals of a Poisson stream in a round that expects `mean`. */
export function poissonTable(mean: number): CountTable {
  if (mean <= 0) return new CountTable(0, [1]);
  return tableOf(Math.floor(mean), 0, Number.MAX_SAFE_INTEGER, (x) => mean / (x + 1));
}
