/**
 * Runs jobs, each in a fresh process, in rounds: a slow moment of the machine then hits all figures and not one.
 * Owns: child processes, their engine flags and compile cache, what was measured. Does not own: judging it.
 * One process at a time: two at once would share caches and memory bandwidth.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { engineFlags } from '#campaigns/engine.ts';
import { type Figure, figures } from './figures.ts';
import type { Job } from './job.ts';
import type { EffortName } from './sampling.ts';
import { median } from './sampling.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const processFile = path.join(root, 'test', 'bench', 'bench-process.ts');

const answerSchema = z.object({
  samples: z.record(z.string(), z.array(z.number())),
  facts: z.record(z.string(), z.number()),
  referenceNs: z.number(),
});

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

function child(flags: readonly string[], args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [...engineFlags, ...flags, processFile, ...args], {
      cwd: root,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'bench'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    started.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    started.on('error', reject);
    started.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`bench process ${args.join(' ')} ended with code ${code}: ${errors.trim()}`));
    });
  });
}

export function nothingMeasured(): Measured {
  return { samples: new Map(), facts: new Map(), referenceNs: [] };
}

/** Fills the compile cache, once for each set of engine flags, because each has its own; call once before measuring. */
export async function prepare(jobs: readonly Job[]): Promise<void> {
  const sets = new Map(jobs.map(({ flags }) => [flags.join(' '), flags]));
  for (const flags of sets.values()) await child(flags, ['load-only']);
}

/** One round over the jobs, added to `measured`. */
export async function measureRound(
  jobs: readonly Job[],
  effort: EffortName,
  measured: Measured,
  onJob: (job: Job) => void,
): Promise<void> {
  for (const job of jobs) {
    onJob(job);
    const answer = answerSchema.parse(JSON.parse(await child(job.flags, [job.name, effort])));
    for (const [figure, values] of Object.entries(answer.samples))
      measured.samples.set(figure, [...(measured.samples.get(figure) ?? []), ...values]);
    measured.facts.set(job.name, answer.facts);
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
