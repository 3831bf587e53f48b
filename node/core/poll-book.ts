/**
 * Open polls: their scope, peers, slots and how many votes have come in.
 * Owns: the record of each poll, vote counting for 32 vertices at once, and the rule when a poll is certain.
 * Does not own: when polls start, what their outcome changes (core.ts), exceptions to yes (exceptions.ts).
 *
 * A poll index is node * concurrentPolls + i. A vertex has as many votes as answers were counted, less those it misses.
 * Invariant: filled slots = answered + empty; every count <= answered slots <= k.
 */
import { type ArrayMaker, plainArrays } from './arrays.ts';
import {
  answerNoToAll,
  answerSomeRefused,
  answerSomeUnknown,
  answerYesToAll,
  Exceptions,
} from './exceptions.ts';
import { OpenWords } from './open-words.ts';
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
const yesToAll = answerYesToAll;
const noToAll = answerNoToAll;
const someUnknown = answerSomeUnknown;
const someRefused = answerSomeRefused;

/** Sequences of polls wrap: a late answer is told apart for this many polls. */
export const sequenceMask = 0x7ff;
const wrap = 0x7ff;
/** Set in the sequence of a poll that is closed: no answer carries it. */
const closed = wrap + 1;

// Fields of a poll's record in `head`: what an answer touches lies in one cache line.
const fieldScopeWords = 1;
const fieldFilled = 2;
const fieldNextCheck = 3;
const fieldKey = 4;
const fieldVoters = 5;
const fieldSampleSlot = 6;
const fieldOdd = 7;
const fieldCounted = 8;
const fieldStates = 9;
const lineWords = 16;
/** In `fieldCounted`: the list has answers with stored exceptions that are not counted; such have been counted. */
const someStored = 1 << 12;
const someCounted = 1 << 16;
/** The sequence while the poll is open, another number while it is closed. */
export const headCurrent = 0;
export const headScopeWords = fieldScopeWords;
export const headFilled = fieldFilled;
/** Filled slots with which it pays to ask `isOver`. */
export const headNextCheck = fieldNextCheck;
/** Key of the poll's random stream. */
export const headKey = fieldKey;
/** The slot whose answer is a round-trip sample. */
export const headSampleSlot = fieldSampleSlot;
/** From here on two bits for each slot: waiting, answered, retried, empty. */
export const headStates = fieldStates;

/** Results of `accept`. */
const ignored = -1;
const noted = 0;
const mayBeOver = 1;
export const answerIgnored = ignored;
/** Ask `isOver`. */
export const answerMayBeLast = mayBeOver;

const nobody = new Int32Array(0);

export class PollBook {
  readonly k: number;
  readonly peers: Int32Array;
  /** [poll][stride] */
  readonly head: Int32Array;
  readonly stride: number;
  readonly startUs: Float64Array;
  /** Start of the poll before, so that a late answer still yields a round trip. */
  readonly previousStartUs: Float64Array;
  readonly exceptions: Exceptions;
  scope: Int32Array;
  /** Where honest answers of hosted nodes may have exceptions. */
  readonly open: OpenWords;
  readonly polls: number;
  readonly #alpha: number;
  readonly #preference: number;
  readonly #earlyEnd: boolean;
  /** Answers with which a poll can be over at the earliest. */
  readonly firstCheck: number;
  /** Answers that are not yes to everything, in the order of arrival: [poll][..]: slot (10 bits), kind. */
  readonly odd: Uint16Array;
  /** Peers of a poll that did not answer and were replaced: [poll][..], from the first replacement on. */
  #replaced: Int32Array | null = null;
  /** By poll: how many. */
  readonly replacedCount: Uint16Array;
  readonly #arrays: ArrayMaker;
  #words: number;

  constructor(polls: number, words: number, params: ConsensusParams, arrays: ArrayMaker = plainArrays) {
    const { k } = params;
    this.k = k;
    this.#alpha = params.alphaConfidence;
    this.#preference = params.alphaPreference;
    this.#earlyEnd = params.earlyEnd;
    const earliest = Math.min(params.alphaConfidence, k - params.alphaConfidence + 1);
    this.firstCheck = params.earlyEnd ? earliest : k;
    this.polls = polls;
    this.#arrays = arrays;
    this.#words = words;
    this.peers = arrays.int32(polls * k);
    this.odd = arrays.uint16(polls * k);
    this.replacedCount = arrays.uint16(polls);
    this.stride = (fieldStates + ((k + 15) >>> 4) + lineWords - 1) & -lineWords;
    this.head = arrays.int32(polls * this.stride);
    for (let poll = 0; poll < polls; poll++) this.head[poll * this.stride] = closed;
    this.startUs = arrays.float64(polls);
    this.previousStartUs = arrays.float64(polls);
    this.scope = arrays.int32(polls * words);
    this.open = new OpenWords(polls, words, arrays);
    this.exceptions = new Exceptions(polls, k, words, arrays);
  }

  get words(): number {
    return this.#words;
  }

  isOpen(poll: number): boolean {
    return (this.head[poll * this.stride]! & closed) === 0;
  }

  /** Sequence of the open poll, or of the last one. */
  sequence(poll: number): number {
    return this.head[poll * this.stride]! & wrap;
  }

  scopeWords(poll: number): number {
    return this.head[poll * this.stride + fieldScopeWords]!;
  }

  /** Slots of the open poll that are answered or given up. */
  filled(poll: number): number {
    return this.head[poll * this.stride + fieldFilled]!;
  }

  /** Answers that were not yes to everything. */
  oddCount(poll: number): number {
    return this.head[poll * this.stride + fieldOdd]!;
  }

  oddSlot(poll: number, i: number): number {
    return this.odd[poll * this.k + i]! & 1023;
  }

  oddKind(poll: number, i: number): number {
    return this.odd[poll * this.k + i]! >>> 10;
  }

  state(poll: number, slot: number): number {
    return (this.head[poll * this.stride + fieldStates + (slot >>> 4)]! >>> ((slot & 15) << 1)) & 3;
  }

  #setState(poll: number, slot: number, state: number): void {
    const at = poll * this.stride + fieldStates + (slot >>> 4);
    const shift = (slot & 15) << 1;
    this.head[at] = (this.head[at]! & ~(3 << shift)) | (state << shift);
  }

  close(poll: number): void {
    this.head[poll * this.stride]! |= closed;
  }

  /**
   * Opens a poll over `words` words of `rows` from `at` on, one every `step`, with the key of its stream. Returns the number of
   * vertices in scope.
   */
  begin(
    poll: number,
    rows: Int32Array,
    at: number,
    words: number,
    key: number,
    nowUs: number,
    step = 1,
  ): number {
    const scope = this.scope;
    const scopeAt = poll * this.#words;
    let last = 0;
    let vertices = 0;
    for (let w = 0; w < words; w++) {
      const bits = rows[at + w * step]!;
      scope[scopeAt + w] = bits;
      if (bits === 0) continue;
      last = w + 1;
      vertices += ones(bits);
    }
    this.previousStartUs[poll] = this.startUs[poll]!;
    this.startUs[poll] = nowUs;
    const { head, stride } = this;
    const h = poll * stride;
    const sequence = (head[h]! + 1) & wrap;
    head[h] = sequence;
    head[h + fieldScopeWords] = last;
    head[h + fieldFilled] = 0;
    head[h + fieldNextCheck] = this.firstCheck;
    head[h + fieldKey] = key;
    this.replacedCount[poll] = 0;
    head[h + fieldVoters] = 0;
    head[h + fieldSampleSlot] = sequence % this.k;
    head[h + fieldOdd] = 0;
    head[h + fieldCounted] = 0;
    for (let i = h + fieldStates; i < h + stride; i++) head[i] = 0;
    return vertices;
  }

  /** Notes the exceptions of an answer that will arrive at a slot of the open poll; returns what kind of answer it is. */
  put(poll: number, slot: number, votes: Int32Array, at: number): number {
    const words = this.scopeWords(poll);
    return this.exceptions.put(poll, slot, this.scope, poll * this.#words, words, votes, at);
  }

  /** The same when only some words may have an exception: `only` has a bit for each of them. */
  putWords(poll: number, slot: number, votes: Int32Array, at: number, only: Int32Array): number {
    const words = this.scopeWords(poll);
    return this.exceptions.put(poll, slot, this.scope, poll * this.#words, words, votes, at, only);
  }

  /** The same for the honest answer of a hosted node: its votes, as they stand. */
  putHosted(poll: number, slot: number, votes: Int32Array, at: number): number {
    const words = this.scopeWords(poll);
    const { maps, stride } = this.open;
    const scopeAt = poll * this.#words;
    return this.exceptions.put(poll, slot, this.scope, scopeAt, words, votes, at, maps, poll * stride);
  }

  /**
   * An answer arrives at the open poll. Ignored when the slot does not wait for this attempt. Exceptions are counted when
   * `isOver` is asked, not now: most arrivals cannot end a poll.
   */
  accept(poll: number, slot: number, attempt: number, kind: number): number {
    const head = this.head;
    const h = poll * this.stride;
    const at = h + fieldStates + (slot >>> 4);
    const shift = (slot & 15) << 1;
    const states = head[at]!;
    const state = (states >>> shift) & 3;
    if (state !== attempt << 1) return ignored;
    head[at] = states ^ ((state ^ answered) << shift);
    const filled = head[h + fieldFilled]! + 1;
    head[h + fieldFilled] = filled;
    if (kind === yesToAll) {
      head[h + fieldVoters] = head[h + fieldVoters]! + 1;
    } else {
      const odd = head[h + fieldOdd]!;
      this.odd[poll * this.k + odd] = (kind << 10) | slot;
      head[h + fieldOdd] = odd + 1;
      if (kind >= someUnknown) head[h + fieldCounted] = head[h + fieldCounted]! | someStored;
    }
    return filled >= head[h + fieldNextCheck]! ? mayBeOver : noted;
  }

  /**
   * For a host that knows beforehand which answers end the poll: `filled` slots, `voters` of them yes to everything, the others
   * listed by `foreseeOdd` in the order of arrival. It says when that is the case (`Core.conclude`).
   */
  foresee(poll: number, filled: number, voters: number): void {
    const h = poll * this.stride;
    this.head[h + fieldFilled] = filled;
    this.head[h + fieldVoters] = voters;
  }

  foreseeOdd(poll: number, slot: number, kind: number): void {
    const at = poll * this.stride + fieldOdd;
    const odd = this.head[at]!;
    this.odd[poll * this.k + odd] = (kind << 10) | slot;
    this.head[at] = odd + 1;
  }

  /** Takes back what was foreseen: no answer has been counted. */
  unforesee(poll: number): void {
    const h = poll * this.stride;
    this.head[h + fieldFilled] = 0;
    this.head[h + fieldNextCheck] = this.firstCheck;
    this.head[h + fieldVoters] = 0;
    this.head[h + fieldOdd] = 0;
    this.head[h + fieldCounted] = 0;
  }

  /** Who was asked in this poll before a slot was given to somebody else: not fresh for any other slot. */
  replaced(poll: number): Int32Array {
    const count = this.replacedCount[poll]!;
    return this.#replaced === null || count === 0
      ? nobody
      : this.#replaced.subarray(poll * this.k, poll * this.k + count);
  }

  /** The slot was given to a fresh peer. */
  retry(poll: number, slot: number, peer: number): void {
    this.#replaced ??= new Int32Array(this.polls * this.k);
    this.#replaced[poll * this.k + this.replacedCount[poll]!] = this.peers[poll * this.k + slot]!;
    this.replacedCount[poll]! += 1;
    this.peers[poll * this.k + slot] = peer;
    this.#setState(poll, slot, retried);
  }

  /** A slot that stays without a vote. Returns true when the poll is over. */
  leaveEmpty(poll: number, slot: number): boolean {
    this.#setState(poll, slot, empty);
    this.head[poll * this.stride + fieldFilled]! += 1;
    return this.isOver(poll);
  }

  /** Counts the exceptions of answers that were not counted yet. */
  #countNew(poll: number): void {
    const head = this.head;
    const h = poll * this.stride;
    const odd = head[h + fieldOdd]!;
    let counted = head[h + fieldCounted]!;
    let i = counted & (someStored - 1);
    if (i === odd) return;
    const words = head[h + fieldScopeWords]!;
    let voters = 0;
    for (; i < odd; i++) {
      if (this.oddKind(poll, i) < someUnknown) continue;
      if ((counted & someCounted) === 0) {
        counted |= someCounted;
        this.exceptions.clear(poll, words);
      }
      voters += 1;
      this.exceptions.add(poll, this.oddSlot(poll, i), words);
    }
    head[h + fieldVoters]! += voters;
    head[h + fieldCounted] = (counted & someCounted) | odd;
  }

  /** All slots are filled, or every outcome is certain. Only for an open poll; notes when it pays to look again. */
  isOver(poll: number): boolean {
    const h = poll * this.stride;
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
    if (this.#earlyEnd) this.head[poll * this.stride + fieldNextCheck] = 0;
  }

  /** Mask of the 32 vertices of a word that have at least `least` yes votes; bits outside the scope mean nothing. */
  atLeast(poll: number, word: number, least: number): number {
    if (least <= 0) return -1;
    const h = poll * this.stride;
    const tooMany = this.head[h + fieldVoters]! - least + 1;
    if (tooMany <= 0) return 0;
    if (this.head[h + fieldCounted]! < someCounted) return -1;
    return ~this.exceptions.atLeast(poll, word, tooMany);
  }

  /** Yes votes of one vertex of the scope. */
  yesVotes(poll: number, slot: number): number {
    const h = poll * this.stride;
    const missing = this.head[h + fieldCounted]! < someCounted ? 0 : this.exceptions.of(poll, slot);
    return this.head[h + fieldVoters]! - missing;
  }

  /** Vertices of a scope word that an answer of this kind, at this slot, says yes to. */
  yesWord(poll: number, slot: number, kind: number, word: number): number {
    const scope = this.scope[poll * this.#words + word]!;
    if (kind === yesToAll) return scope;
    return kind < someUnknown ? 0 : scope & ~this.exceptions.missing(poll, slot, this.scopeWords(poll), word);
  }

  /** Vertices of the scope that an answer with stored exceptions says yes to, by word, into `votes`. */
  yesWords(poll: number, slot: number, votes: Int32Array): void {
    const words = this.scopeWords(poll);
    const from = poll * this.#words;
    for (let w = 0; w < words; w++) votes[w] = this.scope[from + w]!;
    this.exceptions.takeMissing(poll, slot, words, votes);
  }

  /** Vertices of the scope that an answer of this kind knows and does not say yes to, by word, into `refused`. */
  refusedWords(poll: number, slot: number, kind: number, refused: Int32Array): void {
    const words = this.scopeWords(poll);
    const from = poll * this.#words;
    if (kind === someRefused) {
      this.exceptions.takeRefused(poll, slot, words, refused);
      for (let w = 0; w < words; w++) refused[w]! &= this.scope[from + w]!;
    } else if (kind === noToAll) for (let w = 0; w < words; w++) refused[w] = this.scope[from + w]!;
    else refused.fill(0, 0, words);
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
      this.head[poll * this.stride + fieldNextCheck] = filled + wait;
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
    const scope = this.#arrays.int32(this.polls * words);
    for (let poll = 0; poll < this.polls; poll++) {
      scope.set(this.scope.subarray(poll * this.#words, (poll + 1) * this.#words), poll * words);
    }
    this.exceptions.grow(words);
    this.scope = scope;
    this.#words = words;
    this.open.grow(words);
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
