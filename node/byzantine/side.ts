/**
 * Taking sides in conflicts: which of two rivals a coordinated attacker backs.
 * Owns: the rule (the youngest or the oldest of a conflict) and writing it into an answer.
 * Does not own: which side an attacker is on (collusion.ts, equivocation.ts).
 */
import type { VertexTable } from '#node/core/vertex-table.ts';

/** `youngest` = the double spend that came second; `oldest` = the vertex that came first. */
export type Side = 'youngest' | 'oldest';

/**
 * Which vertices each side backs. It is a fact of the table, kept until its conflicts change: an attacker is asked far more often.
 */
export class Sides {
  #table: VertexTable | null = null;
  #conflictChanges = -1;
  /** By word of the table. */
  #youngest = new Int32Array(0);
  #oldest = new Int32Array(0);

  /**
   * Votes yes for the backed vertices of the scope and no to their rivals; returns nothing, leaves uncontested ones alone.
   * Every attacker on one side gives the same votes: registration order is the same for all.
   */
  back(
    table: VertexTable,
    side: Side,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): void {
    if (table !== this.#table || table.conflictChanges !== this.#conflictChanges) this.#follow(table);
    const backed = side === 'youngest' ? this.#youngest : this.#oldest;
    for (let w = 0; w < words; w++) {
      const contested = scope[scopeAt + w]! & table.contested[w]!;
      if (contested === 0) continue;
      const at = answerAt + 2 * w;
      answer[at] = (answer[at]! & ~contested) | (contested & backed[w]!);
      answer[at + 1]! |= contested;
    }
  }

  #follow(table: VertexTable): void {
    this.#table = table;
    this.#conflictChanges = table.conflictChanges;
    const { contested } = table;
    if (this.#youngest.length < contested.length) {
      this.#youngest = new Int32Array(contested.length);
      this.#oldest = new Int32Array(contested.length);
    }
    for (let w = 0; w < contested.length; w++) {
      let youngest = 0;
      let oldest = 0;
      for (let rest = contested[w]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const slot = (w << 5) + (31 - Math.clz32(bit));
        if (isBacked(table, slot, 'youngest')) youngest |= bit;
        if (isBacked(table, slot, 'oldest')) oldest |= bit;
      }
      this.#youngest[w] = youngest;
      this.#oldest[w] = oldest;
    }
  }
}

/** The slot itself or the rival of it that came last (or first). */
export function extremeRival(table: VertexTable, slot: number, side: Side): number {
  let extreme = slot;
  for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
    const rival = table.conflictAt(edge);
    const isFurther =
      side === 'youngest'
        ? table.serial[rival]! > table.serial[extreme]!
        : table.serial[rival]! < table.serial[extreme]!;
    if (isFurther) extreme = rival;
  }
  return extreme;
}

/** True when no live rival is younger (or older). */
function isBacked(table: VertexTable, slot: number, side: Side): boolean {
  const own = table.serial[slot]!;
  for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
    const rival = table.serial[table.conflictAt(edge)]!;
    if (side === 'youngest' ? rival > own : rival < own) return false;
  }
  return true;
}
