/**
 * An event queue of the simulator: a timing wheel whose slots are lists of fixed chunks, and a heap for the far future.
 * Owns: storage and order of events: by tick, first in first out within a tick. Does not own: what an event means.
 * An event is two 32-bit words. Pushing and draining allocate nothing once the pool is warm.
 *
 * Invariant: the write position of a slot is a multiple of the chunk size only when the slot has no room (empty or full).
 */
import { type ArrayMaker, plainArrays } from '#node/core/arrays.ts';
import { FarHeap } from './far-heap.ts';

/** Words of a chunk where nobody says otherwise: a power of two. */
export const chunkWords = 256;
const none = 0;
const freeAt = 0;
const usedAt = 1;
const givenBackAt = 2;
/** Words of `ends`. */
export const endsWords = 3;

/** Takes events pool[from .. until), two words each. It may push more, for the same tick too. */
export interface EventSink {
  run(pool: Int32Array, from: number, until: number): void;
}

/** What a wheel holds, in arrays that others may write to in the same way. */
export interface WheelArrays {
  /** Words of a chunk, a power of two. */
  readonly chunk: number;
  readonly pool: Int32Array;
  /** By chunk: the one that follows it. */
  readonly next: Int32Array;
  /** Where the next event of a slot goes, an index into the pool. */
  readonly write: Int32Array;
  /** First chunk of a slot. */
  readonly first: Int32Array;
  /** The first free chunk (0: there is none), how many were ever used (chunk 0 counts), how many of those are free again. */
  readonly ends: Int32Array;
}

/** `events`: with a chunk that is not full in many slots, there is room for about that many. */
export function wheelArrays(slots: number, events: number, arrays: ArrayMaker): WheelArrays {
  const chunks = 1024 + Math.ceil((2 * events) / chunkWords);
  return {
    chunk: chunkWords,
    pool: arrays.int32(chunkWords * chunks),
    next: arrays.int32(chunks),
    write: arrays.int32(slots),
    first: arrays.int32(slots),
    ends: arrays.int32(endsWords),
  };
}

export class TimingWheel {
  /** The tick being drained, or the next one to drain. */
  now = 0;
  /** Those it was made with. */
  readonly arrays: WheelArrays;
  readonly #mask: number;
  readonly #chunk: number;
  readonly #chunkMask: number;
  readonly #write: Int32Array;
  readonly #first: Int32Array;
  readonly #ends: Int32Array;
  #pool: Int32Array;
  #next: Int32Array;
  readonly #chunks: number;
  readonly #far = new FarHeap();

  /** @param slots a power of two; delays of fewer ticks go straight into the wheel */
  constructor(slots: number, arrays: WheelArrays = wheelArrays(slots, 0, plainArrays)) {
    this.#mask = slots - 1;
    this.arrays = arrays;
    const { chunk, pool, next, write, first, ends } = arrays;
    this.#chunk = chunk;
    this.#chunkMask = chunk - 1;
    this.#write = write;
    this.#first = first;
    this.#ends = ends;
    this.#pool = pool;
    this.#next = next;
    this.#chunks = next.length;
    ends[usedAt] = 1;
  }

  /** Free chunks of those it was given; 0 once it has made more. */
  get chunksLeft(): number {
    const free = this.#chunks - this.#ends[usedAt]! + this.#ends[givenBackAt]!;
    return this.#next.length === this.#chunks ? free : 0;
  }

  /** Queues an event `delay` >= 0 ticks from now. */
  push(delay: number, a: number, b: number): void {
    if (delay > this.#mask) {
      this.#far.push(this.now + delay, a, b);
      return;
    }
    const slot = (this.now + delay) & this.#mask;
    let at = this.#write[slot]!;
    if ((at & this.#chunkMask) === 0) at = this.#extend(slot, at);
    this.#pool[at] = a;
    this.#pool[at + 1] = b;
    this.#write[slot] = at + 2;
  }

  /** Adds a chunk to a slot that has no room; returns where to write. */
  #extend(slot: number, at: number): number {
    const chunk = this.#takeChunk();
    if (at === 0) this.#first[slot] = chunk;
    else this.#next[at / this.#chunk - 1] = chunk;
    return chunk * this.#chunk;
  }

  #takeChunk(): number {
    const free = this.#ends[freeAt]!;
    if (free !== none) {
      this.#ends[freeAt] = this.#next[free]!;
      this.#ends[givenBackAt]! -= 1;
      this.#next[free] = none;
      return free;
    }
    const used = this.#ends[usedAt]!;
    if (used === this.#next.length) {
      const pool = new Int32Array(this.#pool.length * 2);
      pool.set(this.#pool);
      this.#pool = pool;
      const next = new Int32Array(this.#next.length * 2);
      next.set(this.#next);
      this.#next = next;
    }
    this.#ends[usedAt] = used + 1;
    return used;
  }

  /** True when an event is due in the current tick. */
  get isDue(): boolean {
    return this.#write[this.now & this.#mask] !== 0;
  }

  /** Gives every event of the current tick to `sink`, including those pushed for this tick meanwhile. */
  drain(sink: EventSink): void {
    const slot = this.now & this.#mask;
    const chunkSize = this.#chunk;
    let chunk = this.#first[slot]!;
    let from = chunk * chunkSize;
    while (chunk !== none) {
      const write = this.#write[slot]!;
      const end = (chunk + 1) * chunkSize;
      const isLast = write > chunk * chunkSize && write <= end;
      const until = isLast ? write : end;
      if (from < until) {
        sink.run(this.#pool, from, until);
        from = until;
        continue;
      }
      const next = isLast ? none : this.#next[chunk]!;
      this.#next[chunk] = this.#ends[freeAt]!;
      this.#ends[freeAt] = chunk;
      this.#ends[givenBackAt]! += 1;
      chunk = next;
      from = chunk * chunkSize;
    }
    this.#write[slot] = 0;
    this.#first[slot] = none;
  }

  /** All that is due before that tick, at most `limit`, is in the wheel: what lies beyond it comes in first. */
  horizon(limit: number): number {
    const seen = Math.min(limit, this.now + this.#mask + 1);
    return this.#far.size > 0 ? Math.min(seen, this.#far.least - this.#mask) : seen;
  }

  /** The first tick from now on in which an event may be due, at most `limit`. */
  nextDue(limit: number): number {
    const write = this.#write;
    const mask = this.#mask;
    const seen = this.horizon(limit);
    let tick = this.now;
    while (tick < seen && write[tick & mask] === 0) tick += 1;
    return tick;
  }

  /** Goes on to the next tick; the current one must be drained. */
  advance(): void {
    this.advanceTo(this.now + 1);
  }

  /** Goes on to a later tick; nothing may be due before it. */
  advanceTo(tick: number): void {
    this.now = tick;
    const far = this.#far;
    while (far.size > 0 && far.least <= this.now + this.#mask) {
      this.push(far.least - this.now, far.leastA, far.leastB);
      far.pop();
    }
  }
}
