/**
 * Whether a vertex or one of its ancestors that are still in the table conflicts with another vertex there.
 * Owns: that answer for every slot, kept until conflicts or edges change. Does not own: the graph (vertex-table.ts), what a
 * node makes of it (evidence.ts).
 *
 * It is a fact of the table, the same for every node: with hundreds of undecided vertices the search would otherwise be most of a poll.
 */
import { maximumParents, type VertexTable } from './vertex-table.ts';

const parentSlots = maximumParents;

export class ConflictPast {
  readonly #table: VertexTable;
  /** By slot: twice the epoch in which it was looked up, plus one where there is a conflict. */
  #known = new Int32Array(0);
  #epoch = 0;
  #conflictChanges = -1;
  readonly #stack: number[] = [];

  constructor(table: VertexTable) {
    this.#table = table;
  }

  has(from: number): boolean {
    const table = this.#table;
    if (!table.hasConflicts) return false;
    this.#follow();
    const known = this.#known;
    const clean = 2 * this.#epoch;
    const stack = this.#stack;
    stack.push(from);
    while (stack.length > 0) {
      const slot = stack[stack.length - 1]!;
      const verdict = known[slot]! >= clean ? known[slot]! : this.#look(slot, clean);
      if (verdict < clean) continue;
      known[slot] = verdict;
      stack.pop();
    }
    return known[from] === clean + 1;
  }

  /** What is known of the slot once its parents are; below `clean` when they are not, which are then on the stack. */
  #look(slot: number, clean: number): number {
    const table = this.#table;
    if (table.firstConflict(slot) >= 0) return clean + 1;
    let unknown = 0;
    for (let i = 0; i < table.parentCount[slot]!; i++) {
      const parent = table.parents[slot * parentSlots + i]!;
      if (parent < 0) continue;
      if (this.#known[parent] === clean + 1) return clean + 1;
      if (this.#known[parent] === clean) continue;
      this.#stack.push(parent);
      unknown += 1;
    }
    return unknown === 0 ? clean : clean - 1;
  }

  /** A conflict came or went, or a slot was freed: nothing that was known holds any more. */
  #follow(): void {
    const { capacity, conflictChanges } = this.#table;
    if (this.#conflictChanges === conflictChanges && this.#known.length >= capacity) return;
    this.#conflictChanges = conflictChanges;
    this.#epoch += 1;
    if (this.#known.length >= capacity && this.#epoch < 0x3fff_ffff) return;
    this.#known = new Int32Array(capacity);
    this.#epoch = 1;
  }
}
