/**
 * Figures of the store as the node opens it, beside the bare library: 1 KB values, 33-byte keys in random order.
 * Owns: the operations, sampling of asynchronous ones (CPU of all threads of the process). Does not own: the store.
 * The limit is the same library with the same options, driven directly: what is above it is grouping, sealing, the witness, the cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RocksEngine } from '#node/host/store/rocks-engine.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import type { Store, StoreOperation } from '#node/host/store/store.ts';
import type { JobResult } from './job-result.ts';
import { type Effort, type Efforts, keep } from './sampling.ts';

type Loop = (times: number) => Promise<void>;

const valueBytes = 1_024;
const records = 20_000;
const together = 100;
const hot = 500;
const storeOptions = { cacheBytes: 4 * hot * valueBytes };

interface Writable {
  write(batch: readonly StoreOperation[]): Promise<void>;
}

function processCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function usPer(loop: Loop, times: number): Promise<number> {
  const from = processCpuUs();
  await loop(times);
  return (processCpuUs() - from) / times;
}

/** CPU microseconds per operation of each loop, in turn. */
async function sampleUs(
  effort: Effort,
  loops: Readonly<Record<string, Loop>>,
): Promise<Record<string, number[]>> {
  const counts = new Map<string, number>();
  for (const [name, loop] of Object.entries(loops)) {
    let times = 1;
    for (let spentMs = 0; ; times *= 2) {
      const tookMs = ((await usPer(loop, times)) * times) / 1_000;
      spentMs += tookMs;
      if (spentMs >= effort.warmupMs && tookMs >= effort.sampleMs) break;
    }
    counts.set(name, times);
  }
  const samples: Record<string, number[]> = {};
  for (let sample = 0; sample < effort.samples; sample++)
    for (const [name, loop] of Object.entries(loops))
      samples[name] = [...(samples[name] ?? []), await usPer(loop, counts.get(name)!)];
  return samples;
}

function keyOf(i: number): Uint8Array {
  const key = new Uint8Array(33).fill(7);
  // An odd factor visits every number below 2^32 once.
  const word = Math.imul(i % records, 0x9e37_79b1) >>> 0;
  for (let at = 0; at < 4; at++) key[at + 1] = word >>> (8 * at);
  return key;
}

const value = new Uint8Array(valueBytes).fill(3);

function put(i: number): StoreOperation {
  value[i % valueBytes] = i;
  return { kind: 'put', key: keyOf(i), value };
}

/** One write after the other, and batches of a hundred; times count records. */
function writing(target: Writable): {
  one: Loop;
  batch: Loop;
} {
  let next = 0;
  return {
    one: async (times) => {
      for (let i = 0; i < times; i++) await target.write([put(next++)]);
    },
    batch: async (times) => {
      for (let i = 0; i < times; i += together)
        await target.write(Array.from({ length: Math.min(together, times - i) }, () => put(next++)));
    },
  };
}

function reading(
  target: { get(key: Uint8Array): Promise<Uint8Array | null> },
  among: number,
  step: number,
): Loop {
  const keys = Array.from({ length: among }, (_, i) => keyOf(i));
  let next = 0;
  return async (times) => {
    for (let i = 0; i < times; i++) {
      next = (next + step) % among;
      keep((await target.get(keys[next]!))?.length ?? 0);
    }
  };
}

/** The store alone: what a campaign holds against its baseline. Waiting for the disk is most of its time, so nothing else is measured. */
export async function measureStore({ loop }: Efforts): Promise<JobResult> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-store-'));
  try {
    const store = await openRocksStore(path.join(root, 'store'), storeOptions);
    await fill(store);
    const { one, batch } = writing(store);
    const samples = await sampleUs(loop, {
      'storage.put': one,
      'storage.batch': batch,
      'storage.get': reading(store, records, 7_919),
    });
    const { samples: cached, facts } = await sampleCached(store, loop);
    await store.close();
    return { samples: { ...samples, ...cached }, facts };
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function fill(target: Writable): Promise<void> {
  for (let i = 0; i < records; i += together)
    await target.write(Array.from({ length: together }, (_, j) => put(i + j)));
}

async function sampleCached(store: Store, loop: Effort): Promise<JobResult> {
  const again = reading(store, hot, 1);
  // Once each before anything counts: how many reads a sample holds depends on the machine, and the first of a key is a miss.
  await again(hot);
  const before = store.figures;
  const [reads, hits] = [before.reads, before.cacheHits];
  const cached = (await sampleUs(loop, { cached: again }))['cached']!;
  const cacheHitShare = (store.figures.cacheHits - hits) / (store.figures.reads - reads);
  return { samples: { 'storage.get-cached': cached.map((us) => us * 1_000) }, facts: { cacheHitShare } };
}

/** The store and, in turn with it, the bare library; what opening it again takes. */
export async function measureStorage({ loop }: Efforts): Promise<JobResult> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'bench-store-'));
  const folder = path.join(root, 'store');
  try {
    const options = { mayCreate: true, writeBufferBytes: 2 * 1_048_576, blockCache: false };
    const engine = await RocksEngine.open(mkdtempSync(path.join(root, 'bare-')), options);
    let store = await openRocksStore(folder, storeOptions);
    await fill(store);
    await fill(engine);
    const [ours, bare] = [writing(store), writing(engine)];
    const samples = await sampleUs(loop, {
      'storage.put': ours.one,
      'storage.limit-put': bare.one,
      'storage.batch': ours.batch,
      'storage.limit-batch': bare.batch,
      'storage.get': reading(store, records, 7_919),
      'storage.limit-get': reading(engine, records, 7_919),
    });
    const { samples: cached, facts } = await sampleCached(store, loop);
    const reopened: number[] = [];
    for (let sample = 0; sample < loop.samples; sample++) {
      await store.close();
      const from = performance.now();
      store = await openRocksStore(folder);
      reopened.push(performance.now() - from);
    }
    await store.close();
    await engine.close();
    return {
      samples: {
        ...samples,
        ...cached,
        'storage.reopen': reopened,
        ...ratios(samples),
      },
      facts,
    };
  } finally {
    rmSync(root, { recursive: true });
  }
}

function ratios(samples: Readonly<Record<string, readonly number[]>>): Record<string, number[]> {
  const of = (name: string) =>
    samples[`storage.${name}`]!.map((us, i) => us / samples[`storage.limit-${name}`]![i]!);
  return {
    'storage.ratio-put': of('put'),
    'storage.ratio-batch': of('batch'),
    'storage.ratio-get': of('get'),
  };
}
