/**
 * Which live vertices hold a conflict key: (creator, sequence) or an input.
 * Owns: an open hash over typed arrays, no allocation per key once warm. Does not own: what a shared key means.
 * Invariant: every entry is linked in one bucket and in the list of its slot.
 */

const none = -1;

export class KeyIndex {
  #buckets: Int32Array;
  #keyA: Int32Array;
  #keyB: Int32Array;
  #slot: Int32Array;
  #next: Int32Array; // in the bucket, or in the free list
  #sibling: Int32Array; // next entry of the same slot
  #headOf: Int32Array; // first entry of a slot
  #free = none;
  #used = 0;
  #size = 0;

  constructor(slots: number) {
    const capacity = Math.max(64, slots * 2);
    this.#buckets = new Int32Array(powerOfTwo(capacity * 2)).fill(none);
    this.#keyA = new Int32Array(capacity);
    this.#keyB = new Int32Array(capacity);
    this.#slot = new Int32Array(capacity);
    this.#next = new Int32Array(capacity).fill(none);
    this.#sibling = new Int32Array(capacity).fill(none);
    this.#headOf = new Int32Array(slots).fill(none);
  }

  get size(): number {
    return this.#size;
  }

  /** First entry with the key, or -1. */
  find(a: number, b: number): number {
    const entry = this.#buckets[this.#bucketOf(a, b)]!;
    return this.#sameKeyFrom(entry, a, b);
  }

  /** Next entry with the same key as `entry`, or -1. */
  findNext(entry: number): number {
    return this.#sameKeyFrom(this.#next[entry]!, this.#keyA[entry]!, this.#keyB[entry]!);
  }

  slotAt(entry: number): number {
    return this.#slot[entry]!;
  }

  /** First entry of a slot, or -1; follow with `siblingOf`. */
  firstOf(slot: number): number {
    return this.#headOf[slot]!;
  }

  siblingOf(entry: number): number {
    return this.#sibling[entry]!;
  }

  keyAt(entry: number): readonly [a: number, b: number] {
    return [this.#keyA[entry]!, this.#keyB[entry]!];
  }

  add(slot: number, a: number, b: number): void {
    let entry = this.#free;
    if (entry !== none) {
      this.#free = this.#next[entry]!;
    } else {
      if (this.#used === this.#keyA.length) this.#grow();
      entry = this.#used++;
    }
    const bucket = this.#bucketOf(a, b);
    this.#keyA[entry] = a;
    this.#keyB[entry] = b;
    this.#slot[entry] = slot;
    this.#next[entry] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
    this.#sibling[entry] = this.#headOf[slot]!;
    this.#headOf[slot] = entry;
    this.#size += 1;
  }

  /** Removes every key of the slot. */
  remove(slot: number): void {
    for (let entry = this.#headOf[slot]!; entry !== none; ) {
      const sibling = this.#sibling[entry]!;
      this.#unlink(entry);
      this.#next[entry] = this.#free;
      this.#free = entry;
      this.#size -= 1;
      entry = sibling;
    }
    this.#headOf[slot] = none;
  }

  /** Makes room for `slots` slots. */
  widen(slots: number): void {
    const heads = new Int32Array(slots).fill(none);
    heads.set(this.#headOf);
    this.#headOf = heads;
  }

  #bucketOf(a: number, b: number): number {
    let h = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d) ^ Math.imul(b, 0x297a2d39);
    h = Math.imul(h ^ (h >>> 15), 0x7feb352d);
    return (h ^ (h >>> 16)) & (this.#buckets.length - 1);
  }

  #sameKeyFrom(from: number, a: number, b: number): number {
    let entry = from;
    while (entry !== none && (this.#keyA[entry] !== a || this.#keyB[entry] !== b)) entry = this.#next[entry]!;
    return entry;
  }

  #unlink(entry: number): void {
    const bucket = this.#bucketOf(this.#keyA[entry]!, this.#keyB[entry]!);
    let previous = none;
    let at = this.#buckets[bucket]!;
    while (at !== entry) {
      previous = at;
      at = this.#next[at]!;
    }
    if (previous === none) this.#buckets[bucket] = this.#next[entry]!;
    else this.#next[previous] = this.#next[entry]!;
  }

  #grow(): void {
    const capacity = this.#keyA.length * 2;
    const wider = (from: Int32Array): Int32Array => {
      const to = new Int32Array(capacity).fill(none);
      to.set(from);
      return to;
    };
    this.#keyA = wider(this.#keyA);
    this.#keyB = wider(this.#keyB);
    this.#slot = wider(this.#slot);
    this.#next = wider(this.#next);
    this.#sibling = wider(this.#sibling);
    this.#buckets = new Int32Array(powerOfTwo(capacity * 2)).fill(none);
    // Growth happens only with an empty free list, so entries 0..used-1 are all in use.
    for (let entry = 0; entry < this.#used; entry++) {
      const bucket = this.#bucketOf(this.#keyA[entry]!, this.#keyB[entry]!);
      this.#next[entry] = this.#buckets[bucket]!;
      this.#buckets[bucket] = entry;
    }
  }
}

function powerOfTwo(least: number): number {
  let size = 1;
  while (size < least) size *= 2;
  return size;
}
