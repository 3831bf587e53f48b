/**
 * What every hosted node thinks of every vertex: known, undecided, decided, preferred, and the Snowball counters.
 * Owns: bitsets and counters, one row per node, one column per slot of the vertex table.
 * Does not own: the rules that change them (preference.ts, core.ts) nor the facts of a vertex (vertex-table.ts).
 *
 * Invariants: undecided, finalised and rejected are disjoint subsets of known; yes = finalised | strongly preferred;
 * preferred and contested are subsets of undecided; pending vertices are not known.
 */

import { type ArrayMaker, plainArrays } from './arrays.ts';
import { CommonGround } from './common-ground.ts';

// Marks of a (node, word): what one vertex changes together lies in one cache line.
const markWords = 8;

export class Standing {
  readonly nodes: number;
  /** Words (32 slots) of a row. */
  words: number;
  /** Interleaved rows: [node][word][yes, known]. This is what an answer copies. */
  votes: Int32Array;
  /** [node][word][mark], see below. */
  marks: Int32Array;
  /** From one word to the next of a mark. */
  readonly stride = markWords;
  readonly undecided = 0;
  readonly preferred = 1;
  readonly contested = 2;
  readonly finalised = 3;
  readonly rejected = 4;
  readonly pending = 5;
  readonly requested = 6;
  /** Counters of undecided vertices; 0 for all others, so that a vertex that enters touches none of them. */
  counter: Uint16Array;
  rounds: Uint16Array;
  score: Uint16Array;
  confidence: Float32Array;
  /** Order of arrival at the node. */
  seen: Int32Array;
  readonly undecidedCount: Int32Array;
  readonly contestedCount: Int32Array;
  readonly pendingCount: Int32Array;
  readonly arrivals: Int32Array;
  /** When a node may ask again for what it lacks, microseconds. */
  readonly repeatAtUs: Float64Array;
  /** What all nodes say yes to. */
  readonly common: CommonGround;

  readonly #arrays: ArrayMaker;
  readonly #counters: ArrayMaker;

  /** `counters`: makes what only the end of a poll counts. */
  constructor(
    nodes: number,
    capacity: number,
    arrays: ArrayMaker = plainArrays,
    counters: ArrayMaker = plainArrays,
  ) {
    this.nodes = nodes;
    this.#arrays = arrays;
    this.#counters = counters;
    this.words = capacity >>> 5;
    const row = this.words * nodes;
    this.votes = arrays.int32(2 * row);
    this.marks = arrays.int32(markWords * row);
    const cells = capacity * nodes;
    this.counter = counters.uint16(cells);
    this.rounds = counters.uint16(cells);
    this.score = counters.uint16(cells);
    this.confidence = counters.float32(cells);
    this.seen = new Int32Array(cells);
    this.undecidedCount = new Int32Array(nodes);
    this.contestedCount = new Int32Array(nodes);
    this.pendingCount = new Int32Array(nodes);
    this.arrivals = new Int32Array(nodes);
    this.repeatAtUs = arrays.float64(nodes);
    this.common = new CommonGround(nodes, capacity, arrays);
  }

  get capacity(): number {
    return this.words << 5;
  }

  /** Bytes of all rows and counters. */
  get bytes(): number {
    return this.nodes * (this.words * 4 * (2 + markWords) + this.capacity * 14 + 16);
  }

  isKnown(node: number, slot: number): boolean {
    return (this.votes[2 * (node * this.words + (slot >>> 5)) + 1]! & (1 << (slot & 31))) !== 0;
  }

  /** Finalised or strongly preferred. */
  saysYes(node: number, slot: number): boolean {
    return (this.votes[2 * (node * this.words + (slot >>> 5))]! & (1 << (slot & 31))) !== 0;
  }

  /** Where a word of a mark stands. */
  at(mark: number, node: number, word: number): number {
    return markWords * (node * this.words + word) + mark;
  }

  has(mark: number, node: number, slot: number): boolean {
    return (this.marks[this.at(mark, node, slot >>> 5)]! & (1 << (slot & 31))) !== 0;
  }

  set(mark: number, node: number, slot: number): void {
    this.marks[this.at(mark, node, slot >>> 5)]! |= 1 << (slot & 31);
  }

  clear(mark: number, node: number, slot: number): void {
    this.marks[this.at(mark, node, slot >>> 5)]! &= ~(1 << (slot & 31));
  }

  setYes(node: number, slot: number, yes: boolean): void {
    const at = 2 * (node * this.words + (slot >>> 5));
    const bit = 1 << (slot & 31);
    const before = this.votes[at]!;
    if (((before & bit) !== 0) === yes) return;
    this.votes[at] = before ^ bit;
    if (yes) this.common.gained(slot);
    else this.common.lost(slot);
  }

  /** Enters a vertex as undecided; its counters are 0. */
  enter(node: number, slot: number): void {
    const { votes, marks } = this;
    const word = node * this.words + (slot >>> 5);
    const mark = markWords * word;
    const bit = 1 << (slot & 31);
    this.seen[node * this.capacity + slot] = this.arrivals[node]!++;
    votes[2 * word + 1]! |= bit;
    marks[mark + this.undecided]! |= bit;
    marks[mark + this.requested]! &= ~bit;
    this.undecidedCount[node]! += 1;
    if ((marks[mark + this.pending]! & bit) !== 0) this.#unpend(node, slot);
  }

  pend(node: number, slot: number): void {
    if (this.has(this.pending, node, slot)) return;
    this.set(this.pending, node, slot);
    this.pendingCount[node]! += 1;
  }

  #unpend(node: number, slot: number): void {
    this.clear(this.pending, node, slot);
    this.pendingCount[node]! -= 1;
  }

  /** What was asked for may be asked for again. */
  forgetRequests(node: number): void {
    for (let w = 0; w < this.words; w++) this.marks[this.at(this.requested, node, w)] = 0;
  }

  markContested(node: number, slot: number): void {
    if (this.has(this.contested, node, slot)) return;
    this.set(this.contested, node, slot);
    this.contestedCount[node]! += 1;
  }

  /** Moves an undecided vertex to finalised or rejected. Its counters were just read: now they are cheap to clear. */
  decide(node: number, slot: number, finalised: boolean): void {
    this.clear(this.undecided, node, slot);
    this.undecidedCount[node]! -= 1;
    if (this.has(this.contested, node, slot)) {
      this.clear(this.contested, node, slot);
      this.contestedCount[node]! -= 1;
    }
    this.clear(this.preferred, node, slot);
    this.set(finalised ? this.finalised : this.rejected, node, slot);
    this.#clearCounters(node * this.capacity + slot);
    this.setYes(node, slot, finalised);
  }

  #clearCounters(cell: number): void {
    this.counter[cell] = 0;
    this.rounds[cell] = 0;
    this.score[cell] = 0;
    this.confidence[cell] = 0;
  }

  /** Forgets a released slot at every node. */
  release(slot: number): void {
    const keep = ~(1 << (slot & 31));
    const { votes, marks, words, finalised, rejected, requested } = this;
    this.common.released(slot);
    for (let at = slot >>> 5; at < words * this.nodes; at += words) {
      votes[2 * at]! &= keep;
      votes[2 * at + 1]! &= keep;
      const mark = markWords * at;
      marks[mark + finalised]! &= keep;
      marks[mark + rejected]! &= keep;
      marks[mark + requested]! &= keep;
    }
  }

  /**
   * A restart keeps what the disk kept: `durable` says which decided vertices survive.
   * Everything undecided, pending or not durable is unknown again; counters start over.
   * Returns the slots whose decision was lost.
   */
  restart(node: number, durable: (slot: number) => boolean): number[] {
    const { votes, marks } = this;
    const lostSlots: number[] = [];
    const before = this.#yesWords(node);
    for (let w = 0; w < this.words; w++) {
      const mark = this.at(0, node, w);
      let keep = marks[mark + this.finalised]! | marks[mark + this.rejected]!;
      for (let rest = keep; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        if (durable(slot)) continue;
        lostSlots.push(slot);
        keep &= ~(1 << (slot & 31));
      }
      for (let rest = marks[mark + this.undecided]!; rest !== 0; rest &= rest - 1)
        this.#clearCounters(node * this.capacity + (w << 5) + (31 - Math.clz32(rest & -rest)));
      const finalised = marks[mark + this.finalised]! & keep;
      const rejected = marks[mark + this.rejected]! & keep;
      marks.fill(0, mark, mark + markWords);
      marks[mark + this.finalised] = finalised;
      marks[mark + this.rejected] = rejected;
      const vote = 2 * (node * this.words + w);
      votes[vote] = finalised;
      votes[vote + 1] = finalised | rejected;
    }
    this.undecidedCount[node] = 0;
    this.contestedCount[node] = 0;
    this.pendingCount[node] = 0;
    for (const [w, after] of this.#yesWords(node).entries()) this.common.replaced(w, before[w]!, after);
    return lostSlots;
  }

  #yesWords(node: number): Int32Array {
    return Int32Array.from({ length: this.words }, (_, w) => this.votes[2 * (node * this.words + w)]!);
  }

  /** Doubles the columns. */
  grow(): void {
    const words = this.words * 2;
    const rows = (from: Int32Array, per: number, to: Int32Array): Int32Array => {
      for (let n = 0; n < this.nodes; n++) {
        const start = n * this.words * per;
        to.set(from.subarray(start, start + this.words * per), n * words * per);
      }
      return to;
    };
    this.votes = rows(this.votes, 2, this.#arrays.int32(this.nodes * words * 2));
    this.marks = rows(this.marks, markWords, this.#arrays.int32(this.nodes * words * markWords));
    const cells = this.nodes * words * 32;
    this.counter = this.#cells(this.counter, this.#counters.uint16(cells), words);
    this.rounds = this.#cells(this.rounds, this.#counters.uint16(cells), words);
    this.score = this.#cells(this.score, this.#counters.uint16(cells), words);
    this.confidence = this.#cells(this.confidence, this.#counters.float32(cells), words);
    this.seen = this.#cells(this.seen, new Int32Array(cells), words);
    this.common.grow(words);
    this.words = words;
  }

  #cells<T extends Uint16Array | Float32Array | Int32Array>(from: T, to: T, words: number): T {
    const width = this.words * 32;
    for (let n = 0; n < this.nodes; n++) to.set(from.subarray(n * width, (n + 1) * width), n * words * 32);
    return to;
  }
}
