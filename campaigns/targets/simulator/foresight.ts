/**
 * A poll whose every answer is certain when it begins: which answers arrive until it ends, and when that is.
 * Owns: drawing the delays of a whole poll and finding its end without an event per message.
 * Does not own: whether answers are certain (poll-exchange.ts), the layout of an answer's word (arrival.ts).
 *
 * The loops have no branch that depends on a draw: a processor would mispredict half of them, which costs more than the draw.
 */
import type { Core } from '#node/core/core.ts';
import { answerNoToAll, answerYesToAll } from '#node/core/exceptions.ts';
import { maximumSampleSize } from '#node/core/params.ts';
import { headKey } from '#node/core/poll-book.ts';
import { mix, mixBegin, mixEnd, weylStep } from '#node/core/random.ts';
import type { Answering } from './answering.ts';
import { arrivalSlot, noArrival } from './arrival.ts';
import { sortFew } from './arrival-order.ts';
import { finerThan, type Network } from './network.ts';
import { drawn, type PollDraws } from './poll-draws.ts';
import { answerDraws, queryDraws } from './traffic.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const draw32 = mix;
const begin32 = mixBegin;
const end32 = mixEnd;
const slotStep = (2 * weylStep) | 0;
const queryStream = queryDraws;
const answerStream = answerDraws;
const yesToAll = answerYesToAll;
const noToAll = answerNoToAll;
const fieldKey = headKey;
const none = noArrival;
const endAt = drawn.end;
const votersAt = drawn.voters;
const refusalsAt = drawn.refusals;
const answersAt = drawn.answers;
const lostQueriesAt = drawn.lostQueries;
const lostAnswersAt = drawn.lostAnswers;

/** Answers are first sorted into buckets of 32 ticks. */
const bucketAt = 25;
const lastBucket = (2 * finerThan) >>> 5;

// Room for the answers of the poll that is looked at, and one more: what does not count is written there, too. The module's own, so
// that V8 knows address and length.
const yes = new Int32Array(maximumSampleSize + 1);
const no = new Int32Array(maximumSampleSize + 1);
const inBucket = new Int32Array(maximumSampleSize + 1);
const perBucket = new Int32Array(lastBucket + 1);

export class Foresight {
  /** The answer that ends the poll, or `noArrival`. */
  end = none;
  /** Of the answers that are not lost: how many there are, and how many of them arrive after the end. */
  answers = 0;
  late = 0;
  lostQueries = 0;
  lostAnswers = 0;
  readonly #core: Pick<Core, 'params' | 'polls'>;
  readonly #network: Network;
  /** Null: slot by slot. */
  readonly #draws: PollDraws | null;
  readonly #answering: Pick<Answering, 'constant' | 'rewritten'>;
  /** Ticks by the low 12 bits of a draw: half the size of the network's own, so that it stays in the nearest cache. */
  readonly #delays: Uint16Array;
  #yesCount = 0;
  #noCount = 0;

  constructor(
    core: Pick<Core, 'params' | 'polls'>,
    network: Network,
    answering: Pick<Answering, 'constant' | 'rewritten'>,
    draws: PollDraws | null = null,
  ) {
    this.#draws = draws;
    draws?.delays.set(network.delayTable);
    this.#core = core;
    this.#network = network;
    this.#answering = answering;
    this.#delays = Uint16Array.from(network.delayTable);
  }

  /**
   * Looks at a poll that has just begun, with all k queries on their way; counts them in `asked` (top bit: attacker), which is that of
   * the draws if there are any.
   */
  look(poll: number, asked: Int32Array): void {
    if (this.#draws !== null) {
      this.#lookTogether(poll, this.#draws);
      return;
    }
    this.#draw(poll, asked);
    sortFew(no, 0, this.#noCount);
    const { params } = this.#core;
    this.answers = this.#yesCount + this.#noCount;
    const end = params.earlyEnd ? this.#certain() : this.#last();
    let odd = 0;
    while (odd < this.#noCount && no[odd]! <= end) odd += 1;
    this.#note(poll, end, this.#votersUntil(end), no, odd);
  }

  /** The same, all slots at once. */
  #lookTogether(poll: number, draws: PollDraws): void {
    const { params, polls } = this.#core;
    const { head, stride, k } = polls;
    const key = head[poll * stride + fieldKey]!;
    const peers = draws.peersOf(polls, poll);
    const refusing = this.#answering.constant === noToAll ? 1 : 0;
    const { alphaConfidence, alphaPreference } = params;
    const isEarly = params.earlyEnd ? 1 : 0;
    draws.look(peers, key, k, this.#network.lossLimit, refusing, alphaConfidence, alphaPreference, isEarly);
    const { result } = draws;
    this.answers = result[answersAt]!;
    this.lostQueries = result[lostQueriesAt]!;
    this.lostAnswers = result[lostAnswersAt]!;
    this.#note(poll, result[endAt]!, result[votersAt]!, draws.refusals, result[refusalsAt]!);
  }

  /** Notes what arrives until the end of the poll: `voters` yes and the first `odd` of the refusals. */
  #note(poll: number, end: number, voters: number, refusals: Int32Array, odd: number): void {
    const { polls } = this.#core;
    this.end = end;
    this.late = 0;
    if (end === none) return;
    polls.foresee(poll, voters + odd, voters);
    for (let i = 0; i < odd; i++) polls.foreseeOdd(poll, arrivalSlot(refusals[i]!), noToAll);
    this.late = this.answers - voters - odd;
  }

  /** Word of the answer at a slot, `noArrival` when the query or the answer is lost. */
  answerAt(key: number, slot: number): number {
    const { lossLimit } = this.#network;
    const query = draw32(key, queryStream, 2 * slot);
    const answer = draw32(key, answerStream, 2 * slot);
    if (query >>> 12 < lossLimit || answer >>> 12 < lossLimit) return none;
    const askTicks = this.#delays[query & 4095]!;
    return ((askTicks + this.#delays[answer & 4095]!) << 20) | (askTicks << 10) | slot;
  }

  #draw(poll: number, asked: Int32Array): void {
    const { head, stride, peers, k } = this.#core.polls;
    const { lossLimit } = this.#network;
    const { constant } = this.#answering;
    const delays = this.#delays;
    const key = head[poll * stride + fieldKey]!;
    perBucket.fill(0);
    const from = poll * k;
    const refusing = constant === noToAll ? 1 : 0;
    let yesCount = 0;
    let noCount = 0;
    let lostQueries = 0;
    let lostAnswers = 0;
    let weyl = 0;
    for (let slot = 0; slot < k; slot++) {
      const begun = begin32(key, weyl);
      weyl = (weyl + slotStep) | 0;
      const query = end32(begun, queryStream);
      const answer = end32(begun, answerStream);
      if (query >>> 12 < lossLimit) {
        lostQueries += 1;
        continue;
      }
      const peer = peers[from + slot]!;
      const asks = asked[peer]!;
      asked[peer] = asks + 1;
      if (answer >>> 12 < lossLimit) {
        lostAnswers += 1;
        continue;
      }
      const askTicks = delays[query & 4095]!;
      const word = ((askTicks + delays[answer & 4095]!) << 20) | (askTicks << 10) | slot;
      let isNo = (asks >>> 31) & refusing;
      if (constant < 0 && asks < 0) isNo = this.#refuses(peer, poll, slot);
      yes[yesCount] = word;
      no[noCount] = word;
      yesCount += 1 - isNo;
      noCount += isNo;
      perBucket[word >>> bucketAt]! += 1 - isNo;
    }
    this.#yesCount = yesCount;
    this.#noCount = noCount;
    this.lostQueries = lostQueries;
    this.lostAnswers = lostAnswers;
  }

  /** 1: an attack makes no of an honest yes to everything. */
  #refuses(peer: number, poll: number, slot: number): number {
    const kind = this.#answering.rewritten(peer, poll, slot) >>> 2;
    if (kind !== yesToAll && kind !== noToAll)
      throw new RangeError('an attack that answers in part cannot be foreseen');
    return kind === noToAll ? 1 : 0;
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
    const byNo = refused < this.#noCount ? no[refused]! : none;
    const byYes = this.#yesCount < least ? none : this.#nthYes(least);
    return byNo < byYes ? byNo : byYes;
  }

  /** Counted from the last one: thresholds are high. */
  #nthYes(n: number): number {
    const fromLast = this.#yesCount - n + 1;
    let bucket = lastBucket;
    let later = 0;
    while (later + perBucket[bucket]! < fromLast) later += perBucket[bucket--]!;
    let found = 0;
    for (let i = 0; i < this.#yesCount; i++) {
      const word = yes[i]!;
      inBucket[found] = word;
      found += (((word >>> bucketAt) ^ bucket) - 1) >>> 31;
    }
    sortFew(inBucket, 0, found);
    return inBucket[found - (fromLast - later)]!;
  }

  /** The last of k answers; none when one is lost. */
  #last(): number {
    if (this.answers < this.#core.polls.k) return none;
    let last = this.#noCount === 0 ? 0 : no[this.#noCount - 1]!;
    for (let i = 0; i < this.#yesCount; i++) if (yes[i]! > last) last = yes[i]!;
    return last;
  }

  #votersUntil(end: number): number {
    let until = 0;
    for (let i = 0; i < this.#yesCount; i++) until += (yes[i]! - end - 1) >>> 31;
    return until;
  }
}
