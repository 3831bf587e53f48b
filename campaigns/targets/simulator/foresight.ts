/**
 * A poll whose every answer is certain when it begins: which answers arrive before the one that ends it, and when that is.
 * Owns: drawing the delays of a whole poll and finding its end without an event per message.
 * Does not own: whether answers are certain (poll-exchange.ts), counting what arrives (node/core/poll-book.ts).
 *
 * An answer is one word: ticks until it arrives (11 bits), ticks until its query arrives (10), slot (10); the words of a
 * poll sort in the order of arrival.
 */
import type { Core } from '#node/core/core.ts';
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import { headKey } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import type { Answering } from './answering.ts';
import type { Network } from './network.ts';
import { answerDraws, queryDraws } from './traffic.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const draw32 = mix;
const queryStream = queryDraws;
const answerStream = answerDraws;
const yesToAll = answerYesToAll;
const noToAll = answerNoToAll;
const fieldKey = headKey;

/** No such answer. */
const none = 0x7fffffff;
export const noAnswer = none;
/** Longest one-way delay that fits the words, ticks. */
export const longestForeseen = 1023;
/** Answers are first sorted into buckets of 16 ticks. */
const bucketAt = 24;
const buckets = 128;

export class Foresight {
  /** The answer that ends the poll, or `noAnswer`; the answer at the sample slot, or `noAnswer`. */
  end = none;
  sample = none;
  /** Of the answers that are not lost: how many there are, and how many of them arrive after the end. */
  answers = 0;
  late = 0;
  lostQueries = 0;
  lostAnswers = 0;
  readonly #core: Core;
  readonly #network: Network;
  readonly #answering: Answering;
  readonly #yes: Int32Array;
  readonly #no: Int32Array;
  readonly #inBucket: Int32Array;
  readonly #perBucket = new Int32Array(buckets);
  #yesCount = 0;
  #noCount = 0;

  constructor(core: Core, network: Network, answering: Answering) {
    this.#core = core;
    this.#network = network;
    this.#answering = answering;
    this.#yes = new Int32Array(core.polls.k);
    this.#no = new Int32Array(core.polls.k);
    this.#inBucket = new Int32Array(core.polls.k);
  }

  /** Looks at a poll that has just begun, with all k queries on their way; counts them in `asked` (top bit: attacker). */
  look(poll: number, asked: Int32Array): void {
    this.#draw(poll, asked);
    this.#sortNo();
    const { params, polls } = this.#core;
    this.answers = this.#yesCount + this.#noCount;
    this.end = params.earlyEnd ? this.#certain() : this.#last();
    this.late = 0;
    if (this.end === none) return;
    let odd = 0;
    while (odd < this.#noCount && this.#no[odd]! < this.end) odd += 1;
    const voters = this.#votersBefore(this.end);
    polls.foresee(poll, voters + odd, voters);
    for (let i = 0; i < odd; i++) polls.foreseeOdd(poll, this.#no[i]! & 1023, noToAll);
    this.late = this.answers - voters - odd - 1;
  }

  #draw(poll: number, asked: Int32Array): void {
    const { head, stride, peers, k } = this.#core.polls;
    const { delayTable, lossLimit } = this.#network;
    const key = head[poll * stride + fieldKey]!;
    const sampleSlot = this.#core.polls.sequence(poll) % k;
    const yes = this.#yes;
    const perBucket = this.#perBucket.fill(0);
    const from = poll * k;
    let yesCount = 0;
    this.#noCount = 0;
    this.sample = none;
    this.lostQueries = 0;
    this.lostAnswers = 0;
    for (let slot = 0; slot < k; slot++) {
      const query = draw32(key, queryStream, 2 * slot);
      if (query >>> 12 < lossLimit) {
        this.lostQueries += 1;
        continue;
      }
      const peer = peers[from + slot]!;
      const asks = asked[peer]!;
      asked[peer] = asks + 1;
      const answer = draw32(key, answerStream, 2 * slot);
      if (answer >>> 12 < lossLimit) {
        this.lostAnswers += 1;
        continue;
      }
      const askTicks = delayTable[query & 4095]!;
      const word = ((askTicks + delayTable[answer & 4095]!) << 20) | (askTicks << 10) | slot;
      if (slot === sampleSlot) this.sample = word;
      if (asks < 0 && this.#refuses(peer, poll, slot)) {
        this.#no[this.#noCount++] = word;
        continue;
      }
      yes[yesCount++] = word;
      perBucket[word >>> bucketAt]! += 1;
    }
    this.#yesCount = yesCount;
  }

  /** An attack makes yes or no to everything of an honest yes to everything. */
  #refuses(peer: number, poll: number, slot: number): boolean {
    const kind = this.#answering.rewritten(peer, poll, slot) >>> 2;
    if (kind !== yesToAll && kind !== noToAll)
      throw new RangeError('an attack that answers in part cannot be foreseen');
    return kind === noToAll;
  }

  #sortNo(): void {
    insertionSort(this.#no, this.#noCount);
  }

  /** The answer with which every outcome is certain. */
  #certain(): number {
    const { alphaConfidence, alphaPreference } = this.#core.params;
    const end = this.#decided(alphaConfidence);
    if (alphaPreference === alphaConfidence || end === none) return end;
    const preferred = this.#decided(alphaPreference);
    return preferred > end ? preferred : end;
  }

  /** The answer with which it is certain whether `least` say yes. */
  #decided(least: number): number {
    const refused = this.#core.polls.k - least;
    const no = refused < this.#noCount ? this.#no[refused]! : none;
    const yes = this.#yesCount < least ? none : this.#nthYes(least);
    return no < yes ? no : yes;
  }

  #nthYes(n: number): number {
    const perBucket = this.#perBucket;
    let bucket = 0;
    let before = 0;
    while (before + perBucket[bucket]! < n) before += perBucket[bucket++]!;
    const yes = this.#yes;
    const inBucket = this.#inBucket;
    let found = 0;
    for (let i = 0; i < this.#yesCount; i++) {
      if (yes[i]! >>> bucketAt === bucket) inBucket[found++] = yes[i]!;
    }
    insertionSort(inBucket, found);
    return inBucket[n - before - 1]!;
  }

  /** The last of k answers; none when one is lost. */
  #last(): number {
    if (this.answers < this.#core.polls.k) return none;
    let last = this.#noCount === 0 ? 0 : this.#no[this.#noCount - 1]!;
    for (let i = 0; i < this.#yesCount; i++) if (this.#yes[i]! > last) last = this.#yes[i]!;
    return last;
  }

  #votersBefore(end: number): number {
    const yes = this.#yes;
    let before = 0;
    for (let i = 0; i < this.#yesCount; i++) if (yes[i]! < end) before += 1;
    return before;
  }
}

function insertionSort(words: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const word = words[i]!;
    let j = i - 1;
    for (; j >= 0 && words[j]! > word; j--) words[j + 1] = words[j]!;
    words[j + 1] = word;
  }
}
