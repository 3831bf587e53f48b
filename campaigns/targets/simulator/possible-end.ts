/**
 * The first answer with which a poll may be over, whatever those peers say of whom it is not known yet.
 * Owns: that bound. Does not own: the order of the answers, what is known of them (poll-exchange.ts), whether the poll is over
 * (node/core/poll-book.ts).
 */
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { arrivalSlot } from './arrival.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const yesToAll = answerYesToAll;
const noToAll = answerNoToAll;

export class PossibleEnd {
  readonly #k: number;
  readonly #votes: number;
  readonly #refusals: number;

  constructor({ k, alphaConfidence, earlyEnd }: ConsensusParams) {
    this.#k = k;
    this.#votes = earlyEnd ? alphaConfidence : k;
    this.#refusals = earlyEnd ? k - alphaConfidence + 1 : k;
  }

  /**
   * Position of that answer among words[from .. from + count), in the order of arrival, at least `least`; `count` when there is
   * none. `kinds`: by slot, from `from` on; `without`: slots that are filled without an answer, which count as refusals.
   */
  find(
    words: Int32Array,
    kinds: Uint8Array,
    from: number,
    count: number,
    least: number,
    without: number,
  ): number {
    // Each vertex of the scope has at most that many votes, and at most that many refusals.
    let votes = 0;
    let refusals = without;
    for (let at = 0; at < count; at++) {
      const kind = kinds[from + arrivalSlot(words[from + at]!)]!;
      if (kind !== noToAll) votes += 1;
      if (kind !== yesToAll) refusals += 1;
      const mayEnd = votes >= this.#votes || refusals >= this.#refusals || at + 1 + without === this.#k;
      if (mayEnd && at >= least) return at;
    }
    return count;
  }
}
