/**
 * An operator that starts two processes, stops one of them silently, says who they are, and waits to be killed.
 * For the test that nothing survives it. Does not own: any expectation.
 */
import { Children } from '#campaigns/targets/processes/children.ts';

const children = new Children();
const started = ['awake', 'stopped'].map((name) =>
  children.start({ name, command: ['sleep', '600'], env: {}, folder: children.folder }),
);
const [, stopped] = started;
if (stopped !== undefined) children.signal(stopped, 'SIGSTOP');
process.stdout.write(`${JSON.stringify({ folder: children.folder, pids: started.map(({ pid }) => pid) })}\n`);
setInterval(() => undefined, 60_000);
