/**
 * Open polls: their scope, peers, slots and the bit-sliced count of yes votes.
 * Owns: vote counting for 32 vertices at once, and the rule when a poll is certain. Does not own: when polls start,
 * what their outcome changes (core.ts).
 *
 * A poll index is node * concurrentPolls + i. Votes are counted in bit planes: plane j of word w holds bit j of 32 counts.
 * Invariant: filled slots = answered + empty; every count <= answered slots <= k.
 */
import type { ConsensusParams } from './params.ts';

// An exported constant is read from its cell at every use; the module's own ones are folded. Hence two names.
const waiting = 0;
const answered = 1;
const retried = 2;
const empty = 3;
export const slotWaiting = waiting;
export const slotAnswered = answered;
export const slotRetried = retried;
export const slotEmpty = empty;
/** In `arrived`: the slot stayed empty. */
const noSlot = 0xffff;
export const emptySlot = noSlot;

/** Sequences of polls wrap: a late answer is told apart for this many polls. */
export const sequenceMask = 0x7ff;
const wrap = 0x7ff;

// Fields of a poll's record in `head`, kept together because an answer touches most of them.
const stride = 8;
const fieldScopeWords = 1;
const fieldFilled = 2;
const fieldNextCheck = 3;
const fieldKey = 4;
const fieldSampleSlot = 6;
const fieldSequence = 7;
const closed = -1;
export const headWords = stride;
/** The sequence while the poll is open, -1 while it is closed. */
export const headCurrent = 0;
export const headScopeWords = fieldScopeWords;
/** Key of the poll's random stream. */
export const headKey = fieldKey;
/** The slot whose answer is a round-trip sample. */
export const headSampleSlot = fieldSampleSlot;

export class PollBook {
  readonly k: number;
  readonly planes: number;
  readonly peers: Int32Array;
  readonly slotState: Uint8Array;
  /** Slots in the order in which they were filled: [poll][filled]. */
  readonly arrived: Uint16Array;
  /** [poll][headWords] */
  readonly head: Int32Array;
  readonly startUs: Float64Array;
  /** Start of the poll before, so that a late answer still yields a round trip. */
  readonly previousStartUs: Float64Array;
  scope: Int32Array;
  /** Answers on their way back or just arrived: [poll][slot][2 per scope word], see `answersAt`. */
  answers: Int32Array;
  readonly polls: number;
  readonly #alpha: number;
  readonly #preference: number;
  readonly #earlyEnd: boolean;
  /** Votes with which an outcome can be certain at the earliest. */
  readonly #firstCheck: number;
  readonly #fresh: Int32Array;
  /** How many of the filled slots are counted, and how many of those were answers. */
  readonly #counted: Int32Array;
  readonly #answerCount: Int32Array;
  #words: number;
  #count: Int32Array;

  constructor(polls: number, words: number, params: ConsensusParams) {
    this.k = params.k;
    this.#alpha = params.alphaConfidence;
    this.#preference = params.alphaPreference;
    this.#earlyEnd = params.earlyEnd;
    this.#firstCheck = Math.min(params.alphaConfidence, params.k - params.alphaConfidence + 1);
    this.#fresh = new Int32Array(params.k);
    this.planes = 32 - Math.clz32(params.k);
    this.polls = polls;
    this.#words = words;
    this.peers = new Int32Array(polls * params.k);
    this.slotState = new Uint8Array(polls * params.k);
    this.arrived = new Uint16Array(polls * params.k);
    this.#counted = new Int32Array(polls);
    this.#answerCount = new Int32Array(polls);
    this.head = new Int32Array(polls * stride);
    for (let poll = 0; poll < polls; poll++) this.head[poll * stride] = closed;
    this.startUs = new Float64Array(polls);
    this.previousStartUs = new Float64Array(polls);
    this.scope = new Int32Array(polls * words);
    this.answers = new Int32Array(2 * polls * params.k * words);
    this.#count = new Int32Array(polls * words * this.planes);
  }

  get words(): number {
    return this.#words;
  }

  isOpen(poll: number): boolean {
    return this.head[poll * stride]! !== closed;
  }

  /** Sequence of the open poll, or of the last one. */
  sequence(poll: number): number {
    return this.head[poll * stride + fieldSequence]!;
  }

  scopeWords(poll: number): number {
    return this.head[poll * stride + fieldScopeWords]!;
  }

  /** Slots of the open poll that are answered or given up. */
  filled(poll: number): number {
    return this.head[poll * stride + fieldFilled]!;
  }

  /** Where the answer of a slot of the open poll stands in `answers`. */
  answersAt(poll: number, slot: number): number {
    return 2 * (poll * this.k * this.#words + slot * this.head[poll * stride + fieldScopeWords]!);
  }

  close(poll: number): void {
    this.head[poll * stride] = closed;
  }

  /**
   * Opens a poll over `row[at .. at + words)` with the key of its stream. Returns the number of vertices in scope.
   */
  begin(poll: number, rows: Int32Array, at: number, words: number, key: number, nowUs: number): number {
    const scopeAt = poll * this.#words;
    let last = 0;
    let vertices = 0;
    for (let w = 0; w < words; w++) {
      const bits = rows[at + w]!;
      this.scope[scopeAt + w] = bits;
      if (bits === 0) continue;
      last = w + 1;
      vertices += ones(bits);
    }
    const countAt = scopeAt * this.planes;
    this.#count.fill(0, countAt, countAt + last * this.planes);
    this.slotState.fill(waiting, poll * this.k, (poll + 1) * this.k);
    this.previousStartUs[poll] = this.startUs[poll]!;
    this.startUs[poll] = nowUs;
    const head = this.head;
    const h = poll * stride;
    const sequence = (head[h + fieldSequence]! + 1) & wrap;
    head[h] = sequence;
    head[h + fieldSequence] = sequence;
    head[h + fieldScopeWords] = last;
    head[h + fieldFilled] = 0;
    this.#counted[poll] = 0;
    this.#answerCount[poll] = 0;
    head[h + fieldNextCheck] = this.#earlyEnd ? this.#firstCheck : this.k;
    head[h + fieldKey] = key;
    head[h + fieldSampleSlot] = sequence % this.k;
    return vertices;
  }

  /**
   * Notes that the answer of a slot stands in `answers`. Returns true when the poll may be over: ask `isOver`.
   * Votes are counted then, not now: most arrivals cannot end a poll.
   */
  add(poll: number, slot: number): boolean {
    const base = poll * this.k;
    const h = poll * stride;
    const head = this.head;
    this.slotState[base + slot] = answered;
    const filled = head[h + fieldFilled]!;
    this.arrived[base + filled] = slot;
    head[h + fieldFilled] = filled + 1;
    return filled + 1 >= head[h + fieldNextCheck]!;
  }

  /** Counts the votes of answers that were not counted yet. */
  #countNew(poll: number): void {
    const base = poll * this.k;
    const filled = this.head[poll * stride + fieldFilled]!;
    const fresh = this.#fresh;
    let n = 0;
    for (let i = this.#counted[poll]!; i < filled; i++) {
      const slot = this.arrived[base + i]!;
      if (slot !== noSlot) fresh[n++] = slot;
    }
    this.#counted[poll] = filled;
    if (n === 0) return;
    this.#answerCount[poll]! += n;
    const words = this.head[poll * stride + fieldScopeWords]!;
    for (let w = 0; w < words; w++) {
      if (this.planes <= 7) this.#countWord(poll, w, words, n);
      else this.#countWordDeep(poll, w, words, n);
    }
  }

  /**
   * Adds word w of n answers to its planes, two answers at a time: a carry-save adder takes 32 vertices at once.
   * Vertices outside the scope are counted too; nobody looks at them.
   */
  #countWord(poll: number, w: number, words: number, n: number): void {
    const { answers, k } = this;
    const fresh = this.#fresh;
    const from = 2 * (poll * k * this.#words + w);
    const at = (poll * this.#words + w) * this.planes;
    const count = this.#count;
    const depth = this.planes;
    let p0 = count[at]!;
    let p1 = depth > 1 ? count[at + 1]! : 0;
    let p2 = depth > 2 ? count[at + 2]! : 0;
    let p3 = depth > 3 ? count[at + 3]! : 0;
    let p4 = depth > 4 ? count[at + 4]! : 0;
    let p5 = depth > 5 ? count[at + 5]! : 0;
    let p6 = depth > 6 ? count[at + 6]! : 0;
    for (let i = 0; i < n; i += 2) {
      const x = answers[from + 2 * words * fresh[i]!]!;
      const y = i + 1 < n ? answers[from + 2 * words * fresh[i + 1]!]! : 0;
      const half = p0 ^ x;
      let carry = (p0 & x) | (half & y);
      p0 = half ^ y;
      let next = p1 & carry;
      p1 ^= carry;
      carry = p2 & next;
      p2 ^= next;
      next = p3 & carry;
      p3 ^= carry;
      carry = p4 & next;
      p4 ^= next;
      next = p5 & carry;
      p5 ^= carry;
      p6 ^= next;
    }
    count[at] = p0;
    if (depth > 1) count[at + 1] = p1;
    if (depth > 2) count[at + 2] = p2;
    if (depth > 3) count[at + 3] = p3;
    if (depth > 4) count[at + 4] = p4;
    if (depth > 5) count[at + 5] = p5;
    if (depth > 6) count[at + 6] = p6;
  }

  /** The same for samples of more than 127 peers: the carry runs through planes in memory. */
  #countWordDeep(poll: number, w: number, words: number, n: number): void {
    const from = 2 * (poll * this.k * this.#words + w);
    const at = (poll * this.#words + w) * this.planes;
    const count = this.#count;
    for (let i = 0; i < n; i++) {
      let carry = this.answers[from + 2 * words * this.#fresh[i]!]!;
      for (let p = at; carry !== 0; p++) {
        const plane = count[p]!;
        count[p] = plane ^ carry;
        carry &= plane;
      }
    }
  }

  /** A slot that stays without a vote. Returns true when the poll is over. */
  leaveEmpty(poll: number, slot: number): boolean {
    this.slotState[poll * this.k + slot] = empty;
    const head = this.head;
    const h = poll * stride;
    const filled = head[h + fieldFilled]!;
    this.arrived[poll * this.k + filled] = noSlot;
    head[h + fieldFilled] = filled + 1;
    return this.isOver(poll);
  }

  /** Every counted answer is yes to the whole scope. */
  isUnanimous(poll: number): boolean {
    for (let w = 0; w < this.scopeWords(poll); w++) {
      const missing = this.scope[poll * this.#words + w]! & ~this.atLeast(poll, w, this.#answerCount[poll]!);
      if (missing !== 0) return false;
    }
    return true;
  }

  /** All slots are filled, or every outcome is certain. Only for an open poll; notes when it pays to look again. */
  isOver(poll: number): boolean {
    const h = poll * stride;
    const filled = this.head[h + fieldFilled]!;
    if (filled < this.head[h + fieldNextCheck]!) return false;
    this.#countNew(poll);
    return filled >= this.k || this.#isCertain(poll, filled);
  }

  /** A vertex left the scope (it was decided meanwhile): its votes no longer matter, and the poll may be over without them. */
  drop(poll: number, slot: number): void {
    const at = poll * this.#words + (slot >>> 5);
    const bit = 1 << (slot & 31);
    if ((this.scope[at]! & bit) === 0) return;
    this.scope[at]! &= ~bit;
    if (this.#earlyEnd) this.head[poll * stride + fieldNextCheck] = 0;
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
      this.head[poll * stride + fieldNextCheck] = filled + wait;
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

  /** Widens the scopes to `words` words; open polls keep theirs, and answers on their way move along. */
  grow(words: number): void {
    const scope = new Int32Array(this.polls * words);
    const count = new Int32Array(this.polls * words * this.planes);
    for (let poll = 0; poll < this.polls; poll++) {
      scope.set(this.scope.subarray(poll * this.#words, (poll + 1) * this.#words), poll * words);
      const from = poll * this.#words * this.planes;
      count.set(this.#count.subarray(from, from + this.#words * this.planes), poll * words * this.planes);
    }
    const answers = new Int32Array(2 * this.polls * this.k * words);
    const row = 2 * this.k * this.#words;
    for (let poll = 0; poll < this.polls; poll++) {
      answers.set(this.answers.subarray(poll * row, (poll + 1) * row), 2 * poll * this.k * words);
    }
    this.answers = answers;
    this.scope = scope;
    this.#count = count;
    this.#words = words;
  }
}

export function bitCount(bits: number): number {
  return ones(bits);
}

function ones(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
