/**
 * An event queue of the simulator: a timing wheel whose slots are lists of fixed chunks, and a heap for the far future.
 * Owns: storage and order of events: by tick, first in first out within a tick. Does not own: what an event means.
 * An event is two 32-bit words. Pushing and draining allocate nothing once the pool is warm.
 *
 * Invariant: the write position of a slot is a multiple of the chunk size only when the slot has no room (empty or full).
 */
import { FarHeap } from './far-heap.ts';

const chunkWords = 256;
const chunkMask = chunkWords - 1;
const none = 0;

/** Takes events pool[from .. until), two words each. It may push more, for the same tick too. */
export interface EventSink {
  run(pool: Int32Array, from: number, until: number): void;
}

export class TimingWheel {
  /** The tick being drained, or the next one to drain. */
  now = 0;
  readonly #mask: number;
  /** Where the next event of a slot goes, an index into the pool. */
  readonly #write: Int32Array;
  readonly #first: Int32Array; // first chunk of a slot
  #pool = new Int32Array(chunkWords * 1024);
  #next = new Int32Array(1024);
  #free = none;
  #used = 1; // chunk 0 means none
  readonly #far = new FarHeap();

  /** @param slots a power of two; delays of fewer ticks go straight into the wheel */
  constructor(slots: number) {
    this.#mask = slots - 1;
    this.#write = new Int32Array(slots);
    this.#first = new Int32Array(slots);
  }

  /** Queues an event `delay` >= 0 ticks from now. */
  push(delay: number, a: number, b: number): void {
    if (delay > this.#mask) {
      this.#far.push(this.now + delay, a, b);
      return;
    }
    const slot = (this.now + delay) & this.#mask;
    let at = this.#write[slot]!;
    if ((at & chunkMask) === 0) at = this.#extend(slot, at);
    this.#pool[at] = a;
    this.#pool[at + 1] = b;
    this.#write[slot] = at + 2;
  }

  /** Adds a chunk to a slot that has no room; returns where to write. */
  #extend(slot: number, at: number): number {
    const chunk = this.#takeChunk();
    if (at === 0) this.#first[slot] = chunk;
    else this.#next[at / chunkWords - 1] = chunk;
    return chunk * chunkWords;
  }

  #takeChunk(): number {
    const free = this.#free;
    if (free !== none) {
      this.#free = this.#next[free]!;
      this.#next[free] = none;
      return free;
    }
    if (this.#used === this.#next.length) {
      const pool = new Int32Array(this.#pool.length * 2);
      pool.set(this.#pool);
      this.#pool = pool;
      const next = new Int32Array(this.#next.length * 2);
      next.set(this.#next);
      this.#next = next;
    }
    return this.#used++;
  }

  /** True when an event is due in the current tick. */
  get isDue(): boolean {
    return this.#write[this.now & this.#mask] !== 0;
  }

  /** Gives every event of the current tick to `sink`, including those pushed for this tick meanwhile. */
  drain(sink: EventSink): void {
    const slot = this.now & this.#mask;
    let chunk = this.#first[slot]!;
    let from = chunk * chunkWords;
    while (chunk !== none) {
      const write = this.#write[slot]!;
      const end = (chunk + 1) * chunkWords;
      const isLast = write > chunk * chunkWords && write <= end;
      const until = isLast ? write : end;
      if (from < until) {
        sink.run(this.#pool, from, until);
        from = until;
        continue;
      }
      const next = isLast ? none : this.#next[chunk]!;
      this.#next[chunk] = this.#free;
      this.#free = chunk;
      chunk = next;
      from = chunk * chunkWords;
    }
    this.#write[slot] = 0;
    this.#first[slot] = none;
  }

  /** The first tick from now on in which an event may be due, at most `limit`. */
  nextDue(limit: number): number {
    const write = this.#write;
    const mask = this.#mask;
    // What lies beyond the horizon comes into the wheel first.
    let seen = Math.min(limit, this.now + mask + 1);
    if (this.#far.size > 0) seen = Math.min(seen, this.#far.least - mask);
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
