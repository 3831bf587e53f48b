/**
 * Runs jobs, each in a fresh process, in rounds: a slow moment of the machine then hits all figures and not one.
 * Owns: the order of the jobs, what was measured. Does not own: the processes (campaigns/targets/benchmark/job-process.ts), judging.
 * One process at a time: two at once would share caches and memory bandwidth.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillCaches, runJob } from '#campaigns/targets/benchmark/job-process.ts';
import type { EffortName } from '#campaigns/targets/benchmark/sampling.ts';
import { median } from '#campaigns/targets/benchmark/sampling.ts';
import { type Figure, figures } from './figures.ts';
import type { Job } from './job.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const program = path.join(root, 'test', 'bench', 'bench-process.ts');
const compileCache = path.join(root, 'node_modules', '.cache', 'bench');

export interface Measured {
  /** All samples of all rounds, by figure. */
  readonly samples: Map<string, number[]>;
  /** By job: what it found out beside its figures, last round. */
  readonly facts: Map<string, Readonly<Record<string, number>>>;
  /** Nanoseconds of one link of the reference chain, one value per process. */
  readonly referenceNs: number[];
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

export function nothingMeasured(): Measured {
  return { samples: new Map(), facts: new Map(), referenceNs: [] };
}

/** Fills the compile cache; call once before measuring. */
export async function prepare(jobs: readonly Job[]): Promise<void> {
  await fillCaches(jobs, { program, compileCache });
}

/** One round over the jobs, added to `measured`. */
export async function measureRound(
  jobs: readonly Job[],
  effort: EffortName,
  measured: Measured,
  onJob: (job: Job) => void,
  onMeasured: (samples: Readonly<Record<string, readonly number[]>>) => void = () => {},
): Promise<void> {
  for (const job of jobs) {
    onJob(job);
    const answer = await runJob({ program, compileCache, flags: job.flags, args: [job.name, effort] });
    for (const [figure, values] of Object.entries(answer.samples))
      measured.samples.set(figure, [...(measured.samples.get(figure) ?? []), ...values]);
    measured.facts.set(job.name, answer.facts);
    onMeasured(answer.samples);
    measured.referenceNs.push(answer.referenceNs);
  }
}

/** By figure, in the order of the list; figures without samples are left out. */
export function summaries(measured: Measured): Map<string, Summary> {
  const found = new Map<string, Summary>();
  for (const { id } of figures) {
    const values = measured.samples.get(id);
    if (values === undefined || values.length === 0) continue;
    found.set(id, {
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      samples: values.length,
    });
  }
  return found;
}

/** Of the given figures keeps whichever of the two measurements has the better median; the machine's speed counts both. */
export function takeBetter(measured: Measured, again: Measured, chosen: readonly Figure[]): void {
  for (const { id, better } of chosen) {
    const first = measured.samples.get(id) ?? [];
    const second = again.samples.get(id) ?? [];
    if (second.length === 0) continue;
    const isBetter = first.length === 0 || (better === 'higher') === median(second) > median(first);
    if (isBetter) measured.samples.set(id, second);
  }
  measured.referenceNs.push(...again.referenceNs);
}
