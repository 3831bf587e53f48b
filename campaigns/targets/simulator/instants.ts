/**
 * The instants of polls at which something happens, in the order in which the messages behind them arrive.
 * Owns: their queue and the order within a tick: by the tick in which the query of that answer arrived, then by when it was sent,
 * then by slot. An event per message has that order by itself (first in, first out); here it is kept by sorting few events.
 * Does not own: what happens. Pushing and draining allocate nothing once the lists are there.
 *
 * Word a: 1,023 - ticks that the answer travels (10 bits), slot (10), kind (2), detail (3). Word b: see event.ts.
 */
import { type ArrayMaker, plainArrays } from '#node/core/arrays.ts';
import { pollOf } from './event.ts';
import { type EventSink, TimingWheel, type WheelArrays, wheelArrays } from './wheel.ts';

export const instantKind = {
  /** The answer arrives that ends a poll, as foreseen. */
  end: 0,
  /** The answer arrives with which it pays to look whether the poll is over. */
  look: 1,
  /** The answer of a fresh peer arrives. */
  retry: 2,
} as const;

export interface InstantSink {
  /** The instants of a tick from `from` on: does what it can do of them together; returns where the first stands that is left. */
  together(from: number, until: number): number;
  /** An instant is there: its two words. */
  happen(a: number, b: number): void;
}

const longestTravel = 1023;
const firstRoom = 1024;
/** Room in the queue beside that for the instants of all polls: each tick has a chunk that is not full. */
const roomyEvents = 1 << 17;
/** Longer lists are sorted by the engine. */
const shortList = 48;

export function instantKindOf(a: number): number {
  return (a >>> 3) & 3;
}

export function instantDetail(a: number): number {
  return a & 7;
}

export function instantSlot(a: number): number {
  return (a >>> 5) & 1023;
}

/** Ticks that the answer travelled. */
export function travelTicks(a: number): number {
  return longestTravel - (a >>> 15);
}

export class Instants implements EventSink {
  readonly #wheel: TimingWheel;
  /** Number of the last sending of each poll, in the records of polls: batches of queries in the order in which they left. */
  readonly #records: Int32Array;
  readonly #stride: number;
  readonly #field: number;
  /** Those of this tick. */
  dueA: Int32Array;
  dueB: Int32Array;
  #count = 0;
  /** Those before it have happened. */
  #from = 0;
  readonly #arrays: ArrayMaker;
  /** Of the queue. */
  readonly wheelArrays: WheelArrays;

  /** `records[poll * stride + field]`: the number of the poll's last sending. */
  constructor(
    wheelSlots: number,
    records: Int32Array,
    stride: number,
    field: number,
    arrays: ArrayMaker = plainArrays,
  ) {
    this.#arrays = arrays;
    this.dueA = arrays.int32(firstRoom);
    this.dueB = arrays.int32(firstRoom);
    this.wheelArrays = wheelArrays(wheelSlots, roomyEvents + (4 * records.length) / stride, arrays);
    this.#wheel = new TimingWheel(wheelSlots, this.wheelArrays);
    this.#records = records;
    this.#stride = stride;
    this.#field = field;
  }

  get chunksLeft(): number {
    return this.#wheel.chunksLeft;
  }

  get isDue(): boolean {
    return this.#from < this.#count || this.#wheel.isDue;
  }

  nextDue(limit: number): number {
    return this.#wheel.nextDue(limit);
  }

  advanceTo(tick: number): void {
    this.#wheel.advanceTo(tick);
  }

  /**
   * `delay` ticks from now, 0 only while this tick is drained; `travel` = ticks between the arrival of the query and that of
   * its answer. `reference`: poll and sequence; `detail`: 3 bits for the sink.
   */
  push(delay: number, travel: number, kind: number, slot: number, reference: number, detail: number): void {
    const a = ((longestTravel - travel) << 15) | (slot << 5) | (kind << 3) | detail;
    if (delay > 0) this.#wheel.push(delay, a, reference);
    else this.#insert(a, reference);
  }

  /** An instant of the tick being drained, later than the one that is happening. */
  #insert(a: number, b: number): void {
    this.#fit(this.#count + 1);
    this.#place(this.#count++, a, b);
  }

  /** Moves what comes later up by one, down from position `at`, and fills the gap. */
  #place(at: number, a: number, b: number): void {
    const dueA = this.dueA;
    const dueB = this.dueB;
    let to = at;
    for (; to > 0 && this.#isLater(dueA[to - 1]!, dueB[to - 1]!, a, b); to--) {
      dueA[to] = dueA[to - 1]!;
      dueB[to] = dueB[to - 1]!;
    }
    dueA[to] = a;
    dueB[to] = b;
  }

  #isLater(a: number, b: number, thanA: number, thanB: number): boolean {
    if (a >>> 15 !== thanA >>> 15) return a >>> 15 > thanA >>> 15;
    return this.#byArrival(a, b, thanA, thanB) > 0;
  }

  #byArrival(a: number, b: number, otherA: number, otherB: number): number {
    const byAsked = (a >>> 15) - (otherA >>> 15);
    if (byAsked !== 0) return byAsked;
    return (this.#sending(b) - this.#sending(otherB)) | 0 || a - otherA;
  }

  #sending(b: number): number {
    return this.#records[pollOf(b) * this.#stride + this.#field]!;
  }

  #fit(needed: number): void {
    if (needed <= this.dueA.length) return;
    const wider = (from: Int32Array): Int32Array => {
      const to = this.#arrays.int32(2 * needed);
      to.set(from);
      return to;
    };
    this.dueA = wider(this.dueA);
    this.dueB = wider(this.dueB);
  }

  drain(sink: InstantSink): void {
    if (this.#from >= this.#count) {
      if (!this.#wheel.isDue) return;
      this.#count = this.#from = 0;
      this.#wheel.drain(this);
      this.#sort();
    }
    for (; this.#from < this.#count; this.#from++) {
      this.#from = sink.together(this.#from, this.#count);
      if (this.#from < this.#count) sink.happen(this.dueA[this.#from]!, this.dueB[this.#from]!);
    }
  }

  /** Somebody else has put so many in order, the first of which have happened; the tick is not over. */
  left(count: number, from: number): void {
    this.#count = count;
    this.#from = from;
  }

  run(pool: Int32Array, from: number, until: number): void {
    this.#fit(this.#count + ((until - from) >> 1));
    for (let e = from; e < until; e += 2) {
      this.dueA[this.#count] = pool[e]!;
      this.dueB[this.#count++] = pool[e + 1]!;
    }
  }

  #sort(): void {
    const count = this.#count;
    if (count <= shortList) {
      for (let i = 1; i < count; i++) this.#place(i, this.dueA[i]!, this.dueB[i]!);
      return;
    }
    const fromA = this.dueA.slice(0, count);
    const fromB = this.dueB.slice(0, count);
    const order = Int32Array.from(fromA.keys());
    order.sort((i, j) => this.#byArrival(fromA[i]!, fromB[i]!, fromA[j]!, fromB[j]!));
    for (let i = 0; i < count; i++) {
      this.dueA[i] = fromA[order[i]!]!;
      this.dueB[i] = fromB[order[i]!]!;
    }
  }
}
