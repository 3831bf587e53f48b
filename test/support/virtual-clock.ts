/**
 * A clock that moves only when told: actions run in order of their times, nothing waits.
 * Owns: time and what is due. Does not own: promises; `settle` lets those run that wait for nothing but each other.
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';
import { TimeHeap } from '#node/host/transport/time-heap.ts';

interface Due {
  act: (() => void) | null;
}

export class VirtualClock implements Clock {
  #nowUs: number;
  #waiting = 0;
  readonly #heap = new TimeHeap<Due>();

  constructor(startUs = 1_000_000) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  at(atUs: number, act: () => void): ClockHandle {
    const due: Due = { act };
    this.#waiting += 1;
    this.#heap.add(Math.max(this.#nowUs, Math.ceil(atUs)), due);
    const cancel = (): void => {
      if (due.act !== null) this.#waiting -= 1;
      due.act = null;
    };
    return { cancel };
  }

  /** Actions that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs everything due within the next `forUs`, in order, and ends at that time. */
  advance(forUs: number): void {
    const untilUs = this.#nowUs + forUs;
    while (this.#runNext(untilUs));
    this.#nowUs = untilUs;
  }

  /** The same, but promises that an action settled run before later actions. */
  async advanceSettling(forUs: number): Promise<void> {
    const untilUs = this.#nowUs + forUs;
    await this.settle();
    while (this.#runNext(untilUs)) await this.settle();
    this.#nowUs = untilUs;
  }

  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #runNext(untilUs: number): boolean {
    for (let next = this.#heap.first; next !== undefined; next = this.#heap.first) {
      const { act } = next.value;
      if (act !== null && next.atUs > untilUs) return false;
      this.#heap.removeFirst();
      if (act === null) continue;
      next.value.act = null;
      this.#waiting -= 1;
      this.#nowUs = Math.max(this.#nowUs, next.atUs);
      act();
      return true;
    }
    return false;
  }
}
