/**
 * The process in which one job is measured: nothing else was compiled or optimised in it before.
 * Owns: its two arguments (job, effort) and one line of JSON on stdout. Does not own: the job.
 * The job `load-only` measures nothing: it fills the compile cache, because stripping types inside a measured process would
 * slow down typed arrays in it (campaigns/engine.ts says why).
 */
import { jobs, loadEveryJob } from './job.ts';
import { effortNames, efforts, fastestReferenceNs } from './sampling.ts';

const [name, effortName] = process.argv.slice(2);
if (name === 'load-only') {
  await loadEveryJob();
  fastestReferenceNs();
} else {
  const job = jobs.find((candidate) => candidate.name === name);
  const effort = effortNames.find((candidate) => candidate === effortName);
  if (job === undefined || effort === undefined)
    throw new RangeError(`no job ${name} with effort ${effortName}`);
  const before = fastestReferenceNs();
  const result = await job.run(efforts[effort]);
  const reference = Math.min(before, fastestReferenceNs());
  process.stdout.write(`${JSON.stringify({ ...result, referenceNs: reference })}\n`);
}
