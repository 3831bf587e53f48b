/**
 * How far the conductor's clock is ahead of this process's, from round trips.
 * Owns: the estimate and its error. Does not own: sending pings (agent-link.ts).
 * Idea: NTP's clock filter (D. Mills, RFC 5905): of the last samples the one with the shortest round trip tells best.
 */
import type { ClockEstimate } from '#node/agent-protocol.ts';

interface Sample {
  readonly offsetUs: number;
  /** Round trip without the time the conductor held it: the offset is off by at most half of it. */
  readonly roundTripUs: number;
}

const samplesMost = 16;

export class ClockOffset {
  #samples: Sample[] = [];
  #count = 0;
  #isStale = false;

  /** Sent and arrived on this process's clock, received and answered on the conductor's. Impossible ones are ignored. */
  add(sentUs: number, receivedUs: number, answeredUs: number, arrivedUs: number): void {
    const roundTripUs = arrivedUs - sentUs - (answeredUs - receivedUs);
    if (arrivedUs < sentUs || answeredUs < receivedUs || roundTripUs < 0) return;
    if (this.#isStale) this.#samples = [];
    this.#isStale = false;
    const offsetUs = (receivedUs - sentUs + (answeredUs - arrivedUs)) / 2;
    this.#samples.push({ offsetUs, roundTripUs });
    if (this.#samples.length > samplesMost) this.#samples.shift();
    this.#count += 1;
  }

  /** A new connection: the other end may be another process with another clock. Its first sample replaces all before. */
  renew(): void {
    this.#isStale = true;
  }

  get isKnown(): boolean {
    return this.#samples.length > 0;
  }

  get estimate(): ClockEstimate {
    let best = this.#samples[0];
    if (best === undefined) return { offsetUs: 0, errorUs: 0, samples: 0 };
    for (const sample of this.#samples) if (sample.roundTripUs < best.roundTripUs) best = sample;
    return {
      offsetUs: Math.round(best.offsetUs),
      errorUs: Math.ceil(best.roundTripUs / 2),
      samples: this.#count,
    };
  }

  toOwnUs(conductorUs: number): number {
    return conductorUs - this.estimate.offsetUs;
  }
}
