/**
 * A fresh process for one job: nothing else was compiled or optimised in it before.
 * Owns: starting it, both ends of its one line of JSON, the chain of operations around the job. Does not own: the job, which jobs there are.
 * `load-only` in place of a job fills the compile cache: stripping types inside a measured process would slow down typed arrays in it
 * (campaigns/engine.ts says why).
 */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { engineFlags } from '#campaigns/engine.ts';
import type { JobResult } from './job-result.ts';
import { type Efforts, effortNames, efforts, fastestReferenceNs } from './sampling.ts';

export const loadOnly = 'load-only';

const answerSchema = z.object({
  samples: z.record(z.string(), z.array(z.number())),
  facts: z.record(z.string(), z.number()),
  referenceNs: z.number(),
});
export type JobAnswer = z.output<typeof answerSchema>;

interface Start {
  /** The program; it hands its arguments to `answerJob`. */
  readonly program: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
  readonly compileCache: string;
  /** Ends the process. */
  readonly signal?: AbortSignal;
}

/** What the process wrote. Rejects when it did not end by itself with code 0. */
function outputOf({ program, flags, args, compileCache, signal }: Start): Promise<string> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [...engineFlags, ...flags, program, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: compileCache },
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
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

export async function runJob(start: Start): Promise<JobAnswer> {
  return answerSchema.parse(JSON.parse(await outputOf(start)));
}

/** Once for each set of engine flags, because each has its own cache. */
export async function fillCaches(
  jobs: readonly { readonly flags: readonly string[] }[],
  start: Pick<Start, 'program' | 'compileCache' | 'signal'>,
): Promise<void> {
  const sets = new Map(jobs.map(({ flags }) => [flags.join(' '), flags]));
  for (const flags of sets.values()) await outputOf({ ...start, flags, args: [loadOnly] });
}

/** The other end: measures in this process what its arguments (job, effort) name, and answers on stdout. */
export async function answerJob(
  args: readonly string[],
  find: (name: string) => (efforts: Efforts) => Promise<JobResult>,
  loadAll: () => Promise<void>,
): Promise<void> {
  const [name = '', effortName] = args;
  if (name === loadOnly) {
    await loadAll();
    fastestReferenceNs();
    return;
  }
  const run = find(name);
  const effort = effortNames.find((candidate) => candidate === effortName);
  if (effort === undefined) throw new RangeError(`no effort ${effortName}`);
  const before = fastestReferenceNs();
  const result = await run(efforts[effort]);
  const referenceNs = Math.min(before, fastestReferenceNs());
  process.stdout.write(`${JSON.stringify({ ...result, referenceNs })}\n`);
}
