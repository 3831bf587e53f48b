/**
 * Which vertices every node says yes to as long as it is honest, seen from outside of the network.
 * Owns: that set, surveyed now and then. Does not own: what single nodes know (node/core/standing.ts).
 * Invariant: while no vertices conflict and no node crashes, a vertex stays in the set until its slot is released.
 */
import type { Core } from '#node/core/core.ts';

/** Ticks between two surveys. */
const surveyTicks = 32;

export class CommonKnowledge {
  readonly #core: Core;
  /** Bits by word of the vertex table. */
  #everywhere = new Int32Array(0);
  #surveyedTick = -surveyTicks;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Every node says yes to the whole scope of a poll when it is honest, and nothing conflicts. */
  covers(poll: number, nowTick: number): boolean {
    const { polls, table } = this.#core;
    if (table.hasConflicts) return false;
    const words = polls.scopeWords(poll);
    const from = poll * polls.words;
    for (;;) {
      let missing = 0;
      for (let w = 0; w < words; w++) missing |= polls.scope[from + w]! & ~(this.#everywhere[w] ?? 0);
      if (missing === 0) return true;
      if (nowTick - this.#surveyedTick < surveyTicks) return false;
      this.#survey(nowTick);
    }
  }

  released(slot: number): void {
    if (slot >>> 5 < this.#everywhere.length) this.#everywhere[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  #survey(nowTick: number): void {
    this.#surveyedTick = nowTick;
    const { votes, words, nodes } = this.#core.standing;
    if (this.#everywhere.length !== words) this.#everywhere = new Int32Array(words);
    const everywhere = this.#everywhere.fill(-1);
    for (let node = 0; node < nodes; node++) {
      const row = 2 * node * words;
      for (let w = 0; w < words; w++) everywhere[w]! &= votes[row + 2 * w]!;
    }
  }
}
