/**
 * Whether the main thread may check one signature itself: it does so only for a small share of its time.
 * Owns: that share, by the clock. Does not own: the check, or the threads that take everything else (verification-pipeline.ts).
 *
 * A node with a few vertices a second spends more on waking a thread, copying and coming back than on the check. Under load
 * the share is used up at once, and threads work in parallel as before.
 */

export class SpareMoment {
  readonly #share: number;
  readonly #nowUs: () => number;
  #nextUs = 0;

  /** `share` 0..1 of the time. */
  constructor(share: number, nowUs: () => number = () => performance.now() * 1_000) {
    this.#share = share;
    this.#nowUs = nowUs;
  }

  isNow(): boolean {
    return this.#share > 0 && this.#nowUs() >= this.#nextUs;
  }

  /** A check was done: the next one waits until this one is no more than the share of the time. */
  took(us: number): void {
    this.#nextUs = this.#nowUs() + us / this.#share;
  }
}
