/**
 * The program of a process that measures one job of the suite.
 * Owns: handing its arguments over. Does not own: the jobs (suite.ts) or the answer (job-process.ts).
 */
import { answerJob } from './job-process.ts';
import { loadSuite, suiteJob } from './suite.ts';

await answerJob(process.argv.slice(2), (name) => suiteJob(name).run, loadSuite);
