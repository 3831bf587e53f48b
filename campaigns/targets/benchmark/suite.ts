/**
 * The benchmark of a campaign: its jobs, and every figure they measure (SPEC 4, PR-001: vertex creation, graph, consensus, storage, hashing).
 * Owns: both lists. Does not own: measurements (the job files, loaded only where they run), processes (job-process.ts), other figures
 * (test/bench measures these and more).
 */
import { type BenchmarkGroup, benchmarkGroups } from '#campaigns/results/benchmark-record.ts';
import type { JobResult } from './job-result.ts';
import type { Efforts } from './sampling.ts';

export interface SuiteFigure {
  /** group.name */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

function figure(
  id: string,
  unit: string,
  title: string,
  better: SuiteFigure['better'] = 'lower',
): SuiteFigure {
  return { id, title, unit, better };
}

export const suiteFigures: readonly SuiteFigure[] = [
  figure('vertex.create-genesis', 'ns', 'create: genesis'),
  figure('vertex.create-parents', 'ns', 'create: 4 parents, one transaction of 100 B with one input'),
  figure('vertex.create-10k', 'ns', 'create: 2 parents, one transaction of 10 KB'),
  figure('graph.add-100', 'us', 'add 100 vertices of 2 parents to a new table'),
  figure('graph.add-1000', 'us', 'add 1,000 vertices of 2 parents to a new table'),
  figure('graph.get', 'ns', 'get: find by creator and sequence among 1,000, read its facts'),
  figure('graph.children', 'ns', 'children of a vertex (2 on average)'),
  figure('graph.parents', 'ns', 'parents of a vertex (2)'),
  figure('graph.topological-100', 'us', 'topological order of 100 vertices'),
  figure('graph.topological-1000', 'us', 'topological order of 1,000 vertices'),
  figure(
    'consensus.one-vertex',
    'CPU ms',
    'one vertex through the whole network, 150 nodes, 30/24/20, in memory',
  ),
  figure('consensus.ten-vertices', 'CPU ms', 'ten vertices together, the same network'),
  figure('storage.put', 'CPU us', 'awaited write of one record of 1 KB, checksum and witness included'),
  figure('storage.batch', 'CPU us', 'the same in batches of 100, per record'),
  figure('storage.get', 'CPU us', 'awaited read of one of 20,000 records, mostly not cached'),
  figure('storage.get-cached', 'ns', 'awaited read from the cache'),
  figure('hashing.100', 'ns', 'BLAKE3 of 100 B'),
  figure('hashing.1k', 'ns', 'BLAKE3 of 1 KB'),
  figure('hashing.10k', 'ns', 'BLAKE3 of 10 KB'),
  figure('hashing.bulk', 'GB/s', 'BLAKE3 of 1 MiB', 'higher'),
];

/** Throws RangeError for a figure that is not of the suite. */
export function suiteFigure(id: string): SuiteFigure {
  const found = suiteFigures.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`${id} is no figure of the benchmark`);
  return found;
}

/** Of a figure or a job. */
export function groupOf(id: string): BenchmarkGroup {
  const found = benchmarkGroups.find((group) => id === group || id.startsWith(`${group}.`));
  if (found === undefined) throw new RangeError(`${id} belongs to no group`);
  return found;
}

export interface SuiteJob {
  readonly name: string;
  /** Engine flags beside those of a campaign. */
  readonly flags: readonly string[];
  readonly run: (efforts: Efforts) => Promise<JobResult>;
}

/** In turn, each in a fresh process: a repetition is one round, so that a slow moment of the machine hits one figure of one round. */
export const suiteJobs: readonly SuiteJob[] = [
  {
    name: 'vertex',
    flags: [],
    run: async (efforts) => (await import('./vertex-job.ts')).measureVertices(efforts),
  },
  {
    name: 'graph',
    // New tables are garbage at once: other threads would collect it, uncounted and whenever a core is free for them.
    flags: ['--single-threaded-gc'],
    run: async (efforts) => (await import('./graph-job.ts')).measureGraph(efforts),
  },
  {
    name: 'consensus.one-vertex',
    flags: [],
    run: async (efforts) =>
      (await import('./network-job.ts')).measureDecision('consensus.one-vertex', 1, efforts),
  },
  {
    name: 'consensus.ten-vertices',
    flags: [],
    run: async (efforts) =>
      (await import('./network-job.ts')).measureDecision('consensus.ten-vertices', 10, efforts),
  },
  {
    name: 'storage',
    flags: [],
    run: async (efforts) => (await import('./storage-job.ts')).measureStore(efforts),
  },
  {
    name: 'hashing',
    flags: [],
    run: async (efforts) => (await import('./hashing-job.ts')).measureHashing(efforts),
  },
];

/** Throws RangeError for a job that is not of the suite. */
export function suiteJob(name: string): SuiteJob {
  const found = suiteJobs.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`${name} is no job of the benchmark`);
  return found;
}

/** Loads every job's module, so that a process of its own can fill the compile cache. */
export async function loadSuite(): Promise<void> {
  await Promise.all([
    import('./network-job.ts'),
    import('./graph-job.ts'),
    import('./vertex-job.ts'),
    import('./hashing-job.ts'),
    import('./storage-job.ts'),
  ]);
}
