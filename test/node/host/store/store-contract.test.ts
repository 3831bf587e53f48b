/** One contract over all stores: RocksDB, memory, and LevelDB behind the same engine store. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Engine } from '#node/host/store/engine.ts';
import { EngineStore } from '#node/host/store/engine-store.ts';
import { MemoryDisk, MemoryStore } from '#node/host/store/memory-store.ts';
import { openRocksStore, type RocksStoreOptions } from '#node/host/store/rocks-store.ts';
import { seal } from '#node/host/store/sealed-record.ts';
import { StoreError } from '#node/host/store/store.ts';
import { type Faults, FaultyEngine, noFaults } from './faulty-engine.ts';
import { LevelEngine } from './level-engine.ts';
import { checkHonesty, type Harness, storeContract } from './store-contract.ts';

function flipped(record: Uint8Array): Uint8Array {
  const copy = record.slice();
  copy[copy.length - 1]! ^= 1;
  return copy;
}

function faulty(open: (folder: string, around: (engine: Engine) => Engine) => ReturnType<Harness['open']>) {
  return async (): Promise<Harness> => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'store-'));
    const faults: Faults = noFaults();
    return {
      open: () => open(folder, (engine) => new FaultyEngine(engine, faults)),
      damage: () => {
        faults.onRead = flipped;
      },
      fail: (code) => {
        faults.failure = code;
      },
      repair: () => {
        faults.failure = null;
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  };
}

const rocks = (options: RocksStoreOptions) =>
  faulty((folder, around) => openRocksStore(folder, { ...options, around }));

const level = faulty(async (folder, around) => {
  try {
    const engine = await LevelEngine.open(folder);
    return await EngineStore.open(around(engine), { cacheBytes: 10_000, witness: null });
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError('locked', String(error));
  }
});

async function memory(): Promise<Harness> {
  const disk = new MemoryDisk();
  return {
    open: async () => new MemoryStore(disk),
    damage: () => {
      for (const [name, record] of disk.records) disk.records.set(name, flipped(record));
    },
    fail: (code) => {
      if (code === 'full') disk.capacityBytes = disk.usedBytes;
      else disk.fault = code;
    },
    repair: () => {
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      disk.fault = null;
    },
    remove: async () => {},
  };
}

storeContract('RocksDB', rocks({}), 12);
storeContract('RocksDB without cache', rocks({ cacheBytes: 0 }), 4);
storeContract('memory', memory, 100);
storeContract('LevelDB', level, 12);

test('planted: a store that does not check its checksums hands out a wrong byte', async () => {
  const unchecked = faulty(async (folder, around) => {
    const store = await openRocksStore(folder, {
      cacheBytes: 0,
      around: (engine) => new ResealingEngine(around(engine)),
    });
    return store;
  });
  await assert.rejects(checkHonesty(unchecked), assert.AssertionError);
});

/** Seals anew what it reads: the same as never looking at the checksum. */
class ResealingEngine extends FaultyEngine {
  constructor(engine: Engine) {
    super(engine, noFaults());
  }

  override async get(key: Uint8Array): Promise<Uint8Array | null> {
    const record = await super.get(key);
    return record === null ? null : seal(key, record.subarray(9));
  }

  override async *range(
    from: Uint8Array,
    until: Uint8Array,
  ): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    const isMarker = from[0] === 0xff;
    for await (const [key, record] of super.range(from, until)) {
      if (isMarker) record[record.length - 1]! ^= 1;
      yield [key, seal(key, record.subarray(9))];
    }
  }
}
