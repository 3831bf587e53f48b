/**
 * Numbers in the order of their last use; every operation takes the same time however many there are.
 * Owns: the order. Does not own: what the numbers stand for (peer-pool.ts).
 */

/** A map keeps the order of insertion: taking a key out and putting it in again moves it to the end. */
export class Recency {
  readonly #lastUsedUs = new Map<number, number>();

  get size(): number {
    return this.#lastUsedUs.size;
  }

  used(key: number, nowUs: number): void {
    this.#lastUsedUs.delete(key);
    this.#lastUsedUs.set(key, nowUs);
  }

  remove(key: number): void {
    this.#lastUsedUs.delete(key);
  }

  /** Longest unused first. */
  *oldest(): IterableIterator<{ readonly key: number; readonly lastUsedUs: number }> {
    for (const [key, lastUsedUs] of this.#lastUsedUs) yield { key, lastUsedUs };
  }
}
