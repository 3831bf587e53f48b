/**
 * How long to wait before the next attempt: doubling from attempt to attempt, with jitter, up to a limit.
 * Owns: the attempts of one peer. Does not own: time, who waits.
 * Jitter is the full upper half: nodes that lost the same peer at the same time do not come back together.
 */

export interface BackoffOptions {
  readonly leastUs: number;
  readonly mostUs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure and says how long to wait after it. */
  failed(): number {
    const { leastUs, mostUs, random } = this.#options;
    const wholeUs = Math.min(mostUs, leastUs * 2 ** Math.min(this.#failures, 40));
    this.#failures += 1;
    return Math.round(wholeUs * (0.5 + random() / 2));
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
