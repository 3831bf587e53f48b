/**
 * The campaign program as a user starts it: a process of its own, in a folder, without what surrounds the tests.
 * Owns: its environment and what a finished call looks like. Does not own: any folder, or what is asserted.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const campaignMain = path.resolve(import.meta.dirname, '../../campaigns/cli.ts');

/** Without what an `npm test` around a test sets for its own scripts, and without anybody's accounts. */
export const bareEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|INIT_CWD|CRASH_AT|AWS_|GOOGLE_|NODE_TEST)/.test(name),
  ),
);

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end with these words, in `cwd`, with `more` in its environment. */
export function campaignIn(cwd: string, more: NodeJS.ProcessEnv = {}): (...words: string[]) => Ran {
  const env = { ...bareEnvironment, ...more };
  return (...words) => spawnSync(process.execPath, [campaignMain, ...words], { cwd, env, encoding: 'utf8' });
}
