/**
 * Sorting the answers of a poll by their arrival.
 * Owns: the algorithm. Does not own: what a word means (arrival.ts). Sorting allocates nothing.
 */
import { finerThan } from './network.ts';

/** Buckets of 32 ticks; an answer arrives at most two one-way delays after the poll has begun. */
const bucketAt = 25;
const buckets = ((2 * finerThan) >>> 5) + 1;

export class ArrivalOrder {
  readonly #next = new Int32Array(buckets + 1);
  readonly #sorted: Int32Array;

  /** `most`: words of the longest list. */
  constructor(most: number) {
    this.#sorted = new Int32Array(most);
  }

  /** Sorts words[from .. from + count), ascending: into buckets, then within them. */
  sort(words: Int32Array, from: number, count: number): void {
    const next = this.#next.fill(0);
    const sorted = this.#sorted;
    for (let i = from; i < from + count; i++) next[(words[i]! >>> bucketAt) + 1]! += 1;
    for (let bucket = 1; bucket < buckets; bucket++) next[bucket]! += next[bucket - 1]!;
    for (let i = from; i < from + count; i++) {
      const word = words[i]!;
      const bucket = word >>> bucketAt;
      const to = next[bucket]!;
      sorted[to] = word;
      next[bucket] = to + 1;
    }
    for (let i = 0; i < count; i++) words[from + i] = sorted[i]!;
    sortFew(words, from, from + count);
  }
}

/** Sorts words[from .. until), ascending: short lists, or nearly sorted ones. */
export function sortFew(words: Int32Array, from: number, until: number): void {
  for (let i = from + 1; i < until; i++) {
    const word = words[i]!;
    let j = i - 1;
    for (; j >= from && words[j]! > word; j--) words[j + 1] = words[j]!;
    words[j + 1] = word;
  }
}
