/**
 * For every poll the words of its scope in which an honest answer of a hosted node may have an exception.
 * Owns: that map, one bit a word. Does not own: what all hosted nodes say yes to (common-ground.ts), scopes (poll-book.ts).
 */

import { type ArrayMaker, plainArrays } from './arrays.ts';

export class OpenWords {
  /** [poll][stride] */
  maps: Int32Array;
  /** Words of a map. */
  stride: number;
  readonly #polls: number;
  readonly #arrays: ArrayMaker;

  /** `words`: of the widest scope. */
  constructor(polls: number, words: number, arrays: ArrayMaker = plainArrays) {
    this.#polls = polls;
    this.#arrays = arrays;
    this.stride = (words + 31) >>> 5;
    this.maps = arrays.int32(polls * this.stride).fill(-1);
  }

  /** A poll begins about scope[at .. at + words); `common`: the vertices that every hosted node says yes to. */
  narrow(poll: number, scope: Int32Array, at: number, words: number, common: Int32Array): void {
    for (let from = 0; from < words; from += 32) {
      const until = from + 32 < words ? from + 32 : words;
      let map = 0;
      for (let w = from; w < until; w++) if ((scope[at + w]! & ~common[w]!) !== 0) map |= 1 << w;
      this.maps[poll * this.stride + (from >>> 5)] = map;
    }
  }

  /** A hosted node takes back a yes that all had said: in every open poll the word may have an exception. */
  widen(word: number): void {
    const { maps, stride } = this;
    const bit = 1 << (word & 31);
    for (let at = word >>> 5; at < maps.length; at += stride) maps[at]! |= bit;
  }

  /** Every hosted node says yes to the whole scope of `words` words. */
  isEmpty(poll: number, words: number): boolean {
    const at = poll * this.stride;
    for (let from = 0; from < words; from += 32) if (this.maps[at + (from >>> 5)] !== 0) return false;
    return true;
  }

  /** Makes room for wider scopes; open polls forget what they know. */
  grow(words: number): void {
    this.stride = (words + 31) >>> 5;
    this.maps = this.#arrays.int32(this.#polls * this.stride).fill(-1);
  }
}
