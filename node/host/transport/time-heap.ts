/**
 * What is due, the soonest first; equal times in the order of their arrival.
 * Owns: the order. Does not own: timers (delay-queue.ts).
 */

interface Entry<T> {
  readonly atUs: number;
  readonly sequence: number;
  readonly value: T;
}

function isSooner<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.sequence < b.sequence);
}

/** Binary heap; invariant: no entry is sooner than its parent. */
export class TimeHeap<T> {
  readonly #heap: Entry<T>[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Additions so far. */
  get added(): number {
    return this.#sequence;
  }

  get first(): Entry<T> | undefined {
    return this.#heap[0];
  }

  add(atUs: number, value: T): void {
    const heap = this.#heap;
    const entry = { atUs, sequence: this.#sequence++, value };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isSooner(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isSooner(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isSooner(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  clear(): void {
    this.#heap.length = 0;
  }
}
