/**
 * Actions that are due later, in order of time, behind one timer.
 * Owns: the one timer and when it is armed. Does not own: the order (time-heap.ts), why something waits (conditions.ts), the clock.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { TimeHeap } from './time-heap.ts';

/** Invariant: while anything waits, the timer is armed for the first or sooner. */
export class DelayQueue {
  readonly #clock: Clock;
  /** Timers tick in milliseconds and never early: what is due this soon runs with the tick, so that delays are right on average. */
  readonly #earlyUs: number;
  readonly #heap = new TimeHeap<() => void>();
  #timer: ClockHandle | null = null;
  #timerUs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(clock: Clock, earlyUs = 0) {
    this.#clock = clock;
    this.#earlyUs = earlyUs;
  }

  get size(): number {
    return this.#heap.size;
  }

  add(dueUs: number, act: () => void): void {
    if (this.#isClosed) return;
    this.#heap.add(dueUs, act);
    this.#arm();
  }

  /** Forgets everything that waits; later additions are ignored. */
  close(): void {
    this.#isClosed = true;
    this.#heap.clear();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    const first = this.#heap.first;
    if (first === undefined) return;
    const atUs = first.atUs - this.#earlyUs;
    if (atUs >= this.#timerUs) return;
    this.#timer?.cancel();
    this.#timerUs = atUs;
    this.#timer = this.#clock.at(atUs, () => this.#run());
  }

  #run(): void {
    this.#timer = null;
    // Actions may add: the loop or the arming after it sees to that.
    this.#timerUs = Number.NEGATIVE_INFINITY;
    const untilUs = this.#clock.nowUs() + this.#earlyUs;
    const before = this.#heap.added;
    try {
      for (let next = this.#heap.first; next !== undefined; next = this.#heap.first) {
        // What was added meanwhile waits for the next tick, lest actions that add actions never end.
        if (next.atUs > untilUs || next.sequence >= before) break;
        this.#heap.removeFirst();
        next.value();
      }
    } finally {
      this.#timerUs = Number.POSITIVE_INFINITY;
      if (!this.#isClosed) this.#arm();
    }
  }
}
