/**
 * Which vertices every hosted node says yes to: an answer of a hosted node cannot miss a vote for one of them.
 * Owns: that set, kept exact with every vote that changes. Does not own: the votes (standing.ts), what polls make of it
 * (poll-book.ts). In a real node, which hosts itself only, the set is its own votes.
 */

import { type ArrayMaker, plainArrays } from './arrays.ts';

export class CommonGround {
  /** Bits by word of the vertex table. */
  rows: Int32Array;
  /** Called with its word when a vertex leaves the set although its slot is not released. */
  onLoss: (word: number) => void = () => {};
  readonly #nodes: number;
  /** Nodes that say yes, by slot. */
  #saying: Int32Array;
  readonly #arrays: ArrayMaker;

  constructor(nodes: number, capacity: number, arrays: ArrayMaker = plainArrays) {
    this.#nodes = nodes;
    this.#arrays = arrays;
    this.rows = arrays.int32(capacity >>> 5);
    this.#saying = new Int32Array(capacity);
  }

  /** A node says yes that did not before. */
  gained(slot: number): void {
    this.#saying[slot]! += 1;
    if (this.#saying[slot] === this.#nodes) this.rows[slot >>> 5]! |= 1 << (slot & 31);
  }

  /** A node says yes no more. */
  lost(slot: number): void {
    this.#saying[slot]! -= 1;
    if (this.#saying[slot] !== this.#nodes - 1) return;
    this.rows[slot >>> 5]! &= ~(1 << (slot & 31));
    this.onLoss(slot >>> 5);
  }

  /** The votes of one node for a word change as a whole. */
  replaced(word: number, before: number, after: number): void {
    for (let rest = after & ~before; rest !== 0; rest &= rest - 1) this.gained(slotOf(word, rest));
    for (let rest = before & ~after; rest !== 0; rest &= rest - 1) this.lost(slotOf(word, rest));
  }

  /** The slot is free: nobody says anything about it. No poll has it in its scope any more. */
  released(slot: number): void {
    this.#saying[slot] = 0;
    this.rows[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  grow(words: number): void {
    const rows = this.#arrays.int32(words);
    rows.set(this.rows);
    this.rows = rows;
    const saying = new Int32Array(words << 5);
    saying.set(this.#saying);
    this.#saying = saying;
  }
}

function slotOf(word: number, bits: number): number {
  return (word << 5) + (31 - Math.clz32(bits & -bits));
}
