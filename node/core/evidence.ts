/**
 * Reads the answers of a finished poll for those that no honest node gives.
 * Owns: what counts against a peer in an answer. Does not own: strikes and convictions (suspicion.ts).
 *
 * Only votes on the scope mean something: another slot may have changed hands while the answer travelled. Most answers are
 * yes to everything; the book lists the others, and only those can refuse.
 */
import { ConflictPast } from './conflict-past.ts';
import { answerNoToAll, answerSomeRefused, answerSomeUnknown, firstOld } from './exceptions.ts';
import type { ConsensusParams, ReputationRules } from './params.ts';
import { type PollBook, slotAnswered } from './poll-book.ts';
import type { CorePorts } from './ports.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Standing } from './standing.ts';
import type { Suspicion } from './suspicion.ts';
import type { VertexTable } from './vertex-table.ts';

export interface EvidenceParts {
  readonly table: VertexTable;
  readonly standing: Standing;
  readonly polls: PollBook;
  readonly suspicion: Suspicion;
  readonly params: ConsensusParams;
}

/** A vertex this old (in polls) has met any conflict that exists: a no needs a known one. */
const settledAgeRounds = 4;
const noToAll = answerNoToAll;
const someRefused = answerSomeRefused;
const someUnknown = answerSomeUnknown;

export class Evidence {
  readonly #parts: EvidenceParts;
  readonly #ports: CorePorts;
  readonly #basis: ReputationRules['basis'];
  readonly #conflictPast: ConflictPast;
  readonly #readAhead: ReadAhead;
  /** Pairs of conflicting vertices in the scope of the poll under review, the two of each next to each other. */
  readonly #rivals: number[] = [];
  /** What one answer says yes to, or refuses, by word of the scope. */
  #said = new Int32Array(0);
  /** Slots of the poll whose answer is in the book's list. */
  readonly #isOdd: Uint8Array;

  constructor(parts: EvidenceParts, ports: CorePorts, basis: ReputationRules['basis'] = 'misbehaviour') {
    this.#parts = parts;
    this.#ports = ports;
    this.#basis = basis;
    this.#conflictPast = new ConflictPast(parts.table);
    this.#readAhead = new ReadAhead(parts.standing, parts.polls, parts.suspicion);
    this.#isOdd = new Uint8Array(parts.polls.k);
  }

  /** Looks at every answer of a poll that is about to close. */
  review(node: number, poll: number, nowUs: number): void {
    const { polls, standing } = this.#parts;
    // Nothing else is done before this when a poll ends.
    this.#readAhead.forEnd(node, poll);
    const odd = polls.oddCount(poll);
    if (this.#basis === 'outcome') {
      this.#strikeOutvoted(node, poll, odd, nowUs);
      return;
    }
    const hasRivals = standing.contestedCount[node] !== 0 && this.#findRivals(node, poll);
    if (odd === 0 && !hasRivals) return;
    let noIsGroundless = -1;
    for (let i = 0; i < odd; i++) {
      const kind = polls.oddKind(poll, i);
      const slot = polls.oddSlot(poll, i);
      if (kind === noToAll) {
        if (noIsGroundless < 0) noIsGroundless = this.#refusesGround(node, poll, slot, kind) ? 1 : 0;
        if (noIsGroundless === 1) this.#strike(node, poll, slot, nowUs);
      } else if (
        (kind === someRefused && this.#refusesGround(node, poll, slot, kind)) ||
        (hasRivals && this.#contradicts(poll, slot, kind))
      ) {
        this.#strike(node, poll, slot, nowUs);
      }
    }
    if (hasRivals && odd < polls.filled(poll)) this.#strikeYesToAll(node, poll, odd, nowUs);
  }

  #strike(node: number, poll: number, slot: number, nowUs: number): void {
    const { polls, suspicion } = this.#parts;
    const peer = polls.peers[poll * polls.k + slot]!;
    if (suspicion.strike(node, peer, 1, nowUs)) this.#ports.convicted(node, peer);
  }

  /** Two vertices of the scope conflict: who says yes to the whole scope says yes to both. */
  #strikeYesToAll(node: number, poll: number, odd: number, nowUs: number): void {
    const { polls } = this.#parts;
    const isOdd = this.#isOdd.fill(0);
    for (let i = 0; i < odd; i++) isOdd[polls.oddSlot(poll, i)] = 1;
    for (let slot = 0; slot < polls.k; slot++) {
      if (isOdd[slot] === 0 && polls.state(poll, slot) === slotAnswered)
        this.#strike(node, poll, slot, nowUs);
    }
  }

  /** A no to a vertex whose run of successes this very poll completes. */
  #strikeOutvoted(node: number, poll: number, odd: number, nowUs: number): void {
    const { polls } = this.#parts;
    for (let i = 0; i < odd; i++) {
      const kind = polls.oddKind(poll, i);
      const slot = polls.oddSlot(poll, i);
      const refused = this.#room();
      polls.refusedWords(poll, slot, kind, refused);
      for (let w = 0; w < polls.scopeWords(poll); w++) {
        if (refused[w] === 0 || (refused[w]! & this.#completed(node, poll, w)) === 0) continue;
        this.#strike(node, poll, slot, nowUs);
        break;
      }
    }
  }

  /** Vertices of a scope word that one more success finalises, and have it. */
  #completed(node: number, poll: number, word: number): number {
    const { standing, polls } = this.#parts;
    const row = node * standing.capacity + (word << 5);
    const chits =
      polls.scope[poll * polls.words + word]! & polls.atLeast(poll, word, this.#parts.params.alphaConfidence);
    let completed = 0;
    for (let rest = chits; rest !== 0; rest &= rest - 1) {
      const bit = rest & -rest;
      if (standing.counter[row + 31 - Math.clz32(bit)]! + 1 >= this.#parts.params.beta) completed |= bit;
    }
    return completed;
  }

  /** Notes the pairs of the scope that conflict; false when there are none. */
  #findRivals(node: number, poll: number): boolean {
    const { standing, polls, table } = this.#parts;
    const rivals = this.#rivals;
    rivals.length = 0;
    const words = polls.scopeWords(poll);
    const from = poll * polls.words;
    for (let w = 0; w < words; w++) {
      for (
        let rest = standing.marks[standing.at(standing.contested, node, w)]! & polls.scope[from + w]!;
        rest !== 0;
        rest &= rest - 1
      ) {
        const slot = (w << 5) + (31 - Math.clz32(rest & -rest));
        for (let edge = table.firstConflict(slot); edge >= 0; edge = table.nextConflict(edge)) {
          const rival = table.conflictAt(edge);
          const v = rival >>> 5;
          const isAsked = v < words && (polls.scope[from + v]! & (1 << (rival & 31))) !== 0;
          // The rival is contested here as well, and finds this one, too.
          if (isAsked && slot < rival) rivals.push(slot, rival);
        }
      }
    }
    return rivals.length > 0;
  }

  /** Yes to two conflicting vertices in one answer. */
  #contradicts(poll: number, of: number, kind: number): boolean {
    if (kind !== someUnknown && kind !== someRefused) return false;
    const { polls } = this.#parts;
    const yes = this.#room();
    polls.yesWords(poll, of, yes);
    const rivals = this.#rivals;
    for (let i = 0; i < rivals.length; i += 2) {
      const slot = rivals[i]!;
      const rival = rivals[i + 1]!;
      if (((yes[slot >>> 5]! >>> (slot & 31)) & (yes[rival >>> 5]! >>> (rival & 31)) & 1) !== 0) return true;
    }
    return false;
  }

  #room(): Int32Array {
    const { words } = this.#parts.polls;
    if (this.#said.length < words) this.#said = new Int32Array(words);
    return this.#said;
  }

  /** A no to a vertex old enough, without any conflict known in its past. */
  #refusesGround(node: number, poll: number, of: number, kind: number): boolean {
    const slot = this.#firstRefused(node, poll, of, kind);
    // In the table, decided here or not: a peer that is behind may honestly refuse what descends from a conflict.
    return slot >= 0 && !this.#conflictPast.has(slot);
  }

  /** The first vertex old enough that an answer refuses, a no to all or to some; -1: there is none. */
  #firstRefused(node: number, poll: number, of: number, kind: number): number {
    const { standing, polls } = this.#parts;
    const { scope, exceptions } = polls;
    const { rounds } = standing;
    const row = node * standing.capacity;
    const words = polls.scopeWords(poll);
    const from = poll * polls.words;
    if (kind === someRefused)
      return exceptions.firstRefused(poll, of, words, scope, from, rounds, row, settledAgeRounds);
    for (let w = 0; w < words; w++) {
      const slot = firstOld(scope[from + w]!, w << 5, rounds, row, settledAgeRounds);
      if (slot >= 0) return slot;
    }
    return -1;
  }
}
