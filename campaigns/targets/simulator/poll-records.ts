/**
 * What the poll fidelity knows of every poll beside the core: when it began, what is waited for, its last two round-trip samples.
 * Owns: the layout and the arrays. Does not own: the meaning of a sample (late-samples.ts), of an end (poll-exchange.ts).
 *
 * A record is a cache line: thousands of nodes have a poll each, and every line of it has left the near caches when it goes on.
 * Numbers of sendings and of polls in flight wrap: they are compared by their difference.
 */
import type { ArrayMaker } from '#node/core/arrays.ts';

/** Words of a record, and times: two words each. */
export const recordWords = 16;
export const recordTimes = recordWords >>> 1;

/** Where times stand: the tick in which the queries of the poll left, and those of the poll before. */
export const recordTime = { start: 0, startBefore: 1 } as const;

/** Where words stand. */
export const recordWord = {
  /** Number of the last sending: the batches of queries are numbered in the order in which they leave. */
  sending: 4,
  /** Ticks from the start to the instant that is waited for; -1 when none is. */
  look: 5,
  flight: 6,
  /** 1: the end is foreseen. */
  foreseen: 7,
  /** Foreseen: answers that come too late. Followed: answers in all. */
  answers: 8,
  /** Of a followed poll: answers handed to the poll book. */
  fed: 9,
  /** Of the sample of the poll: its answer, number of the sending, sequence. */
  sample: 10,
  /** The same of the poll before. */
  sampleBefore: 13,
} as const;

export class PollRecords {
  readonly words: Int32Array;
  readonly times: Float64Array;
  /** Words of the answers of a followed poll in the order of arrival: [poll][k]. */
  readonly order: Int32Array;
  /** What an answer of it says: [poll][slot]. */
  readonly kinds: Uint8Array;

  constructor(polls: number, k: number, arrays: ArrayMaker) {
    this.order = arrays.int32(polls * k);
    this.kinds = arrays.uint8(polls * k);
    this.words = arrays.int32(polls * recordWords);
    const { buffer, byteOffset } = this.words;
    this.times = new Float64Array(buffer, byteOffset, polls * recordTimes);
  }
}
