/**
 * A Store over an engine: groups writes, caches reads, seals records, numbers batches, refuses after a failure.
 * Owns: those five. Does not own: the database (engine.ts), the layout of a record (sealed-record.ts), the witness file.
 *
 * Every batch carries a marker with its number, in one of 32,768 keys in turn. At opening the markers must be without a gap and
 * reach what the witness acknowledged: a table or an end of the log that the database lost without a word is seen.
 */
import type { Engine } from '#node/host/store/engine.ts';
import { ReadCache } from '#node/host/store/read-cache.ts';
import { seal, sealBytes, unseal } from '#node/host/store/sealed-record.ts';
import {
  checkBounds,
  checkKey,
  checkOperation,
  type Store,
  StoreError,
  type StoreFigures,
  type StoreOperation,
} from '#node/host/store/store.ts';
import type { Witness } from '#node/host/store/witness.ts';

const markers = 0x8000;
/** Markers of the log and of the tables before it must not overwrite each other: the log is settled four times a turn. */
const settleEvery = markers / 4;
const markerPrefix = Uint8Array.of(0xff, 0x01);
const afterMarkers = Uint8Array.of(0xff, 0x02);
/** Of one native batch: what waits beyond it goes into the next one. */
const mostGroupBytes = 4 * 1_048_576;

export interface EngineStoreOptions {
  /** Of the read cache; 0 = none. */
  readonly cacheBytes: number;
  readonly witness: Witness | null;
}

interface Group {
  readonly operations: StoreOperation[];
  bytes: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

interface Reading {
  readonly value: Promise<Uint8Array | null>;
  /** Its key was written meanwhile. */
  isStale: boolean;
}

export class EngineStore implements Store {
  readonly mayHaveLostTail: boolean;
  readonly #engine: Engine;
  readonly #witness: Witness | null;
  readonly #cache: ReadCache;
  readonly #figures = { reads: 0, cacheHits: 0, batches: 0, bytesWritten: 0, bytesRead: 0 };
  readonly #reading = new Map<string, Reading>();
  #groups: Group[] = [];
  #draining: Promise<void> | null = null;
  #flushing: Promise<void> | null = null;
  #nextFlush: Promise<void> | null = null;
  #lastBatch: number;
  #failed: StoreError | null = null;
  #closing: Promise<void> | null = null;

  private constructor(engine: Engine, options: EngineStoreOptions, lastBatch: number) {
    this.#engine = engine;
    this.#witness = options.witness;
    this.#cache = new ReadCache(options.cacheBytes);
    this.#lastBatch = lastBatch;
    this.mayHaveLostTail = options.witness?.lastLife?.isWhole === false;
  }

  /** Throws StoreError 'corrupt' when batches are missing. The engine and the witness stay the caller's until it returns. */
  static async open(engine: Engine, options: EngineStoreOptions): Promise<EngineStore> {
    const lastBatch = await lastMarker(engine);
    if (options.witness !== null) compareWithWitness(lastBatch, options.witness);
    options.witness?.begin(lastBatch);
    return new EngineStore(engine, options, lastBatch);
  }

  get figures(): StoreFigures {
    return this.#figures;
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    try {
      checkKey(key);
      this.#mustBeOpen();
    } catch (error) {
      return Promise.reject(error);
    }
    this.#figures.reads += 1;
    const name = nameOf(key);
    const held = this.#cache.get(name);
    if (held !== undefined) {
      this.#figures.cacheHits += 1;
      return Promise.resolve(held);
    }
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) return underWay.value;
    const reading: Reading = { value: this.#read(new Uint8Array(key), name, () => reading), isStale: false };
    this.#reading.set(name, reading);
    return reading.value;
  }

  async #read(key: Uint8Array, name: string, self: () => Reading): Promise<Uint8Array | null> {
    try {
      const record = await this.#engine.get(key);
      if (record === null) return null;
      this.#figures.bytesRead += record.length;
      const value = unseal(key, record);
      if (!self().isStale) this.#cache.set(name, value);
      return value;
    } finally {
      if (this.#reading.get(name) === self()) this.#reading.delete(name);
    }
  }

  async *range(
    from: Uint8Array,
    until: Uint8Array,
  ): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    checkBounds(from, until);
    this.#mustBeOpen();
    if (Buffer.compare(from, until) >= 0) return;
    try {
      for await (const [key, record] of this.#engine.range(from, until)) {
        this.#mustBeOpen();
        this.#figures.bytesRead += record.length;
        yield [key, unseal(key, record)];
      }
    } catch (error) {
      // An engine that is closed under a reader may say so in words of its own, or end its range early and silently.
      this.#mustBeOpen();
      throw error;
    }
    this.#mustBeOpen();
  }

  write(batch: readonly StoreOperation[]): Promise<void> {
    try {
      for (const operation of batch) checkOperation(operation);
      this.#mustBeOpen();
      if (this.#failed !== null) throw this.#failed;
    } catch (error) {
      return Promise.reject(error);
    }
    if (batch.length === 0) return Promise.resolve();
    const group = this.#gathering();
    for (const operation of batch) group.bytes += gather(group.operations, operation);
    this.#draining ??= this.#drain();
    return group.done;
  }

  async flush(): Promise<void> {
    this.#mustBeOpen();
    if (this.#failed !== null) throw this.#failed;
    // A flush that is under way may have passed what was acknowledged since: those who come meanwhile share the next one.
    if (this.#flushing === null) this.#flushing = this.#flush();
    else {
      this.#nextFlush ??= this.#flushing.then(
        () => this.#startNextFlush(),
        () => this.#startNextFlush(),
      );
      return this.#nextFlush;
    }
    return this.#flushing;
  }

  async compact(): Promise<void> {
    this.#mustBeOpen();
    if (this.#failed !== null) throw this.#failed;
    await this.#orFail(() => this.#engine.compact());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#draining;
    await this.#nextFlush?.catch(() => undefined);
    await this.#flushing?.catch(() => undefined);
    let isClean = this.#failed === null;
    try {
      if (isClean) await this.#engine.flush();
    } catch {
      isClean = false;
    }
    try {
      await this.#engine.close();
    } finally {
      this.#witness?.close(isClean);
    }
  }

  #startNextFlush(): Promise<void> {
    this.#nextFlush = null;
    this.#flushing = this.#flush();
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const batch = this.#lastBatch;
    try {
      if (this.#failed !== null) throw this.#failed;
      await this.#orFail(async () => {
        await this.#engine.flush();
        this.#witness?.flushed(batch);
      });
    } finally {
      this.#flushing = null;
    }
  }

  #gathering(): Group {
    const last = this.#groups.at(-1);
    if (last !== undefined && last.bytes < mostGroupBytes) return last;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const group: Group = { operations: [], bytes: 0, done: promise, resolve, reject };
    this.#groups.push(group);
    return group;
  }

  /** One batch at a time: what is written meanwhile gathers for the next one. */
  async #drain(): Promise<void> {
    await null; // so that the other writes of this tick join
    for (let group = this.#groups.shift(); group !== undefined; group = this.#groups.shift()) {
      const { operations, resolve, reject } = group;
      try {
        if (this.#failed !== null) throw this.#failed;
        const batch = this.#lastBatch + 1;
        operations.push(markerOf(batch));
        await this.#orFail(async () => {
          await this.#engine.write(operations);
          this.#lastBatch = batch;
          this.#witness?.acknowledge(batch);
        });
        this.#figures.batches += 1;
        this.#figures.bytesWritten += group.bytes;
        this.#remember(operations);
        resolve();
        if (batch % settleEvery === 0) await this.#orFail(() => this.#engine.settle());
      } catch (error) {
        reject(asStoreError(error));
      }
    }
    this.#draining = null;
  }

  /** Cache and reads under way learn what was acknowledged. */
  #remember(operations: readonly StoreOperation[]): void {
    for (const operation of operations) {
      switch (operation.kind) {
        case 'put':
          if (operation.key[0] === 0xff) break;
          this.#forgetReading(nameOf(operation.key));
          this.#cache.replace(nameOf(operation.key), unsealed(operation.value));
          break;
        case 'delete':
          this.#forgetReading(nameOf(operation.key));
          this.#cache.delete(nameOf(operation.key));
          break;
        case 'delete-range': {
          const [from, until] = [nameOf(operation.from), nameOf(operation.until)];
          for (const name of this.#reading.keys())
            if (name >= from && name < until) this.#forgetReading(name);
          this.#cache.deleteRange(from, until);
        }
      }
    }
  }

  /** Whoever asks from now on must not be answered by a read that began before. */
  #forgetReading(name: string): void {
    const reading = this.#reading.get(name);
    if (reading === undefined) return;
    reading.isStale = true;
    this.#reading.delete(name);
  }

  /** After a failed write or flush nobody knows what the disk holds: nothing more is written until the store is reopened. */
  async #orFail(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#failed ??= asStoreError(error);
      throw this.#failed;
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new StoreError('closed', 'the store is closed');
  }
}

export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  const message = error instanceof Error ? error.message : String(error);
  const remedy = isFull ? 'free space on the disk' : 'check the disk';
  return new StoreError(isFull ? 'full' : 'io', `${message}: ${remedy}, then reopen the store`, {
    cause: error,
  });
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

/** Adds a copy that the caller can no longer change, its value sealed; returns its bytes. */
function gather(operations: StoreOperation[], operation: StoreOperation): number {
  switch (operation.kind) {
    case 'put': {
      const value = seal(operation.key, operation.value);
      operations.push({ kind: 'put', key: new Uint8Array(operation.key), value });
      return operation.key.length + value.length;
    }
    case 'delete':
      operations.push({ kind: 'delete', key: new Uint8Array(operation.key) });
      return operation.key.length;
    case 'delete-range': {
      const { from, until } = operation;
      if (Buffer.compare(from, until) >= 0) return 0;
      operations.push({ kind: 'delete-range', from: new Uint8Array(from), until: new Uint8Array(until) });
      return from.length + until.length;
    }
  }
}

function markerOf(batch: number): StoreOperation {
  const slot = batch % markers;
  const key = Uint8Array.of(...markerPrefix, slot >>> 8, slot);
  const number = Buffer.alloc(6);
  number.writeUIntLE(batch, 0, 6);
  return { kind: 'put', key, value: seal(key, number) };
}

/** The number of the last batch; 0 in an empty database. Throws StoreError 'corrupt' when one before it is missing. */
async function lastMarker(engine: Engine): Promise<number> {
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  let last = 0;
  for await (const [key, record] of engine.range(markerPrefix, afterMarkers)) {
    const value = unseal(key, record);
    const batch = value.length === 6 && key.length === 4 ? Buffer.from(value).readUIntLE(0, 6) : -1;
    if (batch < 1 || batch % markers !== key[2]! * 256 + key[3]!)
      throw new StoreError('corrupt', `the marker of batch ${batch} is damaged. ${lossRemedy}`);
    count += 1;
    least = Math.min(least, batch);
    last = Math.max(last, batch);
  }
  if (count !== Math.min(last, markers) || (count > 0 && least !== Math.max(1, last - markers + 1)))
    throw new StoreError('corrupt', `batches before batch ${last} are missing. ${lossRemedy}`);
  return last;
}

const lossRemedy =
  'The database lost writes that it had acknowledged: restore the folder from a copy, or remove it and let the node fetch the ' +
  'state from its peers';

function compareWithWitness(lastBatch: number, { lastLife }: Witness): void {
  if (lastLife === null) {
    if (lastBatch > 0)
      throw new StoreError('corrupt', `the witness of ${lastBatch} batches is missing. ${lossRemedy}`);
    return;
  }
  const owed = lastLife.isWhole ? lastLife.acknowledged : lastLife.flushed;
  if (lastBatch < owed)
    throw new StoreError(
      'corrupt',
      `the last batch is ${lastBatch}, but ${owed} were acknowledged. ${lossRemedy}`,
    );
}

function unsealed(record: Uint8Array): Uint8Array {
  return record.subarray(sealBytes);
}
