/**
 * A probability law on consecutive integers whose tails stay exact far below the smallest double.
 * Owns: weights as (mantissa, exponent) pairs, their prefix and suffix sums, and the questions asked of a law.
 * Does not own: which law it is (hypergeometric.ts, binomial.ts, yes-votes.ts).
 * No logarithm or gamma function is used to form a weight: only ratios, products and sums of positive terms, so every
 * pmf and both tails carry a relative error of about (number of terms) x 1e-16, however deep the tail.
 */

export interface DiscreteLaw {
  readonly least: number;
  readonly most: number;
  pmf(x: number): number;
  /** P(X >= x); summed from the top, so a value of 1e-300 is exact. */
  atLeast(x: number): number;
  /** P(X <= x); summed from the bottom. */
  atMost(x: number): number;
  /** log10 P(X >= x); finite where the double itself would be 0; -Infinity when impossible. */
  log10AtLeast(x: number): number;
  log10AtMost(x: number): number;
}

// A value is mantissa x 2^(512 x exponent) with 2^-256 <= mantissa < 2^256, or mantissa 0.
const step = 2 ** 512;
const inverseStep = 2 ** -512;
const low = 2 ** -256;
const high = 2 ** 256;

// A search makes a hundred thousand laws of a hundred weights: memory of their own, which typed arrays have, took a quarter of its time.
class ScaledArray {
  readonly mantissa: number[];
  readonly exponent: number[];
  constructor(length: number) {
    this.mantissa = new Array<number>(length).fill(0);
    this.exponent = new Array<number>(length).fill(0);
  }
  set(index: number, mantissa: number, exponent: number): void {
    let m = mantissa;
    let e = exponent;
    if (m === 0) e = 0;
    while (m !== 0 && m < low) {
      m *= step;
      e -= 1;
    }
    while (m >= high) {
      m *= inverseStep;
      e += 1;
    }
    this.mantissa[index] = m;
    this.exponent[index] = e;
  }
  /** this[index] = a[i] + b[j]; terms more than 2^1024 apart cannot change the sum. */
  setSum(index: number, a: ScaledArray, i: number, b: ScaledArray, j: number): void {
    const am = a.mantissa[i]!;
    const bm = b.mantissa[j]!;
    const ae = a.exponent[i]!;
    const be = b.exponent[j]!;
    if (am === 0) this.set(index, bm, be);
    else if (bm === 0 || ae - be > 1) this.set(index, am, ae);
    else if (be - ae > 1) this.set(index, bm, be);
    else if (ae === be) this.set(index, am + bm, ae);
    else if (ae > be) this.set(index, am + bm * inverseStep, ae);
    else this.set(index, bm + am * inverseStep, be);
  }
}

function scaledToNumber(mantissa: number, exponent: number): number {
  let value = mantissa;
  for (let e = exponent; e < 0 && value !== 0; e += 1) value *= inverseStep;
  for (let e = exponent; e > 0; e -= 1) value *= step;
  return value;
}

function scaledToLog10(mantissa: number, exponent: number): number {
  return mantissa === 0 ? -Infinity : Math.log10(mantissa) + exponent * 512 * Math.LOG10E * Math.LN2;
}

class TabulatedLaw implements DiscreteLaw {
  readonly least: number;
  readonly most: number;
  readonly #weights: ScaledArray;
  readonly #above: ScaledArray; // above[i] = sum of the weights of least + i .. most
  #sums: ScaledArray | null = null;
  readonly #totalMantissa: number;
  readonly #totalExponent: number;

  constructor(least: number, weights: ScaledArray) {
    const count = weights.mantissa.length;
    this.least = least;
    this.most = least + count - 1;
    this.#weights = weights;
    this.#above = new ScaledArray(count);
    const top = count - 1;
    this.#above.set(top, weights.mantissa[top]!, weights.exponent[top]!);
    for (let i = top - 1; i >= 0; i -= 1) this.#above.setSum(i, this.#above, i + 1, weights, i);
    this.#totalMantissa = this.#above.mantissa[0]!;
    this.#totalExponent = this.#above.exponent[0]!;
  }

  /** By i the sum of the weights of least .. least + i. */
  get #below(): ScaledArray {
    if (this.#sums !== null) return this.#sums;
    const weights = this.#weights;
    const count = weights.mantissa.length;
    const sums = new ScaledArray(count);
    sums.set(0, weights.mantissa[0]!, weights.exponent[0]!);
    for (let i = 1; i < count; i += 1) sums.setSum(i, sums, i - 1, weights, i);
    this.#sums = sums;
    return sums;
  }

  #value(array: ScaledArray, index: number): number {
    return scaledToNumber(
      array.mantissa[index]! / this.#totalMantissa,
      array.exponent[index]! - this.#totalExponent,
    );
  }

  #log10(array: ScaledArray, index: number): number {
    return scaledToLog10(
      array.mantissa[index]! / this.#totalMantissa,
      array.exponent[index]! - this.#totalExponent,
    );
  }

  pmf(x: number): number {
    return x < this.least || x > this.most ? 0 : this.#value(this.#weights, x - this.least);
  }

  atLeast(x: number): number {
    if (x <= this.least) return 1;
    return x > this.most ? 0 : this.#value(this.#above, x - this.least);
  }

  atMost(x: number): number {
    if (x >= this.most) return 1;
    return x < this.least ? 0 : this.#value(this.#below, x - this.least);
  }

  log10AtLeast(x: number): number {
    if (x <= this.least) return 0;
    return x > this.most ? -Infinity : this.#log10(this.#above, x - this.least);
  }

  log10AtMost(x: number): number {
    if (x >= this.most) return 0;
    return x < this.least ? -Infinity : this.#log10(this.#below, x - this.least);
  }
}

/**
 * The law on least..most whose weights obey w(x+1) = w(x) x ratio(x), built from `mode` both ways.
 * `ratio` must be positive and finite on least..most-1.
 */
export function lawFromRatios(
  least: number,
  most: number,
  mode: number,
  ratio: (x: number) => number,
): DiscreteLaw {
  const weights = new ScaledArray(most - least + 1);
  weights.set(mode - least, 1, 0);
  for (let x = mode; x < most; x += 1) {
    const i = x - least;
    weights.set(i + 1, weights.mantissa[i]! * ratio(x), weights.exponent[i]!);
  }
  for (let x = mode - 1; x >= least; x -= 1) {
    const i = x - least;
    weights.set(i, weights.mantissa[i + 1]! / ratio(x), weights.exponent[i + 1]!);
  }
  return new TabulatedLaw(least, weights);
}

/** The law with the given non-negative weights on least, least + 1, ...; they are normalised. */
export function lawFromWeights(least: number, weights: ArrayLike<number>): DiscreteLaw {
  const scaled = new ScaledArray(weights.length);
  for (let i = 0; i < weights.length; i += 1) scaled.set(i, weights[i]!, 0);
  return new TabulatedLaw(least, scaled);
}
