/**
 * The delays of all queries and answers of a poll that is followed, and the answers in the order in which they arrive.
 * Owns: drawing them, counting the queries at their peers. Does not own: what peers say (poll-exchange.ts), the layout of an
 * answer's word (arrival.ts), the same all slots at once (poll-draws.c).
 */
import type { Core } from '#node/core/core.ts';
import { maximumSampleSize } from '#node/core/params.ts';
import { headKey } from '#node/core/poll-book.ts';
import { mix } from '#node/core/random.ts';
import { arrivalWord } from './arrival.ts';
import type { ArrivalOrder } from './arrival-order.ts';
import type { Network } from './network.ts';
import { drawn, lostQuery, type PollDraws } from './poll-draws.ts';
import { answerDraws, queryDraws } from './traffic.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const draw32 = mix;
const queryStream = queryDraws;
const answerStream = answerDraws;
const fieldKey = headKey;
const lost = lostQuery;
const lostQueriesAt = drawn.lostQueries;
const lostAnswersAt = drawn.lostAnswers;

export class FollowedDraws {
  /** Of the last poll, by slot: ticks until the query arrives, or `lostQuery`. */
  readonly asks: Uint16Array;
  lostQueries = 0;
  lostAnswers = 0;
  readonly #core: Pick<Core, 'polls'>;
  readonly #network: Network;
  /** Null: slot by slot. */
  readonly #draws: PollDraws | null;
  readonly #arrivalOrder: ArrivalOrder;

  constructor(
    core: Pick<Core, 'polls'>,
    network: Network,
    draws: PollDraws | null,
    arrivalOrder: ArrivalOrder,
  ) {
    this.#core = core;
    this.#network = network;
    this.#draws = draws;
    this.#arrivalOrder = arrivalOrder;
    draws?.delays.set(network.delayTable);
    this.asks = draws?.asks ?? new Uint16Array(maximumSampleSize);
  }

  /**
   * Counts the first `count` queries of a poll in `asked`, which is that of the draws if there are any; the words of its answers go to
   * order[from ..]. Returns how many there are.
   */
  draw(poll: number, count: number, asked: Int32Array, order: Int32Array, from: number): number {
    return this.#draws === null
      ? this.#drawPlainly(poll, count, asked, order, from)
      : this.#drawTogether(poll, count, this.#draws, order, from);
  }

  #drawTogether(poll: number, count: number, draws: PollDraws, order: Int32Array, from: number): number {
    const { head, stride } = this.#core.polls;
    const key = head[poll * stride + fieldKey]!;
    const found = draws.follow(draws.peersOf(this.#core.polls, poll), key, count, this.#network.lossLimit);
    const { words, result } = draws;
    for (let i = 0; i < found; i++) order[from + i] = words[i]!;
    this.lostQueries = result[lostQueriesAt]!;
    this.lostAnswers = result[lostAnswersAt]!;
    return found;
  }

  #drawPlainly(poll: number, count: number, asked: Int32Array, order: Int32Array, from: number): number {
    const { head, stride, peers, k } = this.#core.polls;
    const { delayTable, lossLimit } = this.#network;
    const key = head[poll * stride + fieldKey]!;
    this.lostQueries = 0;
    this.lostAnswers = 0;
    let found = 0;
    for (let slot = 0; slot < count; slot++) {
      const query = draw32(key, queryStream, 2 * slot);
      this.asks[slot] = lost;
      if (query >>> 12 < lossLimit) {
        this.lostQueries += 1;
        continue;
      }
      const askTicks = delayTable[query & 4095]!;
      this.asks[slot] = askTicks;
      asked[peers[poll * k + slot]!]! += 1;
      const answer = draw32(key, answerStream, 2 * slot);
      if (answer >>> 12 < lossLimit) this.lostAnswers += 1;
      else order[from + found++] = arrivalWord(askTicks + delayTable[answer & 4095]!, askTicks, slot);
    }
    this.#arrivalOrder.sort(order, from, found);
    return found;
  }
}
