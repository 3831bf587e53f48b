/**
 * What runs in one fresh process: the figures it measures and the function that measures them.
 * Owns: the list of jobs. Does not own: processes (runner.ts), the measurements (network-job.ts, graph-job.ts,
 * vertex-job.ts, hashing-job.ts), which are loaded only where they run.
 */

import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import type { Efforts } from '#campaigns/targets/benchmark/sampling.ts';
import { loadSuite, suiteJob } from '#campaigns/targets/benchmark/suite.ts';
import {
  figures,
  type Group,
  growthLoads,
  growthNodes,
  type LiveNetwork,
  liveNetworks,
  stackClouds,
} from './figures.ts';

export interface Job {
  readonly name: string;
  readonly group: Group;
  /** Takes seconds even when little is measured: left out of a quick run. */
  readonly isHeavy: boolean;
  /** Runs only when it is named ('named'), or named with `--large` as well ('large'). */
  readonly onlyWhen?: 'named' | 'large';
  /** Engine flags beside those of a campaign. */
  readonly flags: readonly string[];
  readonly run: (efforts: Efforts) => Promise<JobResult>;
}

const networkJobs = () => import('#campaigns/targets/benchmark/network-job.ts');

function loadJob(figure: string, group: Group, nodes: number, verticesPerSecond: number): Job {
  return {
    name: figure,
    group,
    isHeavy: nodes > 1_000 || verticesPerSecond > 100,
    flags: [],
    run: async (efforts) => (await networkJobs()).measureLoad(figure, nodes, verticesPerSecond, efforts),
  };
}

function singleJob(nodes: number): Job {
  const figure = `messages.single-${nodes}`;
  return {
    name: figure,
    group: 'messages',
    isHeavy: nodes > 1_000,
    flags: [],
    run: async (efforts) => (await networkJobs()).measureSingle(figure, nodes, efforts),
  };
}

function pollJob(nodes: number): Job {
  const figure = `messages.poll-${nodes}`;
  return {
    name: figure,
    group: 'messages',
    isHeavy: nodes > 1_000,
    flags: [],
    run: async (efforts) => (await networkJobs()).measurePolls(figure, nodes, efforts),
  };
}

/** A job of the campaign's benchmark. */
function ofSuite(name: string, group: Group): Job {
  return { ...suiteJob(name), group, isHeavy: false };
}

/** With the libraries called bare beside it. */
function hashingJob(): Job {
  const job = ofSuite('hashing', 'hashing');
  const run = async (efforts: Efforts): Promise<JobResult> => {
    const { samples, facts } = await job.run(efforts);
    const limit = (await import('./hashing-limit-job.ts')).measureHashingLimit(efforts);
    return { samples: { ...samples, ...limit.samples }, facts };
  };
  return { ...job, run };
}

function liveJob(network: LiveNetwork): Job {
  return {
    name: `live.tps-${network.name}`,
    group: 'live',
    isHeavy: true,
    onlyWhen: network.nodes > 16 ? 'large' : 'named',
    flags: [],
    run: async () => (await import('./live-job.ts')).measureLive(network),
  };
}

function stackJobs(cloud: (typeof stackClouds)[number]): Job[] {
  const common = { group: 'stack', isHeavy: true, onlyWhen: 'named', flags: [] } as const;
  const load = () => import('./stack-job.ts');
  const program: Job = {
    ...common,
    name: `stack.program-${cloud}`,
    run: async () => (await load()).measureProgram(cloud),
  };
  const preview: Job = {
    ...common,
    name: `stack.preview-${cloud}`,
    run: async () => (await load()).measurePreview(cloud),
  };
  return [program, preview];
}

export const jobs: readonly Job[] = [
  singleJob(1_000),
  singleJob(10_000),
  pollJob(1_000),
  pollJob(10_000),
  loadJob('load.dag-1000', 'load', 1_000, 100),
  {
    name: 'lumped',
    group: 'lumped',
    isHeavy: false,
    flags: [],
    run: async (efforts) => (await import('./lumped-job.ts')).measureLumped(efforts),
  },
  ofSuite('consensus.one-vertex', 'consensus'),
  ofSuite('consensus.ten-vertices', 'consensus'),
  ofSuite('graph', 'graph'),
  ofSuite('vertex', 'vertex'),
  hashingJob(),
  {
    name: 'wire',
    group: 'wire',
    isHeavy: false,
    flags: [],
    run: async (efforts) => (await import('./wire-job.ts')).measureWire(efforts),
  },
  {
    name: 'session',
    group: 'session',
    isHeavy: false,
    flags: [],
    run: async (efforts) => (await import('./session-job.ts')).measureSession(efforts),
  },
  {
    name: 'transport',
    group: 'transport',
    isHeavy: true,
    flags: [],
    run: async (efforts) => (await import('./transport-job.ts')).measureTransport(efforts),
  },
  {
    name: 'signatures',
    group: 'signatures',
    isHeavy: false,
    flags: [],
    run: async (efforts) => (await import('./signatures-job.ts')).measureSignatures(efforts),
  },
  {
    name: 'storage',
    group: 'storage',
    isHeavy: false,
    flags: [],
    run: async (efforts) =>
      (await import('#campaigns/targets/benchmark/storage-job.ts')).measureStorage(efforts),
  },
  ...growthLoads.map((load) => loadJob(`growth.load-${load}`, 'growth', 1_000, load)),
  ...growthNodes.map((nodes) => loadJob(`growth.nodes-${nodes}`, 'growth', nodes, 100)),
  ...liveNetworks.map(liveJob),
  ...stackClouds.flatMap(stackJobs),
  {
    name: 'forecast',
    group: 'forecast',
    isHeavy: true,
    onlyWhen: 'named',
    flags: [],
    run: async () => (await import('./forecast-job.ts')).measureForecast(),
  },
];

/** The job that measures a figure: the one of its name, else the one of its group. */
export function jobOf(figureId: string): Job | null {
  const found = figures.find(({ id }) => id === figureId);
  const group = found?.group;
  return (
    jobs.find(({ name }) => name === (found?.measuredWith ?? figureId)) ??
    jobs.find(({ name }) => name === group) ??
    null
  );
}

/** Loads every job's module, so that a process of its own can fill the compile cache. */
export async function loadEveryJob(): Promise<void> {
  await Promise.all([
    loadSuite(),
    import('./lumped-job.ts'),
    import('./signatures-job.ts'),
    import('./wire-job.ts'),
    import('./session-job.ts'),
    import('./transport-job.ts'),
    import('./live-job.ts'),
    import('./stack-job.ts'),
    import('./forecast-job.ts'),
  ]);
}
