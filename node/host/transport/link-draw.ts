/**
 * What a random draw does to one message under a network profile: lost or not, twice or once, and its delay.
 * Owns: the arithmetic, the same as the simulator's. Does not own: random streams, waiting, bandwidth, faults (conditions.ts).
 * A draw is 12 bits of delay and 20 bits of loss; delays come from a table of 4,096 equally likely values.
 */
import { mix, purpose, streamKey, unit } from '#node/core/random.ts';
import type { NetworkProfile } from '#node/model/network-profile.ts';

const tableSize = 4_096;
const lossResolution = 1 << 20;

export class LinkDraw {
  readonly profile: NetworkProfile;
  readonly #table: Float64Array;
  readonly #pairKey: number;

  /** `seed`: of the run; both ends of a pair derive the pair's delay from it. */
  constructor(profile: NetworkProfile, seed: number) {
    this.profile = profile;
    const [least, most] = profile.oneWayUs;
    this.#table = Float64Array.from({ length: tableSize }, (_, i) =>
      Math.round(least + ((most - least) * (2 * i + 1)) / (2 * tableSize)),
    );
    this.#pairKey = streamKey(seed, 0, purpose.pair, 0);
  }

  /** `extraLoss`: beside the profile's own. */
  isLost(draw: number, extraLoss: number): boolean {
    const kept = (1 - this.profile.loss) * (1 - extraLoss);
    return draw >>> 12 < Math.round((1 - kept) * lossResolution);
  }

  isDuplicated(draw: number): boolean {
    return this.profile.duplication > 0 && unit(mix(draw, this.#pairKey, 2)) < this.profile.duplication;
  }

  isHeldBack(draw: number): boolean {
    return this.profile.reorder > 0 && unit(mix(draw, this.#pairKey, 1)) < this.profile.reorder;
  }

  /** Microseconds on the way between two members. */
  delayUs(draw: number, a: number, b: number): number {
    const delayUs = this.#table[this.#tableIndex(draw, a, b)]!;
    return this.isHeldBack(draw) ? delayUs + this.profile.oneWayUs[1] : delayUs;
  }

  /** 'pair': nine tenths of the spread belong to the pair, one tenth to the message. */
  #tableIndex(draw: number, a: number, b: number): number {
    const own = draw & (tableSize - 1);
    if (this.profile.spread === 'message') return own;
    const pair = (mix(this.#pairKey, Math.min(a, b), Math.max(a, b)) >>> 20) * 0.9;
    return (pair + own * 0.1) | 0;
  }
}
