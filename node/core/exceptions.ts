/**
 * Answers that do not say yes to the whole scope of their query: which vertices they leave without a vote.
 * Owns: storage of these exceptions while an answer travels, and the bit-sliced count of missing votes.
 * Does not own: which answers arrived, and when a poll is over (poll-book.ts).
 *
 * Most words of a scope have no exception, so only the others are stored: a bit map of the words that have one, then for each
 * of them the vertices without a yes and, if some are refused, for each the refused ones (known, and no). Missing votes are
 * counted in bit planes: plane j of word w holds bit j of 32 counts.
 */
import { type ArrayMaker, plainArrays } from './arrays.ts';

/** What an answer says, as far as it can be said without looking at single vertices. */
const yesToAll = 1;
const noToAll = 2;
const allUnknown = 3;
const someUnknown = 4;
const someRefused = 5;
export const answerYesToAll = yesToAll;
/** Every vertex of the scope is known and refused. */
export const answerNoToAll = noToAll;
/** Exceptions are stored; none is a refusal. */
export const answerSomeUnknown = someUnknown;
export const answerSomeRefused = someRefused;

/** Stands for: every word may have an exception. */
const everyWord = new Int32Array(0);

export class Exceptions {
  /** Of the answer that was noted last: how many vertices it has no yes for, and whether it does not know some of them (not 0). */
  missed = 0;
  unknown = 0;
  readonly #polls: number;
  readonly #k: number;
  /** Bits of a count. */
  readonly planes: number;
  #words: number;
  /** [poll][slot], see `#at`. */
  stored: Int32Array;
  /** [poll][plane][word] */
  count: Int32Array;
  readonly #arrays: ArrayMaker;
  /** Refused vertices of the answer that is noted. */
  #refused: Int32Array;

  constructor(polls: number, k: number, words: number, arrays: ArrayMaker = plainArrays) {
    this.#polls = polls;
    this.#k = k;
    this.planes = 32 - Math.clz32(k);
    this.#words = words;
    this.#arrays = arrays;
    this.stored = arrays.int32(polls * k * room(words));
    this.count = arrays.int32(polls * countRow(words) * this.planes);
    this.#refused = new Int32Array(words);
  }

  #at(poll: number, slot: number, words: number): number {
    return poll * this.#k * room(this.#words) + slot * room(words);
  }

  /**
   * Notes the exceptions of votes[at ..] (layout of answer.ts) to scope[scopeAt .. scopeAt + words); returns what kind of
   * answer it is. Nothing is stored unless the kind says so. `only`: bits from only[onlyAt] on, a bit for each word that may
   * have an exception; the others are known to have none.
   */
  put(
    poll: number,
    slot: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    votes: Int32Array,
    at: number,
    only: Int32Array = everyWord,
    onlyAt = 0,
  ): number {
    const stored = this.stored;
    const refusedWords = this.#refused;
    const isNarrow = only !== everyWord;
    const mapAt = this.#at(poll, slot, words);
    const first = mapAt + mapWords(words);
    let next = first;
    let some = 0;
    let yes = 0;
    let known = 0;
    let refusals = 0;
    let missed = 0;
    for (let from = 0; from < words; from += 32) {
      const until = from + 32 < words ? from + 32 : words;
      let map = 0;
      let rest = isNarrow ? only[onlyAt + (from >>> 5)]! : -1;
      if (until - from < 32) rest &= (1 << (until - from)) - 1;
      for (; rest !== 0; rest &= rest - 1) {
        const w = from + (31 - Math.clz32(rest & -rest));
        const asked = scope[scopeAt + w]!;
        const missing = asked & ~votes[at + 2 * w]!;
        yes |= asked & ~missing;
        if (missing === 0) continue;
        const refused = missing & votes[at + 2 * w + 1]!;
        known |= refused;
        refusals |= missing & ~refused;
        missed += ones(missing);
        refusedWords[next - first] = refused;
        stored[next++] = missing;
        map |= 1 << w;
      }
      // An answer without any is not stored: its place stays out of the caches.
      if (map !== 0 || words > 32) stored[mapAt + (from >>> 5)] = map;
      some |= map;
    }
    this.missed = missed;
    this.unknown = refusals;
    if (some === 0) return yesToAll;
    if (isNarrow && yes === 0) yes = outside(scope, scopeAt, words, only, onlyAt);
    if (known === 0) return yes === 0 ? allUnknown : someUnknown;
    if (yes === 0 && refusals === 0) return noToAll;
    for (let i = 0; i < next - first; i++) stored[next + i] = refusedWords[i]!;
    return someRefused;
  }

  /** Where word `w` of a stored answer stands, -1 when it has no exception. */
  #find(poll: number, slot: number, words: number, w: number): number {
    const mapAt = this.#at(poll, slot, words);
    const bit = 1 << w;
    const map = this.stored[mapAt + (w >>> 5)]!;
    if ((map & bit) === 0) return -1;
    let before = ones(map & (bit - 1));
    for (let m = 0; m < w >>> 5; m++) before += ones(this.stored[mapAt + m]!);
    return mapAt + mapWords(words) + before;
  }

  /** Vertices of a word that a stored answer does not vote for. */
  missing(poll: number, slot: number, words: number, w: number): number {
    const at = this.#find(poll, slot, words, w);
    return at < 0 ? 0 : this.stored[at]!;
  }

  /** Takes what a stored answer does not vote for out of the votes of `words` words. */
  takeMissing(poll: number, slot: number, words: number, votes: Int32Array): void {
    const stored = this.stored;
    const mapAt = this.#at(poll, slot, words);
    const maps = mapWords(words);
    let next = mapAt + maps;
    for (let m = 0; m < maps; m++) {
      for (let rest = stored[mapAt + m]!; rest !== 0; rest &= rest - 1)
        votes[(m << 5) + (31 - Math.clz32(rest & -rest))]! &= ~stored[next++]!;
    }
  }

  /** Those of them that it knows, by word, into refused[0 .. words). Only of an answer that refuses some. */
  takeRefused(poll: number, slot: number, words: number, refused: Int32Array): void {
    const stored = this.stored;
    const mapAt = this.#at(poll, slot, words);
    const maps = mapWords(words);
    let next = mapAt + maps;
    for (let m = 0; m < maps; m++) next += ones(stored[mapAt + m]!);
    for (let w = 0; w < words; w++) refused[w] = 0;
    for (let m = 0; m < maps; m++) {
      for (let rest = stored[mapAt + m]!; rest !== 0; rest &= rest - 1)
        refused[(m << 5) + (31 - Math.clz32(rest & -rest))] = stored[next++]!;
    }
  }

  /**
   * Of the vertices that a stored answer refuses, and that are still in the scope from scope[scopeAt] on, the first with at least
   * `least` rounds (rounds[row + slot]), -1 when there is none. Only of an answer that refuses some.
   */
  firstRefused(
    poll: number,
    slot: number,
    words: number,
    scope: Int32Array,
    scopeAt: number,
    rounds: Uint16Array,
    row: number,
    least: number,
  ): number {
    const stored = this.stored;
    const mapAt = this.#at(poll, slot, words);
    const maps = mapWords(words);
    let next = mapAt + maps;
    for (let m = 0; m < maps; m++) next += ones(stored[mapAt + m]!);
    for (let m = 0; m < maps; m++) {
      for (let map = stored[mapAt + m]!; map !== 0; map &= map - 1) {
        const w = (m << 5) + (31 - Math.clz32(map & -map));
        const old = firstOld(stored[next++]! & scope[scopeAt + w]!, w << 5, rounds, row, least);
        if (old >= 0) return old;
      }
    }
    return -1;
  }

  /** Forgets the counts of a poll. */
  clear(poll: number, words: number): void {
    const row = countRow(this.#words);
    const from = poll * row * this.planes;
    for (let at = from; at < from + row * this.planes; at += row) this.count.fill(0, at, at + words);
  }

  /** Counts the exceptions of a stored answer: the carry runs through the planes of each word that has some. */
  add(poll: number, slot: number, words: number): void {
    const stored = this.stored;
    const count = this.count;
    const mapAt = this.#at(poll, slot, words);
    const row = countRow(this.#words);
    const from = poll * row * this.planes;
    const maps = mapWords(words);
    let next = mapAt + maps;
    for (let m = 0; m < maps; m++) {
      for (let rest = stored[mapAt + m]!; rest !== 0; rest &= rest - 1) {
        const w = (m << 5) + (31 - Math.clz32(rest & -rest));
        let carry = stored[next++]!;
        for (let at = from + w; carry !== 0; at += row) {
          const plane = count[at]!;
          count[at] = plane ^ carry;
          carry &= plane;
        }
      }
    }
  }

  /** Mask of the 32 vertices of a word that miss at least `least` > 0 votes. */
  atLeast(poll: number, word: number, least: number): number {
    const planes = this.planes;
    if (least >= 1 << planes) return 0;
    const count = this.count;
    const row = countRow(this.#words);
    let at = poll * row * planes + word;
    let borrow = 0;
    for (let j = 0; j < planes; j++) {
      const bit = ((least >>> j) & 1) === 1 ? -1 : 0;
      const plane = count[at]!;
      at += row;
      borrow = (~plane & bit) | (~(plane ^ bit) & borrow);
    }
    return ~borrow;
  }

  /** Votes that one vertex misses. */
  of(poll: number, vertex: number): number {
    const row = countRow(this.#words);
    let at = poll * row * this.planes + (vertex >>> 5);
    let votes = 0;
    for (let j = 0; j < this.planes; j++) {
      votes |= ((this.count[at]! >>> (vertex & 31)) & 1) << j;
      at += row;
    }
    return votes;
  }

  /** Makes room for scopes of `words` words; what is stored and counted moves along. */
  grow(words: number): void {
    const per = this.#k * room(this.#words);
    const stored = this.#arrays.int32(this.#polls * this.#k * room(words));
    for (let poll = 0; poll < this.#polls; poll++)
      stored.set(this.stored.subarray(poll * per, (poll + 1) * per), poll * this.#k * room(words));
    const rows = this.#polls * this.planes;
    const width = countRow(this.#words);
    const count = this.#arrays.int32(rows * countRow(words));
    for (let row = 0; row < rows; row++)
      count.set(this.count.subarray(row * width, (row + 1) * width), row * countRow(words));
    this.stored = stored;
    this.count = count;
    this.#words = words;
    this.#refused = new Int32Array(words);
  }
}

/** Of the vertices `bits`, from `base` on, the first with at least `least` rounds; -1: none. */
export function firstOld(
  bits: number,
  base: number,
  rounds: Uint16Array,
  row: number,
  least: number,
): number {
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    const slot = base + (31 - Math.clz32(rest & -rest));
    if (rounds[row + slot]! >= least) return slot;
  }
  return -1;
}

/** Vertices of some scope word that may have no exception, 0 when there is none. */
function outside(
  scope: Int32Array,
  scopeAt: number,
  words: number,
  only: Int32Array,
  onlyAt: number,
): number {
  for (let w = 0; w < words; w++) {
    const isOpen = ((only[onlyAt + (w >>> 5)]! >>> (w & 31)) & 1) === 1;
    if (!isOpen && scope[scopeAt + w] !== 0) return scope[scopeAt + w]!;
  }
  return 0;
}

function mapWords(words: number): number {
  return (words + 31) >>> 5;
}

/** Words that an answer to `words` scope words takes at most. */
function room(words: number): number {
  return 2 * words + mapWords(words);
}

/** Length of a row of counts: whole vectors of four words. */
function countRow(words: number): number {
  return (words + 3) & -4;
}

/** Set bits of a word. */
function ones(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
