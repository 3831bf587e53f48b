/**
 * RocksDB (rocksdb-native) as an engine.
 * Owns: its options, one read batch per tick, what `flush` means, translation of its errors. Does not own: groups, seals, cache.
 *
 * A write goes to the log in the page cache: a kill of the process loses nothing, a power cut may. The library has no synced
 * write, and its own flush writes a table; so `flush` syncs the log files, through descriptors of its own: a sync belongs
 * to the file, whoever wrote it. Recovery tolerates a torn last record and nothing else.
 */
import { open, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Engine } from '#node/host/store/engine.ts';
import { StoreError, type StoreOperation } from '#node/host/store/store.ts';

export interface RocksOptions {
  /** False: an absent database is an error. */
  readonly mayCreate: boolean;
  /** Of the table in memory that takes the writes; two of them at most. */
  readonly writeBufferBytes: number;
  /** RocksDB's own cache of up to 32 MB per database; without it blocks come from the page cache. */
  readonly blockCache: boolean;
}

const tolerateTornTail = 0;
const iteratorStep = 256;
const mostReads = 64;

interface ReadBatch {
  get(key: Uint8Array): Promise<Uint8Array | null>;
  tryFlush(): void;
}

interface WriteBatch {
  tryPut(key: Uint8Array, value: Uint8Array): void;
  tryDelete(key: Uint8Array): void;
  tryDeleteRange(from: Uint8Array, until: Uint8Array): void;
  flush(): Promise<void>;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface Entries extends AsyncIterable<Entry> {
  destroy(): void;
}

interface Database {
  ready(): Promise<void>;
  read(options: object): ReadBatch;
  write(options: object): WriteBatch;
  iterator(range: object, options: object): Entries;
  flush(): Promise<void>;
  compact(): Promise<void>;
  close(): Promise<void>;
}

const Rocks: new (folder: string, options: object) => Database = createRequire(import.meta.url)(
  'rocksdb-native',
);

export class RocksEngine implements Engine {
  readonly #database: Database;
  readonly #folder: string;
  readonly #ranges = new Set<Entries>();
  #reads: ReadBatch | null = null;
  #readCount = 0;

  private constructor(database: Database, folder: string) {
    this.#database = database;
    this.#folder = folder;
  }

  /** The folder exists. Throws StoreError. */
  static async open(folder: string, options: RocksOptions): Promise<RocksEngine> {
    const database = new Rocks(folder, {
      createIfMissing: options.mayCreate,
      writeBufferSize: options.writeBufferBytes,
      blockCache: options.blockCache,
      tableCacheIndexAndFilterBlocks: options.blockCache,
      walRecoveryMode: tolerateTornTail,
      maxBackgroundJobs: 2,
      maxOpenFiles: 64,
      maxFileOpeningThreads: 1,
      skipStatsUpdateOnOpen: true,
    });
    await translated(folder, () => database.ready());
    return new RocksEngine(database, folder);
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    return translated(this.#folder, () => {
      const reads = this.#reads ?? this.#beginReads();
      const value = reads.get(key);
      this.#readCount += 1;
      if (this.#readCount === mostReads) this.#endReads();
      return value;
    });
  }

  async *range(
    from: Uint8Array,
    until: Uint8Array,
  ): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    const entries = this.#database.iterator({ gte: from, lt: until }, { capacity: iteratorStep });
    this.#ranges.add(entries);
    try {
      for await (const { key, value } of entries) yield [key, value];
    } catch (error) {
      throw storeError(this.#folder, error);
    } finally {
      this.#ranges.delete(entries);
      entries.destroy();
    }
  }

  write(batch: readonly StoreOperation[]): Promise<void> {
    const writes = this.#database.write({ capacity: Math.max(8, batch.length), autoDestroy: true });
    for (const operation of batch) {
      switch (operation.kind) {
        case 'put':
          writes.tryPut(operation.key, operation.value);
          break;
        case 'delete':
          writes.tryDelete(operation.key);
          break;
        case 'delete-range':
          writes.tryDeleteRange(operation.from, operation.until);
      }
    }
    return translated(this.#folder, () => writes.flush());
  }

  async flush(): Promise<void> {
    const logs = (await readdir(this.#folder)).filter((name) => /^\d+\.log$/.test(name));
    for (const name of logs) await syncFile(path.join(this.#folder, name), 'r+');
    await syncFile(this.#folder, 'r');
  }

  settle(): Promise<void> {
    return translated(this.#folder, () => this.#database.flush());
  }

  compact(): Promise<void> {
    return translated(this.#folder, () => this.#database.compact());
  }

  /** Ends ranges under way: the library would wait for them. */
  async close(): Promise<void> {
    for (const entries of this.#ranges) entries.destroy();
    await translated(this.#folder, () => this.#database.close());
  }

  #beginReads(): ReadBatch {
    this.#reads = this.#database.read({ autoDestroy: true });
    queueMicrotask(() => this.#endReads());
    return this.#reads;
  }

  #endReads(): void {
    this.#reads?.tryFlush();
    this.#reads = null;
    this.#readCount = 0;
  }
}

/** A log that is gone was moved into a table, which RocksDB syncs itself. */
async function syncFile(name: string, flags: 'r' | 'r+'): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(name, flags);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  try {
    await (flags === 'r' ? file.sync() : file.datasync());
  } finally {
    await file.close();
  }
}

async function translated<Value>(folder: string, action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    throw storeError(folder, error);
  }
}

/** RocksDB tells its reasons in words only. */
const reasons: readonly (readonly [RegExp, StoreError['code'], string])[] = [
  [/lock hold by|while lock file/i, 'locked', 'another process, or this one, has it open: close that first'],
  [
    /no space left|space limit|file too large|quota/i,
    'full',
    'free space on the disk, then reopen the store',
  ],
  [/session is closed/i, 'closed', 'it is closed'],
  [
    /input\/output error|permission denied|too many open|cannot allocate|read-only file/i,
    'io',
    'check disk, rights and limits, then reopen the store',
  ],
];

export function storeError(folder: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const cause = rootOf(error);
  const found = reasons.find(([pattern]) => pattern.test(cause));
  const [, code, remedy] = found ?? [
    null,
    'corrupt' as const,
    'the database is damaged: restore the folder from a copy, or remove it and let the node fetch the state from its peers',
  ];
  return new StoreError(code, `${folder}: ${cause}: ${remedy}`, { cause: error });
}

/** The library wraps the reason of a failed batch. */
function rootOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? rootOf(error.cause) : error.message;
}
