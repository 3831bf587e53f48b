/**
 * Draws k distinct peers uniformly without replacement, from a counter-based stream.
 * Owns: the draw, for one poll or one replacement peer. Does not own: who is excluded (Exclusions), what is sent.
 * The draw depends on the stream only, never on earlier polls: two fidelities that share streams share samples.
 */
import { below, mix, mixBegin, mixEnd, weylStep } from './random.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const draw32 = mix;
const bounded = below;
const begin32 = mixBegin;
const end32 = mixEnd;
const step = weylStep;

/** Peers a node leaves out of its samples. */
export interface Exclusions {
  /** Number of peers that `node` excludes. */
  count(node: number): number;
  excludes(node: number, peer: number): boolean;
}

const peerStream = 0;
const spareStream = 1 << 20;
const nobody = new Int32Array(0);

export class Sampler {
  readonly #members: number;
  /** Members seen in this epoch. Bytes: the whole network stays in the nearest cache. */
  readonly #stamp: Uint8Array;
  readonly #order: Int32Array;
  #epoch = 0;
  /** Peers that `takeSpare` can still give. */
  #spares = 0;

  constructor(members: number) {
    this.#members = members;
    this.#stamp = new Uint8Array(members);
    this.#order = new Int32Array(members);
  }

  /** Writes up to k peers of `self` to out[at..]; returns how many (fewer than k when too many are excluded). */
  sample(
    self: number,
    k: number,
    keyA: number,
    keyB: number,
    out: Int32Array,
    at: number,
    exclusions: Exclusions | null,
  ): number {
    const left = exclusions === null ? 0 : exclusions.count(self);
    if (left > 0) return this.#sampleEligible(self, k, keyA, keyB, out, at, exclusions!);
    if (2 * k > this.#members - 1)
      return this.#shuffle(self, k, keyA, keyB, out, at, this.#members - 1, false, exclusions);
    const others = this.#members - 1;
    const epoch = this.#nextEpoch();
    const stamp = this.#stamp;
    let weyl = Math.imul(peerStream, step);
    // Without a branch, which no processor could predict: peers from `self` on move up by one, and who was drawn before is
    // written over by the next.
    for (let i = at; i < at + k; weyl = (weyl + step) | 0) {
      const draw = bounded(end32(begin32(keyA, weyl), keyB), others);
      const peer = draw + ((self - 1 - draw) >>> 31);
      const seen = stamp[peer]!;
      stamp[peer] = epoch;
      out[i] = peer;
      i += ((seen ^ epoch) + 255) >>> 8;
    }
    return k;
  }

  /** Who may be asked in place of others: neither `self`, nor excluded, nor among taken[at .. at + k) or `before`. `takeSpare` follows. */
  beginSpares(
    self: number,
    taken: Int32Array,
    at: number,
    k: number,
    exclusions: Exclusions | null,
    before: Int32Array = nobody,
  ): void {
    const epoch = this.#nextEpoch();
    let free = this.#members - 1;
    for (let i = 0; i < k + before.length; i++) {
      const peer = i < k ? taken[at + i]! : before[i - k]!;
      if (peer === self || this.#stamp[peer] === epoch) continue;
      this.#stamp[peer] = epoch;
      free -= 1;
    }
    if (exclusions !== null && exclusions.count(self) > 0) {
      for (let peer = 0; peer < this.#members; peer++) {
        if (peer === self || this.#stamp[peer] === epoch || !exclusions.excludes(self, peer)) continue;
        this.#stamp[peer] = epoch;
        free -= 1;
      }
    }
    this.#spares = free;
  }

  /** One of them, who is taken from now on; -1 when there is none. No sample is drawn meanwhile. */
  takeSpare(self: number, keyA: number, keyB: number, slot: number): number {
    if (this.#spares <= 0) return -1;
    this.#spares -= 1;
    for (let counter = spareStream + slot * 4096; ; counter++) {
      const draw = bounded(draw32(keyA, keyB, counter), this.#members - 1);
      const peer = draw >= self ? draw + 1 : draw;
      if (this.#stamp[peer] === this.#epoch) continue;
      this.#stamp[peer] = this.#epoch;
      return peer;
    }
  }

  #sampleEligible(
    self: number,
    k: number,
    keyA: number,
    keyB: number,
    out: Int32Array,
    at: number,
    exclusions: Exclusions,
  ): number {
    const eligible = this.#members - 1 - exclusions.count(self);
    return this.#shuffle(self, Math.min(k, eligible), keyA, keyB, out, at, eligible, true, exclusions);
  }

  /** Partial Fisher-Yates over the eligible peers, from the identity each time. */
  #shuffle(
    self: number,
    k: number,
    keyA: number,
    keyB: number,
    out: Int32Array,
    at: number,
    eligible: number,
    filter: boolean,
    exclusions: Exclusions | null,
  ): number {
    const order = this.#order;
    let n = 0;
    for (let peer = 0; peer < this.#members; peer++) {
      if (peer === self || (filter && exclusions!.excludes(self, peer))) continue;
      order[n++] = peer;
    }
    for (let i = 0; i < k; i++) {
      const j = i + bounded(draw32(keyA, keyB, peerStream + i), eligible - i);
      const peer = order[j]!;
      order[j] = order[i]!;
      order[i] = peer;
      out[at + i] = peer;
    }
    return k;
  }

  #nextEpoch(): number {
    this.#epoch += 1;
    if (this.#epoch === 256) {
      this.#stamp.fill(0);
      this.#epoch = 1;
    }
    return this.#epoch;
  }
}
