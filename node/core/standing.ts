/**
 * What every hosted node thinks of every vertex: known, undecided, decided, preferred, and the Snowball counters.
 * Owns: bitsets and counters, one row per node, one column per slot of the vertex table.
 * Does not own: the rules that change them (preference.ts, core.ts) nor the facts of a vertex (vertex-table.ts).
 *
 * Invariants: undecided, finalised and rejected are disjoint subsets of known; yes = finalised | strongly preferred;
 * preferred and contested are subsets of undecided; pending vertices are not known.
 */

import { CommonGround } from './common-ground.ts';

export class Standing {
  readonly nodes: number;
  /** Words (32 slots) of a row. */
  words: number;
  /** Interleaved rows: [node][word][yes, known]. This is what an answer copies. */
  votes: Int32Array;
  undecided: Int32Array;
  finalised: Int32Array;
  rejected: Int32Array;
  preferred: Int32Array;
  contested: Int32Array;
  pending: Int32Array;
  requested: Int32Array;
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
  /** What all nodes say yes to. */
  readonly common: CommonGround;

  constructor(nodes: number, capacity: number) {
    this.nodes = nodes;
    this.words = capacity >>> 5;
    const row = this.words * nodes;
    this.votes = new Int32Array(2 * row);
    this.undecided = new Int32Array(row);
    this.finalised = new Int32Array(row);
    this.rejected = new Int32Array(row);
    this.preferred = new Int32Array(row);
    this.contested = new Int32Array(row);
    this.pending = new Int32Array(row);
    this.requested = new Int32Array(row);
    const cells = capacity * nodes;
    this.counter = new Uint16Array(cells);
    this.rounds = new Uint16Array(cells);
    this.score = new Uint16Array(cells);
    this.confidence = new Float32Array(cells);
    this.seen = new Int32Array(cells);
    this.undecidedCount = new Int32Array(nodes);
    this.contestedCount = new Int32Array(nodes);
    this.pendingCount = new Int32Array(nodes);
    this.arrivals = new Int32Array(nodes);
    this.common = new CommonGround(nodes, capacity);
  }

  get capacity(): number {
    return this.words << 5;
  }

  /** Bytes of all rows and counters. */
  get bytes(): number {
    return this.nodes * (this.words * 4 * 9 + this.capacity * 14 + 16);
  }

  isKnown(node: number, slot: number): boolean {
    return (this.votes[2 * (node * this.words + (slot >>> 5)) + 1]! & (1 << (slot & 31))) !== 0;
  }

  /** Finalised or strongly preferred. */
  saysYes(node: number, slot: number): boolean {
    return (this.votes[2 * (node * this.words + (slot >>> 5))]! & (1 << (slot & 31))) !== 0;
  }

  has(rows: Int32Array, node: number, slot: number): boolean {
    return (rows[node * this.words + (slot >>> 5)]! & (1 << (slot & 31))) !== 0;
  }

  set(rows: Int32Array, node: number, slot: number): void {
    rows[node * this.words + (slot >>> 5)]! |= 1 << (slot & 31);
  }

  clear(rows: Int32Array, node: number, slot: number): void {
    rows[node * this.words + (slot >>> 5)]! &= ~(1 << (slot & 31));
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

  /** Enters a vertex as undecided with fresh counters. */
  enter(node: number, slot: number): void {
    const cell = node * this.capacity + slot;
    this.counter[cell] = 0;
    this.rounds[cell] = 0;
    this.score[cell] = 0;
    this.confidence[cell] = 0;
    this.seen[cell] = this.arrivals[node]!++;
    this.votes[2 * (node * this.words + (slot >>> 5)) + 1]! |= 1 << (slot & 31);
    this.set(this.undecided, node, slot);
    this.undecidedCount[node]! += 1;
    if (this.has(this.pending, node, slot)) this.#unpend(node, slot);
    this.clear(this.requested, node, slot);
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

  markContested(node: number, slot: number): void {
    if (this.has(this.contested, node, slot)) return;
    this.set(this.contested, node, slot);
    this.contestedCount[node]! += 1;
  }

  /** Moves an undecided vertex to finalised or rejected. */
  decide(node: number, slot: number, finalised: boolean): void {
    this.clear(this.undecided, node, slot);
    this.undecidedCount[node]! -= 1;
    if (this.has(this.contested, node, slot)) {
      this.clear(this.contested, node, slot);
      this.contestedCount[node]! -= 1;
    }
    this.clear(this.preferred, node, slot);
    this.set(finalised ? this.finalised : this.rejected, node, slot);
    this.setYes(node, slot, finalised);
  }

  /** Forgets a released slot at every node. */
  release(slot: number): void {
    const keep = ~(1 << (slot & 31));
    this.common.released(slot);
    for (let at = slot >>> 5; at < this.undecided.length; at += this.words) {
      this.votes[2 * at]! &= keep;
      this.votes[2 * at + 1]! &= keep;
      this.finalised[at]! &= keep;
      this.rejected[at]! &= keep;
      this.requested[at]! &= keep;
    }
  }

  /**
   * A restart keeps what the disk kept: `durable` says which decided vertices survive.
   * Everything undecided, pending or not durable is unknown again; counters start over.
   * Returns the slots whose decision was lost.
   */
  restart(node: number, durable: (slot: number) => boolean): number[] {
    const lostSlots: number[] = [];
    const before = this.#yesWords(node);
    for (let w = 0; w < this.words; w++) {
      const at = node * this.words + w;
      for (let rest = this.finalised[at]! | this.rejected[at]!; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        if (!durable(slot)) lostSlots.push(slot);
      }
      this.undecided[at] = 0;
      this.preferred[at] = 0;
      this.contested[at] = 0;
      this.pending[at] = 0;
      this.requested[at] = 0;
      this.votes[2 * at] = this.finalised[at]!;
      this.votes[2 * at + 1] = this.finalised[at]! | this.rejected[at]!;
    }
    for (const slot of lostSlots) {
      const at = node * this.words + (slot >>> 5);
      const keep = ~(1 << (slot & 31));
      this.finalised[at]! &= keep;
      this.rejected[at]! &= keep;
      this.votes[2 * at]! &= keep;
      this.votes[2 * at + 1]! &= keep;
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
    const rows = (from: Int32Array, per: number): Int32Array => {
      const to = new Int32Array(this.nodes * words * per);
      for (let n = 0; n < this.nodes; n++) {
        const start = n * this.words * per;
        to.set(from.subarray(start, start + this.words * per), n * words * per);
      }
      return to;
    };
    this.votes = rows(this.votes, 2);
    this.undecided = rows(this.undecided, 1);
    this.finalised = rows(this.finalised, 1);
    this.rejected = rows(this.rejected, 1);
    this.preferred = rows(this.preferred, 1);
    this.contested = rows(this.contested, 1);
    this.pending = rows(this.pending, 1);
    this.requested = rows(this.requested, 1);
    this.counter = this.#cells(this.counter, new Uint16Array(this.nodes * words * 32), words);
    this.rounds = this.#cells(this.rounds, new Uint16Array(this.nodes * words * 32), words);
    this.score = this.#cells(this.score, new Uint16Array(this.nodes * words * 32), words);
    this.confidence = this.#cells(this.confidence, new Float32Array(this.nodes * words * 32), words);
    this.seen = this.#cells(this.seen, new Int32Array(this.nodes * words * 32), words);
    this.common.grow(words);
    this.words = words;
  }

  #cells<T extends Uint16Array | Float32Array | Int32Array>(from: T, to: T, words: number): T {
    const width = this.words * 32;
    for (let n = 0; n < this.nodes; n++) to.set(from.subarray(n * width, (n + 1) * width), n * words * 32);
    return to;
  }
}
