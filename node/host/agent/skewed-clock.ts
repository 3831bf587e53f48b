/**
 * The clock of one node: the process's clock, running too fast or too slow while a fault says so.
 * Owns: the skew, timers that keep to it, and converting between the two. Does not own: when it is skewed (fault-board.ts).
 */
import type { Clock, ClockHandle } from '#node/host/clock.ts';

/** Changes of the skew that are remembered: a time from before them converts with the oldest of them. */
const segmentsMost = 64;

interface Segment {
  /** Where it begins on both clocks. */
  readonly trueUs: number;
  readonly nodeUs: number;
  readonly rate: number;
}

/** Invariants: the node's time never goes back; segments join, oldest first. */
export class SkewedClock implements Clock {
  readonly #clock: Clock;
  #segments: Segment[];
  #ppm = 0;
  /** Largest distance from the process's clock so far. */
  #offUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    const nowUs = clock.nowUs();
    this.#segments = [{ trueUs: nowUs, nodeUs: nowUs, rate: 1 }];
  }

  setPpm(ppm: number): void {
    if (ppm === this.#ppm) return;
    this.#noteOffset();
    this.#ppm = ppm;
    const trueUs = this.#clock.nowUs();
    this.#segments.push({ trueUs, nodeUs: this.nowUs(), rate: 1 + ppm / 1_000_000 });
    if (this.#segments.length > segmentsMost) this.#segments.shift();
  }

  /** How far the node's clock was off at most, microseconds. */
  get offUs(): number {
    this.#noteOffset();
    return this.#offUs;
  }

  nowUs(): number {
    return Math.round(this.toNodeUs(this.#clock.nowUs()));
  }

  at(atUs: number, act: () => void): ClockHandle {
    // The skew may change while it waits: whoever wakes too early waits for the rest.
    let handle: ClockHandle;
    const wake = (): void => {
      if (this.nowUs() < atUs) handle = this.#wait(atUs, wake);
      else act();
    };
    handle = this.#wait(atUs, wake);
    return { cancel: () => handle.cancel() };
  }

  toNodeUs(trueUs: number): number {
    const segment = this.#segments.findLast((candidate) => candidate.trueUs <= trueUs) ?? this.#segments[0]!;
    return segment.nodeUs + (trueUs - segment.trueUs) * segment.rate;
  }

  toTrueUs(nodeUs: number): number {
    const segment = this.#segments.findLast((candidate) => candidate.nodeUs <= nodeUs) ?? this.#segments[0]!;
    return Math.round(segment.trueUs + (nodeUs - segment.nodeUs) / segment.rate);
  }

  #wait(atUs: number, wake: () => void): ClockHandle {
    const restUs = Math.max(0, atUs - this.nowUs());
    return this.#clock.at(this.#clock.nowUs() + Math.ceil(restUs / this.#segments.at(-1)!.rate), wake);
  }

  #noteOffset(): void {
    const trueUs = this.#clock.nowUs();
    this.#offUs = Math.max(this.#offUs, Math.abs(Math.round(this.toNodeUs(trueUs) - trueUs)));
  }
}
