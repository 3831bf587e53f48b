/**
 * What the node needs of its disk: an ordered map of bytes with atomic batches.
 * Owns: the interface and its errors. Does not own: any implementation, or what the keys mean (archive.ts).
 *
 * Contract, checked on every implementation by one suite: a batch is whole or absent; what `write` acknowledged survives
 * kill -9; what `flush` acknowledged survives a power cut; a flipped or cut-off byte is a StoreError 'corrupt', never a wrong
 * value; after a 'full' or 'io' error nothing is half written and the store says so until it is reopened; it still reads.
 */

/** A later operation of a batch wins over an earlier one. `delete-range` deletes the keys in [from, until). */
export type StoreOperation =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'delete-range'; readonly from: Uint8Array; readonly until: Uint8Array };

export type StoreErrorCode = 'corrupt' | 'full' | 'io' | 'closed' | 'locked';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface StoreFigures {
  readonly reads: number;
  readonly cacheHits: number;
  /** Native batches: writes of one tick, and writes that arrive while a batch is under way, share one. */
  readonly batches: number;
  readonly bytesWritten: number;
  readonly bytesRead: number;
}

/** Keys have 1 to 255 bytes, and the first one is below 0xff. Others are a RangeError. */
export const mostKeyBytes = 255;
export const mostValueBytes = 64 * 1_048_576;
/** After every key: the end of a range over everything. */
export const afterEveryKey: Uint8Array = Uint8Array.of(0xff);

/** Values that come out may be shared with the cache: nobody changes them. Values that go in may be changed after the call. */
export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | null>;
  /** Keys in [from, until), ascending as bytes, as they stood at the first step. Ending the loop early frees it. */
  range(from: Uint8Array, until: Uint8Array): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /** Resolves when a crash of this process can no longer lose it. Batches take effect in the order of the calls. */
  write(batch: readonly StoreOperation[]): Promise<void>;
  /** Resolves when a power cut can no longer lose what was acknowledged. */
  flush(): Promise<void>;
  compact(): Promise<void>;
  /** Writes what is under way, then frees everything. A second call does nothing. */
  close(): Promise<void>;
  /**
   * At opening: the machine went down without a clean close, so that writes which were acknowledged after the last flush may
   * be gone. False promises that nothing acknowledged is missing.
   */
  readonly mayHaveLostTail: boolean;
  readonly figures: StoreFigures;
}

/** Throws RangeError. */
export function checkKey(key: Uint8Array): void {
  if (key.length === 0 || key.length > mostKeyBytes)
    throw new RangeError(`a key of ${key.length} bytes: 1 to ${mostKeyBytes} are allowed`);
  if (key[0] === 0xff) throw new RangeError('a key that begins with 0xff: those belong to the store');
}

/** Throws RangeError. */
export function checkOperation(operation: StoreOperation): void {
  switch (operation.kind) {
    case 'put':
      checkKey(operation.key);
      if (operation.value.length > mostValueBytes)
        throw new RangeError(`a value of ${operation.value.length} bytes, at most ${mostValueBytes}`);
      return;
    case 'delete':
      checkKey(operation.key);
      return;
    case 'delete-range':
      checkBounds(operation.from, operation.until);
  }
}

/** Bounds of a range: keys, or `afterEveryKey`. Throws RangeError. */
export function checkBounds(from: Uint8Array, until: Uint8Array): void {
  for (const bound of [from, until])
    if (bound.length === 0 || bound.length > mostKeyBytes || (bound[0] === 0xff && bound.length > 1))
      throw new RangeError('a bound of a range that is neither a key nor the end of all keys');
}
