/**
 * A store in memory, for tests on virtual time and as the second reading of the contract.
 * Owns: the disk that outlives a store (records, capacity, what a power cut takes), order of keys.
 * Does not own: the layout of a record (sealed-record.ts).
 */
import { seal, unseal } from '#node/host/store/sealed-record.ts';
import {
  checkBounds,
  checkKey,
  checkOperation,
  type Store,
  StoreError,
  type StoreErrorCode,
  type StoreFigures,
  type StoreOperation,
} from '#node/host/store/store.ts';

interface Undo {
  readonly name: string;
  readonly before: Uint8Array | undefined;
}

/** What stays when a store over it is closed or forgotten. One store at a time may be open over it. */
export class MemoryDisk {
  /** Sealed records by key, each byte of the key a character. */
  readonly records = new Map<string, Uint8Array>();
  /** Of all records, with their keys. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Every write fails with this from now on. */
  fault: 'full' | 'io' | null = null;
  usedBytes = 0;
  isLocked = false;
  lostTail = false;
  /** Newest last. */
  #undo: Undo[] = [];

  put(name: string, record: Uint8Array | null): void {
    const before = this.records.get(name);
    this.#undo.push({ name, before });
    this.#replace(name, record ?? undefined);
  }

  flushed(): void {
    this.#undo = [];
    this.lostTail = false;
  }

  /** The process is gone: its lock with it. */
  crash(): void {
    this.isLocked = false;
  }

  /** The machine is gone: so is everything since the last flush. */
  powerCut(): void {
    this.lostTail = this.#undo.length > 0;
    for (const { name, before } of this.#undo.toReversed()) this.#replace(name, before);
    this.#undo = [];
    this.crash();
  }

  #replace(name: string, record: Uint8Array | undefined): void {
    const before = this.records.get(name);
    if (before !== undefined) this.usedBytes -= name.length + before.length;
    if (record === undefined) this.records.delete(name);
    else {
      this.records.set(name, record);
      this.usedBytes += name.length + record.length;
    }
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  readonly #figures = { reads: 0, cacheHits: 0, batches: 0, bytesWritten: 0, bytesRead: 0 };
  readonly mayHaveLostTail: boolean;
  #isClosed = false;
  #failed: StoreError | null = null;
  /** Ascending; null when a key came or went. */
  #names: string[] | null = null;

  /** Throws StoreError 'locked' while another store is open over the disk. */
  constructor(disk = new MemoryDisk()) {
    if (disk.isLocked) throw new StoreError('locked', 'another store is open over this disk: close it first');
    disk.isLocked = true;
    this.#disk = disk;
    this.mayHaveLostTail = disk.lostTail;
    disk.lostTail = false;
  }

  get figures(): StoreFigures {
    return this.#figures;
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    checkKey(key);
    this.#mustBeOpen();
    this.#figures.reads += 1;
    const record = this.#disk.records.get(nameOf(key));
    if (record === undefined) return null;
    this.#figures.bytesRead += record.length;
    return unseal(key, record);
  }

  async *range(
    from: Uint8Array,
    until: Uint8Array,
  ): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    checkBounds(from, until);
    this.#mustBeOpen();
    const found = this.#namesIn(from, until).map((name) => [name, this.#disk.records.get(name)!] as const);
    for (const [name, record] of found) {
      this.#mustBeOpen();
      this.#figures.bytesRead += record.length;
      const key = new Uint8Array(Buffer.from(name, 'latin1'));
      yield [key, unseal(key, record)];
    }
    this.#mustBeOpen();
  }

  async write(batch: readonly StoreOperation[]): Promise<void> {
    for (const operation of batch) checkOperation(operation);
    this.#mustBeOpen();
    if (this.#failed !== null) throw this.#failed;
    if (batch.length === 0) return;
    if (this.#disk.fault !== null) this.#fail(this.#disk.fault);
    const changes = this.#changes(batch);
    let bytes = this.#disk.usedBytes;
    for (const [name, record] of changes) {
      const before = this.#disk.records.get(name);
      if (before !== undefined) bytes -= name.length + before.length;
      if (record !== null) bytes += name.length + record.length;
    }
    if (bytes > this.#disk.capacityBytes) this.#fail('full');
    for (const [name, record] of changes) {
      if (this.#disk.records.has(name) !== (record !== null)) this.#names = null;
      this.#disk.put(name, record);
      this.#figures.bytesWritten += name.length + (record?.length ?? 0);
    }
    this.#figures.batches += 1;
  }

  async flush(): Promise<void> {
    this.#mustBeOpen();
    if (this.#failed !== null) throw this.#failed;
    this.#disk.flushed();
  }

  async compact(): Promise<void> {
    this.#mustBeOpen();
    if (this.#failed !== null) throw this.#failed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#disk.flushed();
    this.#disk.isLocked = false;
  }

  /** The last word on every key that the batch touches. */
  #changes(batch: readonly StoreOperation[]): Map<string, Uint8Array | null> {
    const changes = new Map<string, Uint8Array | null>();
    for (const operation of batch) {
      switch (operation.kind) {
        case 'put':
          changes.set(nameOf(operation.key), seal(operation.key, operation.value));
          break;
        case 'delete':
          changes.set(nameOf(operation.key), null);
          break;
        case 'delete-range': {
          const [from, until] = [nameOf(operation.from), nameOf(operation.until)];
          for (const name of changes.keys()) if (name >= from && name < until) changes.set(name, null);
          for (const name of this.#namesIn(operation.from, operation.until)) changes.set(name, null);
        }
      }
    }
    return changes;
  }

  #namesIn(from: Uint8Array, until: Uint8Array): string[] {
    this.#names ??= [...this.#disk.records.keys()].sort();
    const first = placeOf(this.#names, nameOf(from));
    return this.#names.slice(first, Math.max(first, placeOf(this.#names, nameOf(until))));
  }

  #fail(code: StoreErrorCode & ('full' | 'io')): never {
    const what = code === 'full' ? 'the disk is full: free space' : 'the disk failed: replace it';
    this.#failed = new StoreError(code, `${what}, then reopen the store`);
    throw this.#failed;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed');
  }
}

/** Index of the first name that is not below `name`. */
function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
