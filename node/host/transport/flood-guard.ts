/**
 * Whether one member sends more than anybody has reason to send.
 * Owns: two buckets that refill with time, frames and bytes. Does not own: what follows (libp2p-transport.ts), time.
 */
import type { TransportLimits } from './transport-limits.ts';

export class FloodGuard {
  readonly #limits: TransportLimits;
  #frames: number;
  #bytes: number;
  #atUs: number;

  constructor(limits: TransportLimits, nowUs: number) {
    this.#limits = limits;
    this.#frames = limits.floodFramesPerSecond * limits.floodBurstSeconds;
    this.#bytes = limits.floodBytesPerSecond * limits.floodBurstSeconds;
    this.#atUs = nowUs;
  }

  /** Counts what arrived; false when it is a flood. */
  admits(frames: number, bytes: number, nowUs: number): boolean {
    const { floodFramesPerSecond, floodBytesPerSecond, floodBurstSeconds } = this.#limits;
    const seconds = Math.max(0, nowUs - this.#atUs) / 1e6;
    this.#atUs = nowUs;
    const refill = (left: number, rate: number): number =>
      Math.min(rate * floodBurstSeconds, left + rate * seconds);
    this.#frames = refill(this.#frames, floodFramesPerSecond) - frames;
    this.#bytes = refill(this.#bytes, floodBytesPerSecond) - bytes;
    return this.#frames >= 0 && this.#bytes >= 0;
  }
}
