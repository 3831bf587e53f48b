/**
 * The adaptive timeout of a node: smoothed round trip plus four deviations, doubled while nothing is heard.
 * Owns: the estimator of RFC 6298 (sections 2 and 5.5; Karn: retried queries are not sampled), per hosted node.
 * Does not own: timers. Times are microseconds.
 */

import { type ArrayMaker, plainArrays } from './arrays.ts';

export class RoundTrip {
  readonly smoothedUs: Float64Array;
  readonly deviationUs: Float64Array;
  readonly backOff: Float64Array;
  readonly #initialUs: number;
  readonly leastUs: number;
  readonly #mostUs: number;

  constructor(
    hosted: number,
    bounds: { readonly initialUs: number; readonly leastUs: number; readonly mostUs: number },
    arrays: ArrayMaker = plainArrays,
  ) {
    this.smoothedUs = arrays.float64(hosted).fill(-1);
    this.deviationUs = arrays.float64(hosted);
    this.backOff = arrays.float64(hosted).fill(1);
    this.#initialUs = bounds.initialUs;
    this.leastUs = bounds.leastUs;
    this.#mostUs = bounds.mostUs;
  }

  observe(node: number, roundTripUs: number): void {
    this.backOff[node] = 1;
    const smoothed = this.smoothedUs[node]!;
    if (smoothed < 0) {
      this.smoothedUs[node] = roundTripUs;
      this.deviationUs[node] = roundTripUs / 2;
      return;
    }
    const error = roundTripUs - smoothed;
    const distance = error < 0 ? -error : error;
    this.deviationUs[node]! += (distance - this.deviationUs[node]!) / 4;
    this.smoothedUs[node] = smoothed + error / 8;
  }

  /**
   * No query of a poll was answered in time. Answers that always come too late are never sampled: without doubling, a
   * network slower than its first timeout would repeat every query for ever and slow itself down further.
   */
  heardNothing(node: number): void {
    if (this.timeoutUs(node) < this.#mostUs) this.backOff[node]! *= 2;
  }

  timeoutUs(node: number): number {
    const smoothed = this.smoothedUs[node]!;
    const plain = smoothed < 0 ? this.#initialUs : Math.ceil(smoothed + 4 * this.deviationUs[node]!);
    const timeout = (plain < this.leastUs ? this.leastUs : plain) * this.backOff[node]!;
    return timeout > this.#mostUs ? this.#mostUs : timeout;
  }

  /** After a restart nothing is known. */
  forget(node: number): void {
    this.smoothedUs[node] = -1;
    this.backOff[node] = 1;
  }
}
