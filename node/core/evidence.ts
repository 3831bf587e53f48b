/**
 * Reads the answers of a finished poll for those that no honest node gives.
 * Owns: what counts as misbehaviour in an answer. Does not own: strikes and convictions (suspicion.ts).
 *
 * Only votes on the scope mean something: another slot may have changed hands while the answer travelled.
 */
import { emptySlot, type PollBook } from './poll-book.ts';
import type { CorePorts } from './ports.ts';
import type { Standing } from './standing.ts';
import type { Suspicion } from './suspicion.ts';
import { maximumParents, type VertexTable } from './vertex-table.ts';

export interface EvidenceParts {
  readonly table: VertexTable;
  readonly standing: Standing;
  readonly polls: PollBook;
  readonly suspicion: Suspicion;
}

/** A vertex this old (in polls) has met any conflict that exists: a no needs a known one. */
const settledAgeRounds = 4;
const none = emptySlot;

export class Evidence {
  readonly #parts: EvidenceParts;
  readonly #ports: CorePorts;

  constructor(parts: EvidenceParts, ports: CorePorts) {
    this.#parts = parts;
    this.#ports = ports;
  }

  /** Looks at every counted answer of a poll that is about to close. */
  review(node: number, poll: number): void {
    const { polls, standing } = this.#parts;
    const watched = standing.contestedCount[node] !== 0;
    if (!watched && polls.isUnanimous(poll)) return;
    const { answers, scope: scopes, arrived, k } = polls;
    const words = polls.scopeWords(poll);
    const scopeAt = poll * polls.words;
    const filled = polls.filled(poll);
    const base = polls.answersAt(poll, 0);
    const first = scopes[scopeAt]!;
    for (let i = 0; i < filled; i++) {
      const slot = arrived[poll * k + i]!;
      if (slot === none) continue;
      const at = base + 2 * slot * words;
      // Most answers are yes to everything: with one word, one look settles it.
      if (words === 1 && !watched && (first & ~answers[at]!) === 0) continue;
      let refused = 0;
      for (let w = 0; w < words; w++)
        refused |= scopes[scopeAt + w]! & answers[at + 2 * w + 1]! & ~answers[at + 2 * w]!;
      if (refused !== 0 || watched) this.#judge(node, poll, slot, at, words);
    }
  }

  #judge(node: number, poll: number, slot: number, at: number, words: number): void {
    const { polls, suspicion } = this.#parts;
    const peer = polls.peers[poll * polls.k + slot]!;
    if (suspicion.isConvicted(node, peer)) return;
    if (!this.#refusesGround(node, poll, at, words) && !this.#contradicts(node, poll, at, words)) return;
    if (suspicion.strike(node, peer, 1)) this.#ports.convicted(node, peer);
  }

  /** Yes to two conflicting vertices in one answer. */
  #contradicts(node: number, poll: number, at: number, words: number): boolean {
    const { standing, polls, table } = this.#parts;
    if (standing.contestedCount[node] === 0) return false;
    for (let w = 0; w < words; w++) {
      const contested = standing.contested[node * standing.words + w]! & polls.scope[poll * polls.words + w]!;
      for (let rest = contested & polls.answers[at + 2 * w]!; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
          const rival = table.conflictAt(edge);
          const v = rival >>> 5;
          if (v >= words) continue;
          const yes = polls.answers[at + 2 * v]! & polls.scope[poll * polls.words + v]!;
          if ((yes & (1 << (rival & 31))) !== 0) return true;
        }
      }
    }
    return false;
  }

  /**
   * A conflict of the vertex or of an ancestor that is still in the table, decided here or not: a peer that is behind
   * may honestly refuse what descends from it.
   */
  #hasConflictInPast(from: number): boolean {
    const { table } = this.#parts;
    if (!table.hasConflicts) return false;
    const seen = new Set<number>([from]);
    const stack = [from];
    while (stack.length > 0) {
      const slot = stack.pop()!;
      if (table.firstConflict(slot) >= 0) return true;
      for (let i = 0; i < table.parentCount[slot]!; i++) {
        const parent = table.parents[slot * maximumParents + i]!;
        if (parent < 0 || seen.has(parent)) continue;
        seen.add(parent);
        stack.push(parent);
      }
    }
    return false;
  }

  /** A no to a vertex old enough, without any conflict known in its past. */
  #refusesGround(node: number, poll: number, at: number, words: number): boolean {
    const { standing, polls } = this.#parts;
    const row = node * standing.capacity;
    for (let w = 0; w < words; w++) {
      let rest =
        polls.scope[poll * polls.words + w]! & polls.answers[at + 2 * w + 1]! & ~polls.answers[at + 2 * w]!;
      for (; rest !== 0; rest &= rest - 1) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        if (standing.rounds[row + slot]! < settledAgeRounds) continue;
        return !this.#hasConflictInPast(slot);
      }
    }
    return false;
  }
}
