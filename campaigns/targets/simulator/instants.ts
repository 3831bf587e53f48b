/**
 * The instants of polls at which something happens, in the order in which the messages behind them arrive.
 * Owns: their queue and the order within a tick: by the tick in which the query of that answer arrived, then by when it was sent,
 * then by slot. An event per message has that order by itself (first in, first out); here it is kept by sorting few events.
 * Does not own: what happens. Pushing and draining allocate nothing once the records are there.
 */
import { type EventSink, TimingWheel } from './wheel.ts';

export const instantKind = {
  /** The answer that is the round-trip sample arrives. */
  sample: 0,
  /** The answer arrives with which it pays to look whether the poll is over. */
  look: 1,
  /** The answer of a fresh peer arrives. */
  retry: 2,
} as const;

export interface InstantSink {
  /** `detail`: what `push` was given. */
  happen(kind: number, slot: number, poll: number, sequence: number, detail: number): void;
}

/** Longer lists are sorted by the engine. */
const shortList = 24;
const fieldsOf = 4;

export class Instants implements EventSink {
  readonly #wheel: TimingWheel;
  /** Tick in which the query arrives, and number of the sending. */
  #order = new Float64Array(2 * 1024);
  /** kind x 1024 + slot, poll, sequence, detail */
  #facts = new Int32Array(fieldsOf * 1024);
  readonly #free: number[] = [];
  #used = 0;
  #due = new Int32Array(1024);
  #count = 0;

  constructor(wheelSlots: number) {
    this.#wheel = new TimingWheel(wheelSlots);
  }

  get now(): number {
    return this.#wheel.now;
  }

  get isDue(): boolean {
    return this.#wheel.isDue;
  }

  advance(): void {
    this.#wheel.advance();
  }

  /** `delay` ticks from now, 0 only while this tick is drained; `sending` numbers the batches of queries in the order in which they left. */
  push(
    delay: number,
    askedTick: number,
    sending: number,
    kind: number,
    slot: number,
    poll: number,
    sequence: number,
    detail: number,
  ): void {
    let record = this.#free.pop();
    if (record === undefined) {
      record = this.#used++;
      if (2 * record === this.#order.length) this.#grow();
    }
    this.#order[2 * record] = askedTick;
    this.#order[2 * record + 1] = sending;
    const at = fieldsOf * record;
    this.#facts[at] = kind * 1024 + slot;
    this.#facts[at + 1] = poll;
    this.#facts[at + 2] = sequence;
    this.#facts[at + 3] = detail;
    if (delay > 0) this.#wheel.push(delay, record, 0);
    else this.#insert(record);
  }

  /** An instant of the tick being drained, later than the one that is happening. */
  #insert(record: number): void {
    this.#fit(this.#count + 1);
    const due = this.#due;
    let at = this.#count++;
    for (; this.#compare(due[at - 1]!, record) > 0; at--) due[at] = due[at - 1]!;
    due[at] = record;
  }

  #fit(needed: number): void {
    if (needed <= this.#due.length) return;
    const wider = new Int32Array(2 * needed);
    wider.set(this.#due);
    this.#due = wider;
  }

  drain(sink: InstantSink): void {
    if (!this.#wheel.isDue) return;
    this.#count = 0;
    this.#wheel.drain(this);
    this.#sort();
    for (let i = 0; i < this.#count; i++) {
      const record = this.#due[i]!;
      const at = fieldsOf * record;
      const facts = this.#facts;
      const what = facts[at]!;
      sink.happen(what >>> 10, what & 1023, facts[at + 1]!, facts[at + 2]!, facts[at + 3]!);
      this.#free.push(record);
    }
  }

  run(pool: Int32Array, from: number, until: number): void {
    this.#fit(this.#count + ((until - from) >> 1));
    for (let e = from; e < until; e += 2) this.#due[this.#count++] = pool[e]!;
  }

  #sort(): void {
    const due = this.#due;
    if (this.#count > shortList) {
      due.subarray(0, this.#count).sort((a, b) => this.#compare(a, b));
      return;
    }
    for (let i = 1; i < this.#count; i++) {
      const record = due[i]!;
      let j = i - 1;
      for (; j >= 0 && this.#compare(due[j]!, record) > 0; j--) due[j + 1] = due[j]!;
      due[j + 1] = record;
    }
  }

  #compare(a: number, b: number): number {
    const order = this.#order;
    const byAsked = order[2 * a]! - order[2 * b]!;
    if (byAsked !== 0) return byAsked;
    const bySending = order[2 * a + 1]! - order[2 * b + 1]!;
    if (bySending !== 0) return bySending;
    const x = this.#facts[fieldsOf * a]!;
    const y = this.#facts[fieldsOf * b]!;
    return (x & 1023) - (y & 1023) || x - y;
  }

  #grow(): void {
    const order = new Float64Array(2 * this.#order.length);
    order.set(this.#order);
    this.#order = order;
    const facts = new Int32Array(2 * this.#facts.length);
    facts.set(this.#facts);
    this.#facts = facts;
  }
}
