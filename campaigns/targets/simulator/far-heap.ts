/**
 * Events beyond the horizon of a timing wheel: a binary heap over (tick, order of arrival) in typed arrays.
 * Owns: their order. Does not own: when they move into the wheel.
 */

const firstCapacity = 1024;

export class FarHeap {
  size = 0;
  #ticks = new Float64Array(firstCapacity);
  #order = new Float64Array(firstCapacity);
  #a = new Int32Array(firstCapacity);
  #b = new Int32Array(firstCapacity);
  #arrivals = 0;

  get least(): number {
    return this.#ticks[0]!;
  }

  get leastA(): number {
    return this.#a[0]!;
  }

  get leastB(): number {
    return this.#b[0]!;
  }

  push(tick: number, a: number, b: number): void {
    if (this.size === this.#ticks.length) this.#grow();
    const order = this.#arrivals++;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isBefore(parent, tick, order)) break;
      this.#copy(parent, at);
      at = parent;
    }
    this.#put(at, tick, order, a, b);
  }

  pop(): void {
    const last = --this.size;
    if (last === 0) return;
    const tick = this.#ticks[last]!;
    const order = this.#order[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, this.#ticks[child]!, this.#order[child]!)) child += 1;
      if (!this.#isBefore(child, tick, order)) break;
      this.#copy(child, at);
      at = child;
    }
    this.#put(at, tick, order, this.#a[last]!, this.#b[last]!);
  }

  #isBefore(at: number, tick: number, order: number): boolean {
    const other = this.#ticks[at]!;
    return other < tick || (other === tick && this.#order[at]! < order);
  }

  #put(at: number, tick: number, order: number, a: number, b: number): void {
    this.#ticks[at] = tick;
    this.#order[at] = order;
    this.#a[at] = a;
    this.#b[at] = b;
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#ticks[from]!, this.#order[from]!, this.#a[from]!, this.#b[from]!);
  }

  #grow(): void {
    const size = this.#ticks.length * 2;
    const doubles = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size);
      to.set(from);
      return to;
    };
    const words = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(size);
      to.set(from);
      return to;
    };
    this.#ticks = doubles(this.#ticks);
    this.#order = doubles(this.#order);
    this.#a = words(this.#a);
    this.#b = words(this.#b);
  }
}
