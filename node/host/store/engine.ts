/**
 * What a store asks of a database library, and nothing more: bytes in, bytes out, atomic batches.
 * Owns: the interface between engine-store.ts and a library's adapter (rocks-engine.ts).
 * An adapter translates the library's errors into StoreError and keeps no state of its own.
 */
import type { StoreOperation } from '#node/host/store/store.ts';

export interface Engine {
  get(key: Uint8Array): Promise<Uint8Array | null>;
  range(from: Uint8Array, until: Uint8Array): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Whole or absent; resolves when a crash of this process can no longer lose it. Called again only when it has resolved. */
  write(batch: readonly StoreOperation[]): Promise<void>;
  /** Resolves when a power cut can no longer lose what was written. */
  flush(): Promise<void>;
  /** Moves what is only in the log into tables, so that the log can be cut. */
  settle(): Promise<void>;
  compact(): Promise<void>;
  close(): Promise<void>;
}
