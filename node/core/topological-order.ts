/**
 * The live vertices of a table, parents before children.
 * Owns: the walk and its buffers, reused from call to call. Does not own: the DAG (vertex-table.ts).
 * The order follows slots where the DAG allows it, so that it depends on the table alone.
 */
import { maximumParents, type VertexTable } from './vertex-table.ts';

export class TopologicalOrder {
  readonly #table: VertexTable;
  /** Epoch in which a slot was placed. */
  #placed = new Int32Array(0);
  #stack = new Int32Array(0);
  #epoch = 0;

  constructor(table: VertexTable) {
    this.#table = table;
  }

  /**
   * Writes every live slot once, each after all its live parents, and returns how many.
   * `out` must hold `table.liveCount` slots, else RangeError. Allocates only after the table has grown.
   */
  write(out: Int32Array): number {
    const { live, liveCount, highWord, capacity } = this.#table;
    if (out.length < liveCount) throw new RangeError(`${liveCount} slots do not fit into ${out.length}`);
    if (this.#placed.length < capacity) {
      this.#placed = new Int32Array(capacity);
      this.#stack = new Int32Array(capacity);
      this.#epoch = 0;
    }
    const placed = this.#placed;
    const epoch = ++this.#epoch;
    let count = 0;
    for (let word = 0; word < highWord; word++) {
      for (let rest = live[word]!; rest !== 0; rest &= rest - 1) {
        const slot = (word << 5) + (31 - Math.clz32(rest & -rest));
        if (placed[slot] === epoch) continue;
        if (this.#missingParent(slot, epoch) < 0) {
          placed[slot] = epoch;
          out[count++] = slot;
        } else {
          count = this.#placeWithAncestors(slot, epoch, out, count);
        }
      }
    }
    return count;
  }

  /** A live parent that is not placed yet, or -1. */
  #missingParent(slot: number, epoch: number): number {
    const { parents, parentCount } = this.#table;
    const from = slot * maximumParents;
    const until = from + parentCount[slot]!;
    for (let edge = from; edge < until; edge++) {
      const parent = parents[edge]!;
      if (parent >= 0 && this.#placed[parent] !== epoch) return parent;
    }
    return -1;
  }

  /** The stack is a path of the DAG, so it never holds a slot twice. */
  #placeWithAncestors(slot: number, epoch: number, out: Int32Array, from: number): number {
    const stack = this.#stack;
    let count = from;
    let depth = 0;
    stack[depth++] = slot;
    while (depth > 0) {
      const top = stack[depth - 1]!;
      const parent = this.#missingParent(top, epoch);
      if (parent >= 0) {
        stack[depth++] = parent;
        continue;
      }
      depth -= 1;
      this.#placed[top] = epoch;
      out[count++] = top;
    }
    return count;
  }
}
