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
    const draws = this.#draws;
    if (2 * k > this.#others || (exclusions !== null && exclusions.count(self) > 0)) {
      draws.sampledBy = -1;
      return super.sample(self, k, keyA, keyB, out, at, exclusions);
    }
    draws.sample(self, k, keyA, keyB, this.#others);
    draws.sampledBy = self;
    draws.sampledWith = keyA;
    const { peers } = draws;
    for (let slot = 0; slot < k; slot++) out[at + slot] = peers[slot]!;
    return k;
  }
}
