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

const none = noArrival;
const answered = slotAnswered;

// A sample has a record: the word of its answer, the tick in which its query left, the number of the sending, its poll's sequence.
const fieldWord = 0;
const fieldStart = 1;
const fieldSending = 2;
const fieldSequence = 3;
const sampleFields = 4;
/** The open or last poll's first, then that of the poll before. */
const fields = 2 * sampleFields;

export class LateSamples {
  /** The tick whose answers have arrived, too; of the others only those before the tick have. */
  answeredTick = -1;
  readonly #core: Core;
  readonly #tickUs: number;
  /** [node][2][field] */
  readonly #records: Float64Array;

  constructor(core: Core, tickUs: number) {
    this.#core = core;
    this.#tickUs = tickUs;
    this.#records = new Float64Array(core.polls.polls * fields);
    for (let at = fieldWord; at < this.#records.length; at += sampleFields) this.#records[at] = none;
  }

  /** A poll of the node begins; `word`: its sample, `noArrival` when it is lost. The one before the last is too old now. */
  begin(node: number, tick: number, sending: number, word: number): void {
    const records = this.#records;
    const at = node * fields;
    records[at + sampleFields + fieldWord] = records[at + fieldWord]!;
    records[at + sampleFields + fieldStart] = records[at + fieldStart]!;
    records[at + sampleFields + fieldSending] = records[at + fieldSending]!;
    records[at + sampleFields + fieldSequence] = records[at + fieldSequence]!;
    records[at + fieldWord] = word;
    records[at + fieldStart] = tick;
    records[at + fieldSending] = sending;
    records[at + fieldSequence] = this.#core.polls.sequence(node);
  }

  /** Observes what has arrived by now. */
  settle(node: number, now: number): void {
    const until = this.answeredTick === now ? now + 1 : now;
    this.settleUntil(node, until, -1, -1, -1);
  }

  /** Observes what arrives before, or is, the answer of that place in the order of the tick. */
  settleUntil(node: number, tick: number, askedTick: number, sending: number, slot: number): void {
    const young = node * fields;
    const old = young + sampleFields;
    const isYoungDue = this.#isDue(young, tick, askedTick, sending, slot);
    if (!this.#isDue(old, tick, askedTick, sending, slot)) {
      if (isYoungDue) this.#observe(node, young);
      return;
    }
    const isYoungFirst =
      isYoungDue &&
      this.#isDue(
        young,
        this.#arrivalTick(old),
        this.#askedTick(old),
        this.#records[old + fieldSending]!,
        arrivalSlot(this.#records[old + fieldWord]!),
      );
    if (isYoungFirst) this.#observe(node, young);
    this.#observe(node, old);
    if (isYoungDue && !isYoungFirst) this.#observe(node, young);
  }

  #arrivalTick(at: number): number {
    return this.#records[at + fieldStart]! + arriveTicksOf(this.#records[at + fieldWord]!);
  }

  #askedTick(at: number): number {
    return this.#records[at + fieldStart]! + askTicksOf(this.#records[at + fieldWord]!);
  }

  #isDue(at: number, tick: number, askedTick: number, sending: number, slot: number): boolean {
    const word = this.#records[at + fieldWord]!;
    if (word === none) return false;
    const arrival = this.#arrivalTick(at);
    if (arrival !== tick) return arrival < tick;
    const asked = this.#askedTick(at);
    if (asked !== askedTick) return asked < askedTick;
    const sent = this.#records[at + fieldSending]!;
    return sent === sending ? arrivalSlot(word) <= slot : sent < sending;
  }

  #observe(poll: number, at: number): void {
    const { polls } = this.#core;
    const sequence = this.#records[at + fieldSequence]!;
    const slot = arrivalSlot(this.#records[at + fieldWord]!);
    const atUs = this.#arrivalTick(at) * this.#tickUs;
    this.#records[at + fieldWord] = none;
    // A fresh peer has answered at this slot already: see Core.arrive.
    if (polls.head[poll * polls.stride] === sequence && polls.state(poll, slot) === answered) return;
    this.#core.observe(poll, sequence, atUs);
  }
}
