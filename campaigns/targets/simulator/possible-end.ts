/**
 * The first answer with which a poll may be over, whatever those peers say of whom it is not known yet.
 * Owns: that bound. Does not own: the order of the answers, what is known of them (poll-exchange.ts), whether the poll is over
 * (node/core/poll-book.ts).
 */
import { answerSomeUnknown, answerYesToAll } from '#node/core/exceptions.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import { arrivalSlot } from './arrival.ts';
import type { PollMemory } from './poll-memory.ts';

/** Where the module has what it found. */
const votesAt = 0;
const isCertainAt = 1;
/** What an answer counts for by its kind: a vote, and from here on a refusal. Added up without a branch, which nobody could predict. */
const refusal = 1 << 16;
const most = refusal - 1;
/** Of some vertices only, and not known yet: either. */
const either = 1 + refusal;

function countsByKind(): Int32Array {
  const counts = new Int32Array(256).fill(either);
  counts.fill(refusal, 0, answerSomeUnknown);
  counts[answerYesToAll] = 1;
  return counts;
}

export class PossibleEnd {
  /** Of the answer that was found last: votes until then, at most. */
  votes = 0;
  /** The poll is over with it, and each vertex has so many votes. */
  isCertain = false;
  readonly #counts = countsByKind();
  readonly #k: number;
  readonly #votes: number;
  readonly #refusals: number;
  /** For the preference. */
  readonly #leastVotes: number;
  readonly #leastRefusals: number;
  readonly #memory: PollMemory | null;

  /** `memory`: where words and kinds of polls may stand (`of`). */
  constructor(
    { k, alphaConfidence, alphaPreference, earlyEnd }: ConsensusParams,
    memory: PollMemory | null = null,
  ) {
    this.#memory = memory;
    this.#k = k;
    this.#votes = earlyEnd ? alphaConfidence : k;
    this.#refusals = earlyEnd ? k - alphaConfidence + 1 : k;
    this.#leastVotes = earlyEnd ? alphaPreference : k;
    this.#leastRefusals = earlyEnd ? k - alphaPreference + 1 : k;
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
    const counts = this.#counts;
    let sum = without * refusal;
    for (let at = 0; at < count; at++) {
      sum = (sum + counts[kinds[from + arrivalSlot(words[from + at]!)]!]!) | 0;
      // Each vertex of the scope has at most that many votes, and at most that many refusals.
      const votes = sum & most;
      const refusals = sum >>> 16;
      const isDecided = votes >= this.#votes || refusals >= this.#refusals;
      const isPreferred = votes >= this.#leastVotes || refusals >= this.#leastRefusals;
      const filled = at + 1 + without;
      if (at < least || !((isDecided && isPreferred) || filled === this.#k)) continue;
      this.votes = votes;
      this.isCertain = votes + refusals === filled;
      return at;
    }
    return count;
  }

  /** The same for a poll whose words and kinds stand in their arrays, k for each poll: in the module where it sees them. */
  of(
    poll: number,
    words: Int32Array,
    kinds: Uint8Array,
    count: number,
    least: number,
    without: number,
  ): number {
    if (this.#memory?.canFollow !== true)
      return this.find(words, kinds, poll * this.#k, count, least, without);
    const { possibleEnd, result } = this.#memory.draws;
    const [yes, no] = [this.#votes, this.#refusals];
    const at = possibleEnd(poll, count, least, without, yes, no, this.#leastVotes, this.#leastRefusals);
    if (at === count) return at;
    this.votes = result[votesAt]!;
    this.isCertain = result[isCertainAt] === 1;
    return at;
  }
}
