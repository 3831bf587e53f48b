/**
 * Samples of peers drawn several at a time.
 * Owns: which samples are drawn so. Does not own: the draw (poll-draws.c), the plain one, which gives the same peers (node/core/sampler.ts).
 */
import { type Exclusions, Sampler } from '#node/core/sampler.ts';
import type { PollDraws } from './poll-draws.ts';

export class VectorSampler extends Sampler {
  readonly #draws: PollDraws;
  readonly #others: number;
  constructor(draws: PollDraws) {
    super(draws.members);
    this.#draws = draws;
    this.#others = draws.members - 1;
  }

  override sample(
    self: number,
    k: number,
    keyA: number,
    keyB: number,
    out: Int32Array,
    at: number,
    exclusions: Exclusions | null,
  ): number {
    if (2 * k > this.#others || (exclusions !== null && exclusions.count(self) > 0))
      return super.sample(self, k, keyA, keyB, out, at, exclusions);
    const outAt = this.#draws.addressOf(out);
    if (outAt >= 0) {
      this.#draws.sample(self, k, keyA, keyB, this.#others, outAt + 4 * at);
      return k;
    }
    const { peers } = this.#draws;
    this.#draws.sample(self, k, keyA, keyB, this.#others, peers.byteOffset);
    for (let slot = 0; slot < k; slot++) out[at + slot] = peers[slot]!;
    return k;
  }
}
