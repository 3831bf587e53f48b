/**
 * Reads what the end of a poll is going to read, all at once.
 * Owns: which words those are. Does not own: what they say: nothing depends on what is read here.
 *
 * Of thousands of hosted nodes each has its end of a poll long after the last one: every row has left the near caches. Read where
 * they are used, rows are waited for one after the other, for branches between them are mispredicted; read together, once.
 */
import { answerNoToAll } from './exceptions.ts';
import type { PollBook } from './poll-book.ts';
import type { Standing } from './standing.ts';
import type { Suspicion } from './suspicion.ts';

const noToAll = answerNoToAll;
/** Peers in a cache line. */
const linePeers = 16;

export class ReadAhead {
  /** Keeps the engine from leaving the reads out. */
  seen = 0;
  readonly #standing: Standing;
  readonly #polls: PollBook;
  readonly #suspicion: Suspicion;

  constructor(standing: Standing, polls: PollBook, suspicion: Suspicion) {
    this.#standing = standing;
    this.#polls = polls;
    this.#suspicion = suspicion;
  }

  /** What is counted of the scope's first vertex, and what is held against peers that refuse. */
  forEnd(node: number, poll: number): void {
    const polls = this.#polls;
    const { counter, rounds, score, confidence, votes, marks, stride, capacity, words } = this.#standing;
    const scope = polls.scope[poll * polls.words]!;
    const cell = node * capacity + ((31 - Math.clz32(scope & -scope)) & 31);
    const word = node * words;
    const counts = counter[cell]! + rounds[cell]! + score[cell]! + confidence[cell]!;
    this.seen = (counts + votes[2 * word]! + marks[stride * word]!) | 0;
    if (polls.oddCount(poll) > 0 && polls.oddKind(poll, 0) === noToAll) this.#forStrikes(node, poll);
  }

  #forStrikes(node: number, poll: number): void {
    const { peers, k } = this.#polls;
    let sum = this.#suspicion.glance(node);
    for (let at = poll * k; at < (poll + 1) * k; at += linePeers) sum += peers[at]!;
    this.seen ^= sum | 0;
  }
}
