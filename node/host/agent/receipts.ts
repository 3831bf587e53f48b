/**
 * Receipts of clients: which vertex carries the transactions of a submission now, however often they were issued again.
 * Owns: numbers, names, the bound. Does not own: finality (the host answers for the vertex).
 */

/** Receipts share the numbers of load items with the conductor's, far above them. */
const firstNumber = 2 ** 48;
const receiptsMost = 100_000;

export interface Receipt {
  readonly number: number;
  readonly name: string;
}

/** Invariant: at most `receiptsMost` entries, the oldest go first. */
export class Receipts {
  /** Null: not in a vertex yet. */
  readonly #vertexOf = new Map<number, string | null>();
  #next = firstNumber;

  open(): Receipt {
    const number = this.#next;
    this.#next += 1;
    this.#vertexOf.set(number, null);
    if (this.#vertexOf.size > receiptsMost) {
      const [oldest] = this.#vertexOf.keys();
      if (oldest !== undefined) this.#vertexOf.delete(oldest);
    }
    return { number, name: `r${(number - firstNumber).toString(36)}` };
  }

  drop(number: number): void {
    this.#vertexOf.delete(number);
  }

  /** Whether `item` is a receipt and no load item; then the vertex carries it from now on. */
  carried(item: number, vertexIdHex: string): boolean {
    if (item < firstNumber) return false;
    if (this.#vertexOf.has(item)) this.#vertexOf.set(item, vertexIdHex);
    return true;
  }

  /** Undefined for a receipt that is not known, or no longer. */
  vertexOf(name: string): string | null | undefined {
    const digits = /^r([0-9a-z]{1,10})$/.exec(name)?.[1];
    return digits === undefined ? undefined : this.#vertexOf.get(firstNumber + Number.parseInt(digits, 36));
  }
}
