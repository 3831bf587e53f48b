/**
 * Which vertices a node prefers, and strongly prefers.
 * Owns: the comparison of conflicting vertices and the spread of a changed preference to descendants.
 * Does not own: scores (core.ts raises them) nor decisions.
 *
 * A vertex is preferred when it beats every conflicting undecided vertex known here, by score, then by arrival (arrivals at
 * one node are totally ordered, so ids never have to decide), and none of its conflicts is finalised here. It is strongly
 * preferred when it and all its undecided ancestors are preferred.
 */
import type { Standing } from './standing.ts';
import { genesis, maximumParents, type VertexTable } from './vertex-table.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const parentSlots = maximumParents;
const noParent = genesis;

export class Preference {
  readonly #table: VertexTable;
  readonly #standing: Standing;
  readonly #stack: number[] = [];

  constructor(table: VertexTable, standing: Standing) {
    this.#table = table;
    this.#standing = standing;
  }

  /** Sets preferred and strongly preferred of a vertex that has just been entered; `strong`: `parentsStrong` of it. */
  enter(node: number, slot: number, strong: boolean): void {
    const table = this.#table;
    const standing = this.#standing;
    if (table.firstConflict(slot) < 0) {
      standing.set(standing.preferred, node, slot);
      // Its children are not known here yet: nothing to spread.
      if (strong) standing.setYes(node, slot, true);
      return;
    }
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      const rival = table.conflictAt(edge);
      if (!standing.has(standing.undecided, node, rival)) continue;
      standing.markContested(node, rival);
      standing.markContested(node, slot);
    }
    this.refresh(node, slot);
  }

  /** Recomputes the preference of an undecided vertex and spreads a change. */
  refresh(node: number, slot: number): void {
    const standing = this.#standing;
    if (!standing.has(standing.undecided, node, slot)) return;
    const preferred = this.#isPreferred(node, slot);
    if (preferred) standing.set(standing.preferred, node, slot);
    else standing.clear(standing.preferred, node, slot);
    this.#spread(node, slot);
  }

  /** Recomputes every undecided rival of a vertex. */
  refreshRivals(node: number, slot: number): void {
    const table = this.#table;
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      this.refresh(node, table.conflictAt(edge));
    }
  }

  /** A vertex was finalised although the node had not strongly preferred it: its children may be strongly preferred now. */
  refreshChildren(node: number, slot: number): void {
    const table = this.#table;
    const standing = this.#standing;
    for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!) {
      const child = (edge / parentSlots) | 0;
      if (standing.has(standing.undecided, node, child)) this.#spread(node, child);
    }
  }

  #isPreferred(node: number, slot: number): boolean {
    const table = this.#table;
    const standing = this.#standing;
    for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
      const rival = table.conflictAt(edge);
      if (standing.has(standing.finalised, node, rival)) return false;
      if (standing.has(standing.undecided, node, rival) && !this.#beats(node, slot, rival)) return false;
    }
    return true;
  }

  #beats(node: number, slot: number, rival: number): boolean {
    const standing = this.#standing;
    const row = node * standing.capacity;
    const lead = standing.score[row + slot]! - standing.score[row + rival]!;
    return lead > 0 || (lead === 0 && standing.seen[row + slot]! < standing.seen[row + rival]!);
  }

  /** Strong preference follows from preference and the parents; a change goes on to the children. */
  #spread(node: number, from: number): void {
    const table = this.#table;
    const standing = this.#standing;
    const stack = this.#stack;
    stack.push(from);
    while (stack.length > 0) {
      const slot = stack.pop()!;
      const strong = standing.has(standing.preferred, node, slot) && this.parentsStrong(node, slot);
      if (strong === standing.saysYes(node, slot)) continue;
      standing.setYes(node, slot, strong);
      for (let edge = table.childHead[slot]!; edge >= 0; edge = table.childNext[edge]!) {
        const child = (edge / parentSlots) | 0;
        if (standing.has(standing.undecided, node, child)) stack.push(child);
      }
    }
  }

  /** The node says yes to all its parents: it knows them, too, and has rejected none. */
  parentsStrong(node: number, slot: number): boolean {
    for (let i = 0; i < this.#table.parentCount[slot]!; i++) {
      const parent = this.#table.parents[slot * parentSlots + i]!;
      if (parent === noParent) continue;
      if (parent < 0 || !this.#standing.saysYes(node, parent)) return false;
    }
    return true;
  }
}
