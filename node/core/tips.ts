/**
 * Parents for a new vertex: the youngest strongly preferred tips whose undecided past has no known conflict.
 * Owns: that choice. Does not own: how many parents a workload asks for, nor issuing.
 * A past with a conflict is avoided so that an equivocator cannot drag honest subtrees down.
 */
import type { Standing } from './standing.ts';
import { genesis, maximumParents, type VertexTable } from './vertex-table.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const parentSlots = maximumParents;
const noParent = genesis;

export class Tips {
  readonly #table: VertexTable;
  readonly #standing: Standing;
  readonly #stack: number[] = [];
  #stamp: Int32Array;
  #clean: Uint8Array;
  #epoch = 0;

  constructor(table: VertexTable, standing: Standing) {
    this.#table = table;
    this.#standing = standing;
    this.#stamp = new Int32Array(table.capacity);
    this.#clean = new Uint8Array(table.capacity);
  }

  /**
   * Up to `most` clean tips of the node, youngest first. Without any: the youngest clean vertex that is not a tip;
   * without that: `fallback` (a finalised vertex or genesis).
   */
  choose(node: number, most: number, fallback: number): number[] {
    this.#nextEpoch();
    const standing = this.#standing;
    const row = node * standing.capacity;
    const tips: number[] = [];
    let youngest = noParent;
    for (let w = 0; w < this.#table.highWord; w++) {
      const at = node * standing.words + w;
      let rest = standing.marks[standing.at(standing.undecided, node, w)]! & standing.votes[2 * at]!;
      for (; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        if (!this.#isClean(node, slot)) continue;
        if (youngest < 0 || standing.seen[row + slot]! > standing.seen[row + youngest]!) youngest = slot;
        if (!this.#hasStrongChild(node, slot)) tips.push(slot);
      }
    }
    if (tips.length === 0) return [youngest >= 0 ? youngest : fallback];
    tips.sort((a, b) => standing.seen[row + b]! - standing.seen[row + a]!);
    return tips.length > most ? tips.slice(0, most) : tips;
  }

  #hasStrongChild(node: number, slot: number): boolean {
    const table = this.#table;
    for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!) {
      const child = (edge / parentSlots) | 0;
      if (this.#standing.isKnown(node, child) && this.#standing.saysYes(node, child)) return true;
    }
    return false;
  }

  /** No contested vertex among the undecided ancestors, itself included. Results are kept for the epoch. */
  #isClean(node: number, slot: number): boolean {
    const standing = this.#standing;
    if (standing.contestedCount[node] === 0) return true;
    if (this.#stamp[slot] === this.#epoch) return this.#clean[slot] === 1;
    const stack = this.#stack;
    stack.push(slot);
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!;
      const verdict = this.#verdict(node, at);
      if (verdict < 0) continue; // a parent was pushed: it comes first
      this.#stamp[at] = this.#epoch;
      this.#clean[at] = verdict;
      stack.pop();
    }
    return this.#clean[slot] === 1;
  }

  /** 1 clean, 0 not, -1 when an undecided parent has to be judged first (it is pushed). */
  #verdict(node: number, slot: number): number {
    const standing = this.#standing;
    if (standing.has(standing.contested, node, slot)) return 0;
    for (let i = 0; i < this.#table.parentCount[slot]!; i++) {
      const parent = this.#table.parents[slot * parentSlots + i]!;
      if (parent < 0 || !standing.has(standing.undecided, node, parent)) continue;
      if (this.#stamp[parent] !== this.#epoch) {
        this.#stack.push(parent);
        return -1;
      }
      if (this.#clean[parent] === 0) return 0;
    }
    return 1;
  }

  #nextEpoch(): void {
    this.#epoch += 1;
    if (this.#stamp.length < this.#table.capacity) {
      this.#stamp = new Int32Array(this.#table.capacity);
      this.#clean = new Uint8Array(this.#table.capacity);
    }
  }
}
