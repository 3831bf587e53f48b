/**
 * A log-linear histogram of non-negative integers (microseconds): 128 buckets per power of two.
 * Owns: recording with weights, merging, quantiles within 0.8 %, exact mean and extremes, the serialised form.
 * Does not own: what is recorded. `record` allocates nothing; memory is 36 KiB whatever is recorded.
 * Idea: HdrHistogram (G. Tene, hdrhistogram.org), with half the decades dropped.
 */

const bucketBits = 7;
const perOctave = 1 << bucketBits;
/** Values up to 2^40 us (12.7 days) are told apart; larger ones count in the last bucket, the maximum stays exact. */
const largestExponent = 39;
const bucketCount = (largestExponent - bucketBits + 2) * perOctave;
const word = 4_294_967_296;

/** Index of the bucket of an integer >= 0: linear below 256, then 128 per octave. */
function bucketOf(value: number): number {
  if (value < word) {
    const exponent = 31 - Math.clz32(value | 1);
    if (exponent <= bucketBits) return value;
    return ((exponent - bucketBits) << bucketBits) + (value >>> (exponent - bucketBits));
  }
  const high = Math.floor(value / 4_096);
  if (high >= 2 ** (largestExponent - 11)) return bucketCount - 1;
  const exponent = 31 - Math.clz32(high);
  return ((exponent + 12 - bucketBits) << bucketBits) + (high >>> (exponent - bucketBits));
}

/** Largest integer that falls into the bucket. */
function upperOf(bucket: number): number {
  if (bucket < 2 * perOctave) return bucket;
  const shift = (bucket >>> bucketBits) - 1;
  return (perOctave + (bucket & (perOctave - 1)) + 1) * 2 ** shift - 1;
}

/**
 * Invariants: total = sum of all counts; least <= every recorded value <= most.
 * Weights are non-negative; sums stay exact below 2^53.
 */
export class Histogram {
  readonly #counts = new Float64Array(bucketCount);
  #total = 0;
  #sum = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  /** Adds `weight` observations of an integer >= 0. */
  record(valueUs: number, weight: number): void {
    const bucket = bucketOf(valueUs);
    this.#counts[bucket] = this.#counts[bucket]! + weight;
    this.#total += weight;
    this.#sum += valueUs * weight;
    if (valueUs < this.#least) this.#least = valueUs;
    if (valueUs > this.#most) this.#most = valueUs;
  }

  /** Adds everything another histogram recorded; the result equals recording both. */
  merge(other: Histogram): void {
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      this.#counts[bucket] = this.#counts[bucket]! + other.#counts[bucket]!;
    }
    this.#total += other.#total;
    this.#sum += other.#sum;
    if (other.#least < this.#least) this.#least = other.#least;
    if (other.#most > this.#most) this.#most = other.#most;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#sum = 0;
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = 0;
  }

  get total(): number {
    return this.#total;
  }

  /** Microseconds; null when empty. */
  get meanUs(): number | null {
    return this.#total > 0 ? this.#sum / this.#total : null;
  }

  get leastUs(): number | null {
    return this.#total > 0 ? this.#least : null;
  }

  get mostUs(): number | null {
    return this.#total > 0 ? this.#most : null;
  }

  /**
   * The smallest value that at least `share` of all observations do not exceed, rounded up by at most 0.8 %.
   * `later` more observations are taken to lie above everything recorded; null when the quantile is one of
   * them, or when there is nothing.
   */
  quantileUs(share: number, later = 0): number | null {
    const rank = Math.max(Math.ceil(share * (this.#total + later) - 1e-9), 1);
    if (this.#total <= 0 || rank > this.#total) return null;
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return bucket === bucketCount - 1 ? this.#most : this.#clamp(upperOf(bucket));
    }
    return this.#most;
  }

  /** Non-empty buckets in ascending order as [upper bound in milliseconds, observations]. */
  toPairs(): [upperMs: number, count: number][] {
    const pairs: [number, number][] = [];
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const count = this.#counts[bucket]!;
      if (count > 0) pairs.push([this.#clamp(upperOf(bucket)) / 1_000, count]);
    }
    return pairs;
  }

  #clamp(valueUs: number): number {
    return Math.min(Math.max(valueUs, this.#least), this.#most);
  }
}
