/**
 * A log-linear histogram of microseconds that hands over what came since the last time: the form in which agents push latencies.
 * Owns: 128 buckets per power of two (at most 0.8 % wide), recording without allocation, sparse deltas.
 * Does not own: quantiles; the conductor adds the deltas of all agents up and reads them there.
 */
import type { HistogramDelta } from '#node/agent-push.ts';

const bucketBits = 7;
const perOctave = 1 << bucketBits;
/** Values up to 2^31 us (36 minutes) are told apart, later ones count in the last bucket. */
const largestUs = 0x7fff_ffff;
const bucketCount = (30 - bucketBits + 2) * perOctave;

/** Linear below 256, then 128 per power of two. */
function bucketOf(valueUs: number): number {
  const exponent = 31 - Math.clz32(valueUs | 1);
  if (exponent <= bucketBits) return valueUs;
  return ((exponent - bucketBits) << bucketBits) + (valueUs >>> (exponent - bucketBits));
}

/** The largest value of a bucket. */
function upperOf(bucket: number): number {
  if (bucket < 2 * perOctave) return bucket;
  const shift = (bucket >>> bucketBits) - 1;
  return (perOctave + (bucket & (perOctave - 1)) + 1) * 2 ** shift - 1;
}

/** Invariant: `#touched` names every bucket whose count is not 0, once. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(bucketCount);
  #touched: number[] = [];

  /** Adds `weight` observations of a value; below 0 counts as 0, beyond 36 minutes as 36 minutes. */
  record(valueUs: number, weight = 1): void {
    if (weight <= 0) return;
    const bucket = bucketOf(Math.min(Math.max(Math.round(valueUs), 0), largestUs));
    if (this.#counts[bucket] === 0) this.#touched.push(bucket);
    this.#counts[bucket]! += weight;
  }

  /** Everything since the last call, in ascending order, as [largest value of the bucket, observations]; forgets it. */
  takeDelta(): HistogramDelta {
    const delta = this.#touched
      .sort((a, b) => a - b)
      .map((bucket): [number, number] => [upperOf(bucket), this.#counts[bucket]!]);
    for (const bucket of this.#touched) this.#counts[bucket] = 0;
    this.#touched = [];
    return delta;
  }
}
