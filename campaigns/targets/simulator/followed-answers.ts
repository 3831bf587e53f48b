/**
 * The answers of polls that are followed: their order of arrival, what each says as far as it is known, and handing them to the poll book.
 * Owns: these two for every poll, what follows from them about its end. Does not own: what peers say, when it is looked at
 * (poll-exchange.ts), the draws (followed-draws.ts).
 */
import { answerYesToAll } from '#node/core/exceptions.ts';
import type { ConsensusParams } from '#node/core/params.ts';
import type { PollBook } from '#node/core/poll-book.ts';
import { arrivalSlot } from './arrival.ts';
import { ArrivalOrder } from './arrival-order.ts';
import type { PollMemory } from './poll-memory.ts';
import { type PollRecords, recordWord, recordWords } from './poll-records.ts';
import { PossibleEnd } from './possible-end.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const yesToAll = answerYesToAll;
const words = recordWords;
const answersAt = recordWord.answers;
const fedAt = recordWord.fed;
/** Not looked at yet. */
const unknownKind = 255;

export class FollowedAnswers {
  /** See poll-records.ts. */
  readonly order: Int32Array;
  readonly arrivalOrder: ArrivalOrder;
  readonly #kinds: Uint8Array;
  readonly #polls: PollBook;
  readonly #record: Int32Array;
  readonly #possibleEnd: PossibleEnd;

  constructor(polls: PollBook, params: ConsensusParams, records: PollRecords, memory: PollMemory | null) {
    this.#polls = polls;
    this.#record = records.words;
    this.order = records.order;
    this.#kinds = records.kinds;
    this.arrivalOrder = new ArrivalOrder(polls.k);
    this.#possibleEnd = new PossibleEnd(params, memory);
  }

  /** Nothing is known of what the answers of a poll say. */
  knowNothing(poll: number): void {
    const { k } = this.#polls;
    this.#kinds.fill(unknownKind, poll * k, (poll + 1) * k);
  }

  /** A poll has so many answers, sorted in `order`. */
  begin(poll: number, found: number): void {
    this.#record[poll * words + answersAt] = found;
    this.#record[poll * words + fedAt] = 0;
  }

  say(poll: number, slot: number, kind: number): void {
    this.#kinds[poll * this.#polls.k + slot] = kind;
  }

  kindAt(poll: number, slot: number): number {
    return this.#kinds[poll * this.#polls.k + slot]!;
  }

  wordAt(poll: number, at: number): number {
    return this.order[poll * this.#polls.k + at]!;
  }

  /** Position of the first answer that may end the poll, or how many there are. */
  possibleEnd(poll: number): number {
    const fed = this.#record[poll * words + fedAt]!;
    const without = this.#polls.filled(poll) - fed;
    const count = this.#record[poll * words + answersAt]!;
    return this.#possibleEnd.of(poll, this.order, this.#kinds, count, fed, without);
  }

  /** It is certain that the poll is over with the answer that was found last, and no answer has been handed over. */
  isOver(poll: number): boolean {
    return this.#possibleEnd.isCertain && this.#record[poll * words + fedAt] === 0;
  }

  /** Tells the book about all answers until that one at once: `isOver`. */
  foresee(poll: number, at: number): void {
    const polls = this.#polls;
    const from = poll * polls.k;
    polls.foresee(poll, polls.filled(poll) + at + 1, this.#possibleEnd.votes);
    for (let i = from; i <= from + at; i++) {
      const slot = arrivalSlot(this.order[i]!);
      const kind = this.#kinds[from + slot]!;
      if (kind !== yesToAll) polls.foreseeOdd(poll, slot, kind);
    }
  }

  /** Hands over the answers before position `until`, one by one. */
  feed(poll: number, until: number): void {
    const polls = this.#polls;
    const from = poll * polls.k;
    for (let i = this.#record[poll * words + fedAt]!; i < until; i++) {
      const slot = arrivalSlot(this.order[from + i]!);
      polls.accept(poll, slot, 0, this.#kinds[from + slot]!);
    }
    this.#record[poll * words + fedAt] = until;
  }

  /** Hands over what has arrived before that word; returns how much else there was. */
  close(poll: number, tooLate: number): number {
    const count = this.#record[poll * words + answersAt]!;
    let arrived = this.#record[poll * words + fedAt]!;
    while (arrived < count && this.wordAt(poll, arrived) < tooLate) arrived += 1;
    this.feed(poll, arrived);
    this.#record[poll * words + answersAt] = arrived;
    return count - arrived;
  }
}
