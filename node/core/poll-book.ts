/**
 * Open polls: their scope, peers, slots and the bit-sliced count of yes votes.
 * Owns: vote counting for 32 vertices at once, and the rule when a poll is certain. Does not own: when polls start,
 * what their outcome changes (core.ts).
 *
 * A poll index is node * concurrentPolls + i. Votes are counted in bit planes: plane j of word w holds bit j of 32 counts.
 * Invariant: filled slots = answered + empty; every count <= answered slots <= k.
 */
import type { ConsensusParams } from './params.ts';

export const slotWaiting = 0;
export const slotAnswered = 1;
export const slotRetried = 2;
export const slotEmpty = 3;

/** Sequences of polls wrap: a late answer is told apart for this many polls. */
export const sequenceMask = 0x7ff;

/** Fields of a poll's record in `head`, kept together because an answer touches most of them. */
export const headWords = 8;
/** The sequence while the poll is open, -1 while it is closed. */
export const headCurrent = 0;
export const headScopeWords = 1;
const headFilled = 2;
const headNextCheck = 3;
export const headKeyA = 4;
export const headKeyB = 5;
/** The slot whose answer is a round-trip sample. */
export const headSampleSlot = 6;
const headSequence = 7;
const closed = -1;

export class PollBook {
  readonly k: number;
  readonly planes: number;
  readonly peers: Int32Array;
  readonly slotState: Uint8Array;
  /** [poll][headWords] */
  readonly head: Int32Array;
  readonly startUs: Float64Array;
  /** Start of the poll before, so that a late answer still yields a round trip. */
  readonly previousStartUs: Float64Array;
  /** Vertices that the last counted answer knew and refused (a bit mask over all words, folded). */
  refused = 0;
  scope: Int32Array;
  readonly polls: number;
  readonly #alpha: number;
  readonly #preference: number;
  readonly #earlyEnd: boolean;
  #words: number;
  #count: Int32Array;

  constructor(polls: number, words: number, params: ConsensusParams) {
    this.k = params.k;
    this.#alpha = params.alphaConfidence;
    this.#preference = params.alphaPreference;
    this.#earlyEnd = params.earlyEnd;
    this.planes = 32 - Math.clz32(params.k);
    this.polls = polls;
    this.#words = words;
    this.peers = new Int32Array(polls * params.k);
    this.slotState = new Uint8Array(polls * params.k);
    this.head = new Int32Array(polls * headWords);
    for (let poll = 0; poll < polls; poll++) this.head[poll * headWords] = closed;
    this.startUs = new Float64Array(polls);
    this.previousStartUs = new Float64Array(polls);
    this.scope = new Int32Array(polls * words);
    this.#count = new Int32Array(polls * words * this.planes);
  }

  get words(): number {
    return this.#words;
  }

  isOpen(poll: number): boolean {
    return this.head[poll * headWords]! !== closed;
  }

  /** Sequence of the open poll, or of the last one. */
  sequence(poll: number): number {
    return this.head[poll * headWords + headSequence]!;
  }

  scopeWords(poll: number): number {
    return this.head[poll * headWords + headScopeWords]!;
  }

  close(poll: number): void {
    this.head[poll * headWords] = closed;
  }

  /** Opens a poll over `row[at .. at + words)` with its stream keys; returns the number of vertices in scope. */
  begin(
    poll: number,
    rows: Int32Array,
    at: number,
    words: number,
    keyA: number,
    keyB: number,
    nowUs: number,
  ): number {
    const scopeAt = poll * this.#words;
    let last = 0;
    let vertices = 0;
    for (let w = 0; w < words; w++) {
      const bits = rows[at + w]!;
      this.scope[scopeAt + w] = bits;
      if (bits === 0) continue;
      last = w + 1;
      vertices += bitCount(bits);
    }
    const countAt = scopeAt * this.planes;
    this.#count.fill(0, countAt, countAt + last * this.planes);
    this.slotState.fill(slotWaiting, poll * this.k, (poll + 1) * this.k);
    this.previousStartUs[poll] = this.startUs[poll]!;
    this.startUs[poll] = nowUs;
    const head = this.head;
    const h = poll * headWords;
    const sequence = (head[h + headSequence]! + 1) & sequenceMask;
    const failure = this.k - this.#alpha + 1;
    head[h + headCurrent] = sequence;
    head[h + headSequence] = sequence;
    head[h + headScopeWords] = last;
    head[h + headFilled] = 0;
    head[h + headNextCheck] = this.#earlyEnd ? Math.min(this.#alpha, failure) : this.k;
    head[h + headKeyA] = keyA;
    head[h + headKeyB] = keyB;
    head[h + headSampleSlot] = sequence % this.k;
    return vertices;
  }

  /** Counts an answer (layout of answer.ts) and notes what it refused. Returns true when the poll is over. */
  add(poll: number, slot: number, votes: Int32Array, at: number): boolean {
    this.slotState[poll * this.k + slot] = slotAnswered;
    const words = this.head[poll * headWords + headScopeWords]!;
    const scopeAt = poll * this.#words;
    const planes = this.planes;
    const count = this.#count;
    const scopes = this.scope;
    let refused = 0;
    for (let w = 0; w < words; w++) {
      const scope = scopes[scopeAt + w]!;
      const yes = votes[at + 2 * w]!;
      refused |= scope & votes[at + 2 * w + 1]! & ~yes;
      let carry = yes & scope;
      for (let p = (scopeAt + w) * planes; carry !== 0; p++) {
        const plane = count[p]!;
        count[p] = plane ^ carry;
        carry &= plane;
      }
    }
    this.refused = refused;
    return this.#fill(poll);
  }

  /** A slot that stays without a vote. Returns true when the poll is over. */
  leaveEmpty(poll: number, slot: number): boolean {
    this.slotState[poll * this.k + slot] = slotEmpty;
    return this.#fill(poll);
  }

  #fill(poll: number): boolean {
    const head = this.head;
    const h = poll * headWords;
    const filled = head[h + headFilled]! + 1;
    head[h + headFilled] = filled;
    if (filled < head[h + headNextCheck]!) return false;
    return filled >= this.k || this.#isCertain(poll, filled);
  }

  /** A vertex left the scope (it was decided meanwhile): its votes no longer matter. */
  drop(poll: number, slot: number): void {
    this.scope[poll * this.#words + (slot >>> 5)]! &= ~(1 << (slot & 31));
  }

  /** Mask of the 32 vertices of a word that have at least `least` yes votes. */
  atLeast(poll: number, word: number, least: number): number {
    if (least <= 0) return -1;
    const at = (poll * this.#words + word) * this.planes;
    if (least >= 1 << this.planes) return 0;
    let borrow = 0;
    for (let j = 0; j < this.planes; j++) {
      const bit = ((least >>> j) & 1) === 1 ? -1 : 0;
      const plane = this.#count[at + j]!;
      borrow = (~plane & bit) | (~(plane ^ bit) & borrow);
    }
    return ~borrow;
  }

  /** Yes votes of one vertex. */
  yesVotes(poll: number, slot: number): number {
    const at = (poll * this.#words + (slot >>> 5)) * this.planes;
    let votes = 0;
    for (let j = 0; j < this.planes; j++) votes |= ((this.#count[at + j]! >>> (slot & 31)) & 1) << j;
    return votes;
  }

  /** Every vertex of the scope is certain for both thresholds; else notes when it pays to look again. */
  #isCertain(poll: number, filled: number): boolean {
    const words = this.scopeWords(poll);
    for (let w = 0; w < words; w++) {
      const scope = this.scope[poll * this.#words + w]!;
      if (scope === 0) continue;
      const open =
        scope & (this.#undetermined(poll, w, filled, this.#alpha) | this.#preferenceOpen(poll, w, filled));
      if (open === 0) continue;
      const votes = this.yesVotes(poll, (w << 5) + (31 - Math.clz32(open & -open)));
      const success = this.#alpha - votes;
      const failure = votes - filled + this.k - this.#alpha + 1;
      const wait = success > 0 && failure > 0 ? Math.min(success, failure) : 1;
      this.head[poll * headWords + headNextCheck] = filled + wait;
      return false;
    }
    return true;
  }

  #preferenceOpen(poll: number, word: number, filled: number): number {
    return this.#preference === this.#alpha ? 0 : this.#undetermined(poll, word, filled, this.#preference);
  }

  #undetermined(poll: number, word: number, filled: number, threshold: number): number {
    return ~this.atLeast(poll, word, threshold) & this.atLeast(poll, word, filled - this.k + threshold);
  }

  /** Widens the scopes to `words` words; open polls keep theirs. */
  grow(words: number): void {
    const scope = new Int32Array(this.polls * words);
    const count = new Int32Array(this.polls * words * this.planes);
    for (let poll = 0; poll < this.polls; poll++) {
      scope.set(this.scope.subarray(poll * this.#words, (poll + 1) * this.#words), poll * words);
      const from = poll * this.#words * this.planes;
      count.set(this.#count.subarray(from, from + this.#words * this.planes), poll * words * this.planes);
    }
    this.scope = scope;
    this.#count = count;
    this.#words = words;
  }
}

export function bitCount(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
