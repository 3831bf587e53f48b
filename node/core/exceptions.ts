/**
 * Answers that do not say yes to the whole scope of their query: which vertices they leave without a vote.
 * Owns: storage of these exceptions while an answer travels, and the bit-sliced count of missing votes.
 * Does not own: which answers arrived, and when a poll is over (poll-book.ts).
 *
 * Most words of a scope have no exception, so only the others are stored: a bit map of the words that have one, then for each
 * of them the vertices without a yes and, among these, the refused ones (known, and no). Missing votes are counted in bit
 * planes: plane j of word w holds bit j of 32 counts.
 */

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
  readonly #planes: number;
  #words: number;
  /** [poll][slot], see `#at`. */
  #stored: Int32Array;
  /** [poll][word][plane] */
  #count: Int32Array;

  constructor(polls: number, k: number, words: number) {
    this.#polls = polls;
    this.#k = k;
    this.#planes = 32 - Math.clz32(k);
    this.#words = words;
    this.#stored = new Int32Array(polls * k * room(words));
    this.#count = new Int32Array(polls * words * this.#planes);
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
    const stored = this.#stored;
    const isNarrow = only !== everyWord;
    const mapAt = this.#at(poll, slot, words);
    let pair = mapAt + mapWords(words);
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
        stored[pair] = missing;
        stored[pair + 1] = refused;
        pair += 2;
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
    return yes === 0 && refusals === 0 ? noToAll : someRefused;
  }

  /** Where word `w` of a stored answer stands, -1 when it has no exception. */
  #find(poll: number, slot: number, words: number, w: number): number {
    const mapAt = this.#at(poll, slot, words);
    const bit = 1 << w;
    const map = this.#stored[mapAt + (w >>> 5)]!;
    if ((map & bit) === 0) return -1;
    let before = ones(map & (bit - 1));
    for (let m = 0; m < w >>> 5; m++) before += ones(this.#stored[mapAt + m]!);
    return mapAt + mapWords(words) + 2 * before;
  }

  /** Vertices of a word that a stored answer does not vote for. */
  missing(poll: number, slot: number, words: number, w: number): number {
    const at = this.#find(poll, slot, words, w);
    return at < 0 ? 0 : this.#stored[at]!;
  }

  /** Takes what a stored answer does not vote for out of the votes of `words` words. */
  takeMissing(poll: number, slot: number, words: number, votes: Int32Array): void {
    const stored = this.#stored;
    const mapAt = this.#at(poll, slot, words);
    const maps = mapWords(words);
    let pair = mapAt + maps;
    for (let m = 0; m < maps; m++) {
      for (let rest = stored[mapAt + m]!; rest !== 0; rest &= rest - 1) {
        votes[(m << 5) + (31 - Math.clz32(rest & -rest))]! &= ~stored[pair]!;
        pair += 2;
      }
    }
  }

  /** Those of them that it knows. */
  refused(poll: number, slot: number, words: number, w: number): number {
    const at = this.#find(poll, slot, words, w);
    return at < 0 ? 0 : this.#stored[at + 1]!;
  }

  /** Forgets the counts of a poll. */
  clear(poll: number, words: number): void {
    const from = poll * this.#words * this.#planes;
    this.#count.fill(0, from, from + words * this.#planes);
  }

  /** Counts the exceptions of a stored answer: the carry runs through the planes of each word that has some. */
  add(poll: number, slot: number, words: number): void {
    const stored = this.#stored;
    const count = this.#count;
    const planes = this.#planes;
    const mapAt = this.#at(poll, slot, words);
    const row = poll * this.#words;
    const maps = mapWords(words);
    let pair = mapAt + maps;
    for (let m = 0; m < maps; m++) {
      for (let rest = stored[mapAt + m]!; rest !== 0; rest &= rest - 1) {
        const w = (m << 5) + (31 - Math.clz32(rest & -rest));
        let carry = stored[pair]!;
        pair += 2;
        for (let p = (row + w) * planes; carry !== 0; p++) {
          const plane = count[p]!;
          count[p] = plane ^ carry;
          carry &= plane;
        }
      }
    }
  }

  /** Mask of the 32 vertices of a word that miss at least `least` > 0 votes. */
  atLeast(poll: number, word: number, least: number): number {
    const planes = this.#planes;
    if (least >= 1 << planes) return 0;
    const count = this.#count;
    const at = (poll * this.#words + word) * planes;
    let borrow = 0;
    for (let j = 0; j < planes; j++) {
      const bit = ((least >>> j) & 1) === 1 ? -1 : 0;
      const plane = count[at + j]!;
      borrow = (~plane & bit) | (~(plane ^ bit) & borrow);
    }
    return ~borrow;
  }

  /** Votes that one vertex misses. */
  of(poll: number, vertex: number): number {
    const at = (poll * this.#words + (vertex >>> 5)) * this.#planes;
    let votes = 0;
    for (let j = 0; j < this.#planes; j++) votes |= ((this.#count[at + j]! >>> (vertex & 31)) & 1) << j;
    return votes;
  }

  /** Makes room for scopes of `words` words; what is stored and counted moves along. */
  grow(words: number): void {
    const per = this.#k * room(this.#words);
    const stored = new Int32Array(this.#polls * this.#k * room(words));
    const planes = this.#words * this.#planes;
    const count = new Int32Array(this.#polls * words * this.#planes);
    for (let poll = 0; poll < this.#polls; poll++) {
      stored.set(this.#stored.subarray(poll * per, (poll + 1) * per), poll * this.#k * room(words));
      count.set(this.#count.subarray(poll * planes, (poll + 1) * planes), poll * words * this.#planes);
    }
    this.#stored = stored;
    this.#count = count;
    this.#words = words;
  }
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

/** Set bits of a word. */
function ones(bits: number): number {
  let v = bits - ((bits >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
