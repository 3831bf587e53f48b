/**
 * Memory pressure: bytes that the process holds and does not need.
 * Owns: holding them resident. Does not own: how much (fault-board.ts).
 */

const blockBytes = 16 * 1_048_576;

export class Ballast {
  #blocks: Buffer[] = [];

  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** Filled with ones: memory that was never written is not resident. */
  hold(bytes: number): void {
    if (bytes === this.bytes) return;
    this.#blocks = [];
    for (let left = bytes; left > 0; left -= blockBytes) {
      this.#blocks.push(Buffer.alloc(Math.min(left, blockBytes), 1));
    }
  }
}
