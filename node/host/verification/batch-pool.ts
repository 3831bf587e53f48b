/**
 * Memory of batches that were answered and forgotten, for the next ones.
 * Owns: the spare arrays. Does not own: who gives one back (verification-pipeline.ts).
 *
 * New memory costs more than all copying into it: the system hands it out page by page, each at the price of a fault.
 */

const leastBytes = 4_096;
/** Of one size: what the threads may hold at once, and some. */
const mostSpare = 8;

export class BatchPool {
  /** By their size, which is a power of two. */
  readonly #spare = new Map<number, ArrayBuffer[]>();

  /** The first `bytes` of an array of its own. What is in it is of an earlier batch. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    let size = leastBytes;
    while (size < bytes) size *= 2;
    const buffer = this.#spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size).buffer;
    return new Uint8Array(buffer, 0, bytes);
  }

  /** `buffer` came from `take` and nobody uses it any more. */
  giveBack(buffer: ArrayBuffer): void {
    const spare = this.#spare.get(buffer.byteLength);
    if (spare === undefined) this.#spare.set(buffer.byteLength, [buffer]);
    else if (spare.length < mostSpare) spare.push(buffer);
  }
}
