/**
 * Time on a machine with little CPU: each action of a node takes a while, and the next one waits for it.
 * Owns: that queueing. Does not own: time itself.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';

export class SlowClock implements Clock {
  readonly #base: Clock;
  readonly #costUs: number;
  #freeUs = 0;

  constructor(base: Clock, costUs: number) {
    this.#base = base;
    this.#costUs = costUs;
  }

  nowUs(): number {
    return this.#base.nowUs();
  }

  at(atUs: number, act: () => void): ClockHandle {
    const handle: { inner: ClockHandle | null; cancel: () => void } = {
      inner: null,
      cancel: () => handle.inner?.cancel(),
    };
    const arm = (dueUs: number): void => {
      handle.inner = this.#base.at(dueUs, () => {
        const nowUs = this.#base.nowUs();
        if (this.#freeUs > nowUs) {
          arm(this.#freeUs);
          return;
        }
        this.#freeUs = nowUs + this.#costUs;
        act();
      });
    };
    arm(atUs);
    return handle;
  }
}
