/**
 * The adaptive timeout of a node: smoothed round trip plus four deviations.
 * Owns: the estimator of RFC 6298 (section 2; Karn: retried queries are not sampled), per hosted node.
 * Does not own: timers. Times are microseconds.
 */

export class RoundTrip {
  readonly #smoothedUs: Float64Array;
  readonly #deviationUs: Float64Array;
  readonly #initialUs: number;
  readonly #leastUs: number;
  readonly #mostUs: number;

  constructor(
    hosted: number,
    bounds: { readonly initialUs: number; readonly leastUs: number; readonly mostUs: number },
  ) {
    this.#smoothedUs = new Float64Array(hosted).fill(-1);
    this.#deviationUs = new Float64Array(hosted);
    this.#initialUs = bounds.initialUs;
    this.#leastUs = bounds.leastUs;
    this.#mostUs = bounds.mostUs;
  }

  observe(node: number, roundTripUs: number): void {
    const smoothed = this.#smoothedUs[node]!;
    if (smoothed < 0) {
      this.#smoothedUs[node] = roundTripUs;
      this.#deviationUs[node] = roundTripUs / 2;
      return;
    }
    const error = roundTripUs - smoothed;
    const distance = error < 0 ? -error : error;
    this.#deviationUs[node]! += (distance - this.#deviationUs[node]!) / 4;
    this.#smoothedUs[node] = smoothed + error / 8;
  }

  timeoutUs(node: number): number {
    const smoothed = this.#smoothedUs[node]!;
    if (smoothed < 0) return this.#initialUs;
    const timeout = Math.ceil(smoothed + 4 * this.#deviationUs[node]!);
    if (timeout < this.#leastUs) return this.#leastUs;
    return timeout > this.#mostUs ? this.#mostUs : timeout;
  }

  /** After a restart nothing is known. */
  forget(node: number): void {
    this.#smoothedUs[node] = -1;
  }
}
