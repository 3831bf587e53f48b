/**
 * An engine that fails, lies or stops where a test says so.
 * Owns: the faults. Does not own: the engine behind it.
 */
import type { Engine } from '#node/host/store/engine.ts';
import { StoreError, type StoreErrorCode, type StoreOperation } from '#node/host/store/store.ts';

export interface Faults {
  /** Every write and flush fails with it. */
  failure: StoreErrorCode | null;
  /** Changes what a read hands out. */
  onRead: ((record: Uint8Array) => Uint8Array) | null;
  /** A point that the crash tests number: before a batch and after it. */
  onPoint: ((when: 'before' | 'after') => void) | null;
  /** Acknowledges batches and forgets them. */
  isLying: boolean;
}

export function noFaults(): Faults {
  return { failure: null, onRead: null, onPoint: null, isLying: false };
}

export class FaultyEngine implements Engine {
  readonly #engine: Engine;
  readonly #faults: Faults;

  constructor(engine: Engine, faults: Faults) {
    this.#engine = engine;
    this.#faults = faults;
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    const record = await this.#engine.get(key);
    const { onRead } = this.#faults;
    return record === null || onRead === null ? record : onRead(record);
  }

  async *range(from: Uint8Array, until: Uint8Array): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    for await (const [key, record] of this.#engine.range(from, until))
      yield [key, this.#faults.onRead?.(record) ?? record];
  }

  async write(batch: readonly StoreOperation[]): Promise<void> {
    this.#orFail();
    this.#faults.onPoint?.('before');
    if (!this.#faults.isLying) await this.#engine.write(batch);
    this.#faults.onPoint?.('after');
  }

  async flush(): Promise<void> {
    this.#orFail();
    await this.#engine.flush();
  }

  settle(): Promise<void> {
    return this.#engine.settle();
  }

  compact(): Promise<void> {
    return this.#engine.compact();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #orFail(): void {
    if (this.#faults.failure !== null) throw new StoreError(this.#faults.failure, 'a planted failure');
  }
}
