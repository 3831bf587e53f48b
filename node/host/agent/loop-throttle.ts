/**
 * Slows a process down: its event loop is held still for most of the time, as if it got a part of a CPU only.
 * Owns: the rhythm, and the count of what was withheld. Does not own: when (fault-board.ts). Costs no CPU: the thread sleeps.
 *
 * The main thread alone is held; verification in the thread pool goes on. That is less than a slower CPU would do, and is said so.
 */

const sliceUs = 10_000;

/** Invariant: over each stretch the loop is held (factor - 1) / factor of the time. */
export class LoopThrottle {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #factor = 1;
  #timer: NodeJS.Timeout | null = null;
  /** Total time withheld, microseconds. */
  heldUs = 0;

  get factor(): number {
    return this.#factor;
  }

  set(factor: number): void {
    this.#factor = factor;
    if (factor > 1 && this.#timer === null) this.#next();
    if (factor <= 1 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  #next(): void {
    const startedUs = performance.now() * 1_000;
    this.#timer = setTimeout(() => {
      // What the loop has used since it was let go is what it owes for.
      const usedUs = Math.min(performance.now() * 1_000 - startedUs, 20 * sliceUs);
      const holdMs = (usedUs * (this.#factor - 1)) / 1_000;
      const beforeMs = performance.now();
      Atomics.wait(this.#cell, 0, 0, Math.min(holdMs, 1_000));
      this.heldUs += Math.round((performance.now() - beforeMs) * 1_000);
      this.#next();
    }, sliceUs / 1_000);
  }
}
