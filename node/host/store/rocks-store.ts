/**
 * The store of a node on disk: RocksDB, the witness of what was acknowledged, and the store over both.
 * Owns: a folder and how its parts are opened and closed together. Does not own: the parts.
 *
 * The folder is locked by RocksDB while it is open. Defaults are small, because many nodes may share a process: about 1.5 MB
 * each when idle, at most twice the write buffer, the read cache and some table indexes more under load.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AcknowledgedFile } from '#node/host/store/acknowledged-file.ts';
import type { Engine } from '#node/host/store/engine.ts';
import { asStoreError, EngineStore } from '#node/host/store/engine-store.ts';
import { checkLogFiles } from '#node/host/store/log-frames.ts';
import { RocksEngine } from '#node/host/store/rocks-engine.ts';
import { type Store, StoreError } from '#node/host/store/store.ts';

export interface RocksStoreOptions {
  readonly writeBufferBytes?: number;
  readonly cacheBytes?: number;
  readonly blockCache?: boolean;
  /** Puts something between store and database; tests count, delay and fail there. */
  readonly around?: (engine: Engine) => Engine;
}

const mebibyte = 1_048_576;

/** Creates the folder when it is absent. Throws StoreError. */
export async function openRocksStore(folder: string, options: RocksStoreOptions = {}): Promise<Store> {
  const { writeBufferBytes = 2 * mebibyte, cacheBytes = 2 * mebibyte, blockCache = false, around } = options;
  let engine: Engine | null = null;
  let witness: AcknowledgedFile | null = null;
  try {
    mkdirSync(folder, { recursive: true });
    // A database that is gone while its witness is there was lost: a new one in its place would hide that.
    const mayCreate = !AcknowledgedFile.isIn(folder);
    checkLogFiles(folder);
    engine = await RocksEngine.open(folder, { mayCreate, writeBufferBytes, blockCache });
    witness = AcknowledgedFile.open(folder);
    removeOldDiaries(folder);
    if (around !== undefined) engine = around(engine);
    return await EngineStore.open(engine, { cacheBytes, witness });
  } catch (error) {
    witness?.close(false);
    await engine?.close().catch(() => undefined);
    throw error instanceof StoreError ? error : asStoreError(error);
  }
}

/** RocksDB leaves the diary of every life behind, up to a thousand of them. */
function removeOldDiaries(folder: string): void {
  for (const name of readdirSync(folder))
    if (name.startsWith('LOG.old.')) rmSync(path.join(folder, name), { force: true });
}
