/**
 * Round-trip samples that are on their way: the answers at the sample slots of the last two polls of every node.
 * Owns: when they arrive and that the core has observed those that have whenever it reads the estimate (an event for each would
 * cost as much as the poll). Does not own: the estimate (node/core/round-trip.ts), how long messages take.
 *
 * Two samples that arrive in one tick have the order of the messages behind them: by the tick in which the query arrived, then by
 * sending, then by slot. One poll at a time for each node.
 */
import type { Core } from '#node/core/core.ts';
import { slotAnswered } from '#node/core/poll-book.ts';
import { arrivalSlot, arriveTicksOf, askTicksOf, noArrival } from './arrival.ts';
import { type PollRecords, recordTime, recordTimes, recordWord, recordWords } from './poll-records.ts';

// V8 reads an imported binding anew at every use, but folds a module's own constants: the hot path uses these.
const none = noArrival;
const answered = slotAnswered;
const words = recordWords;
const times = recordTimes;
const youngTime = recordTime.start;
const oldTime = recordTime.startBefore;
const youngAt = recordWord.sample;
const oldAt = recordWord.sampleBefore;
// A sample: the word of its answer, the number of the sending, its poll's sequence.
const sendingAt = 1;
const sequenceAt = 2;

export class LateSamples {
  /** The tick whose answers have arrived, too; of the others only those before the tick have. */
  answeredTick = -1;
  readonly #core: Core;
  readonly #tickUs: number;
  readonly #words: Int32Array;
  readonly #times: Float64Array;

  constructor(core: Core, tickUs: number, records: PollRecords) {
    this.#core = core;
    this.#tickUs = tickUs;
    this.#words = records.words;
    this.#times = records.times;
    for (let poll = 0; poll < core.polls.polls; poll++) {
      this.#words[poll * words + youngAt] = none;
      this.#words[poll * words + oldAt] = none;
    }
  }

  /** A poll of the node begins; `word`: its sample, `noArrival` when it is lost. The one before the last is too old now. */
  begin(node: number, tick: number, sending: number, word: number): void {
    const record = this.#words;
    const young = node * words + youngAt;
    const old = node * words + oldAt;
    record[old] = record[young]!;
    record[old + sendingAt] = record[young + sendingAt]!;
    record[old + sequenceAt] = record[young + sequenceAt]!;
    record[young] = word;
    record[young + sendingAt] = sending;
    record[young + sequenceAt] = this.#core.polls.sequence(node);
    const time = node * times;
    this.#times[time + oldTime] = this.#times[time + youngTime]!;
    this.#times[time + youngTime] = tick;
  }

  /** Observes what has arrived by now. */
  settle(node: number, now: number): void {
    const until = this.answeredTick === now ? now + 1 : now;
    this.settleUntil(node, until, -1, 0, -1);
  }

  /** Observes what arrives before, or is, the answer of that place in the order of the tick. */
  settleUntil(node: number, tick: number, askedTick: number, sending: number, slot: number): void {
    const young = node * words + youngAt;
    const old = node * words + oldAt;
    const isYoungDue = this.#isDue(node, young, tick, askedTick, sending, slot);
    if (!this.#isDue(node, old, tick, askedTick, sending, slot)) {
      if (isYoungDue) this.#observe(node, young);
      return;
    }
    const isYoungFirst =
      isYoungDue &&
      this.#isDue(
        node,
        young,
        this.#arrivalTick(node, old),
        this.#askedTick(node, old),
        this.#words[old + sendingAt]!,
        arrivalSlot(this.#words[old]!),
      );
    if (isYoungFirst) this.#observe(node, young);
    this.#observe(node, old);
    if (isYoungDue && !isYoungFirst) this.#observe(node, young);
  }

  #startOf(node: number, at: number): number {
    return this.#times[node * times + (at === node * words + youngAt ? youngTime : oldTime)]!;
  }

  #arrivalTick(node: number, at: number): number {
    return this.#startOf(node, at) + arriveTicksOf(this.#words[at]!);
  }

  #askedTick(node: number, at: number): number {
    return this.#startOf(node, at) + askTicksOf(this.#words[at]!);
  }

  #isDue(node: number, at: number, tick: number, askedTick: number, sending: number, slot: number): boolean {
    const word = this.#words[at]!;
    if (word === none) return false;
    const arrival = this.#arrivalTick(node, at);
    if (arrival !== tick) return arrival < tick;
    const asked = this.#askedTick(node, at);
    if (asked !== askedTick) return asked < askedTick;
    const later = (this.#words[at + sendingAt]! - sending) | 0;
    return later === 0 ? arrivalSlot(word) <= slot : later < 0;
  }

  #observe(poll: number, at: number): void {
    const { polls } = this.#core;
    const sequence = this.#words[at + sequenceAt]!;
    const slot = arrivalSlot(this.#words[at]!);
    const atUs = this.#arrivalTick(poll, at) * this.#tickUs;
    this.#words[at] = none;
    // A fresh peer has answered at this slot already: see Core.arrive.
    if (polls.head[poll * polls.stride] === sequence && polls.state(poll, slot) === answered) return;
    this.#core.observe(poll, sequence, atUs);
  }
}
