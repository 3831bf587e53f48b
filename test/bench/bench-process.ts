/**
 * The program of a process that measures one job of the bench.
 * Owns: handing its arguments over. Does not own: the jobs (job.ts) or the answer (campaigns/targets/benchmark/job-process.ts).
 */
import { answerJob } from '#campaigns/targets/benchmark/job-process.ts';
import { jobs, loadEveryJob } from './job.ts';

function find(name: string): (typeof jobs)[number]['run'] {
  const job = jobs.find((candidate) => candidate.name === name);
  if (job === undefined) throw new RangeError(`no job ${name}`);
  return job.run;
}

await answerJob(process.argv.slice(2), find, loadEveryJob);
