/**
 * Own sequence numbers, none of which is ever used for two vertices, whatever the machine does between.
 * Owns: blocks reserved on disk, which number comes next after a start. Does not own: the vertices (archive.ts).
 *
 * A block is synced before its first number is given out. After a kill of the process the stored vertices say how far the node
 * came, and no number is skipped. After a power cut they may not: then the whole reserved block is skipped.
 */
import { ArchiveError } from '#node/host/store/archive-error.ts';
import { decodeSequences, encodeSequences, sequencesKey } from '#node/host/store/archive-records.ts';
import type { Store } from '#node/host/store/store.ts';

const block = 256;
const mostSequence = 0x7fff_ffff;

export class OwnSequences {
  readonly #store: Store;
  #next: number;
  /** Durable. */
  #reserved: number;
  #reserving: Promise<void> | null = null;

  private constructor(store: Store, next: number, reserved: number) {
    this.#store = store;
    this.#next = next;
    this.#reserved = reserved;
  }

  /** `last`: highest own sequence that is stored. */
  static async open(store: Store, last: number): Promise<OwnSequences> {
    const bytes = await store.get(sequencesKey);
    const reserved = bytes === null ? 0 : decodeSequences(bytes);
    const next = (store.mayHaveLostTail ? Math.max(last, reserved) : last) + 1;
    const sequences = new OwnSequences(store, next, reserved);
    await sequences.reserve();
    return sequences;
  }

  get left(): number {
    return Math.max(0, this.#reserved - this.#next + 1);
  }

  next(): number {
    if (this.left < block / 2) this.reserve().catch(() => undefined); // whoever commits next learns why
    if (this.left === 0)
      throw new ArchiveError('no-sequence', 'no own sequence is reserved yet: wait for reserve()');
    this.#next += 1;
    return this.#next - 1;
  }

  /** Resolves when at least half a block is there. */
  reserve(): Promise<void> {
    if (this.left >= block / 2) return Promise.resolve();
    this.#reserving ??= this.#reserveBlock().finally(() => {
      this.#reserving = null;
    });
    return this.#reserving;
  }

  async skip(upTo: number): Promise<void> {
    this.#next = Math.max(this.#next, upTo + 1);
    await this.reserve();
    // A block that was being reserved meanwhile may end before the new number.
    await this.reserve();
  }

  async #reserveBlock(): Promise<void> {
    const reserved = Math.min(mostSequence, this.#next - 1 + block);
    await this.#store.write([{ kind: 'put', key: sequencesKey, value: encodeSequences(reserved) }]);
    await this.#store.flush();
    this.#reserved = Math.max(this.#reserved, reserved);
  }
}
