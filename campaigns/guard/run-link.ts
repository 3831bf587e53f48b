/**
 * What ties a guard to the campaign it watches: signs of life, and the request to stop.
 * Owns: reading the lock's heartbeat, the note that says why, the signal to the owner. Does not own: how a campaign stops
 * (campaign-session.ts), the lock (lock.ts).
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Observation } from '#budgets/guard/observation.ts';
import { currentOwner } from '#campaigns/lock.ts';

/** Beside the journal; a campaign that finds it when it is interrupted ends with the guard's exit code. */
export const guardNoteFile = 'stopped-by-guard.json';

export interface RunLink {
  work(): Observation['work'];
  /** Asks the owner to stop, once. Returns what was done, in words. */
  stop(why: string): string;
}

/** A campaign folder on this machine. */
export function runFolderLink(folder: string): RunLink {
  return {
    work() {
      const owner = currentOwner(folder);
      const beats = readdirSync(folder)
        .filter((name) => /^lock\.\d+$/.test(name))
        .map((name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
      return { running: owner !== null, heartbeat: Math.max(0, ...beats) };
    },
    stop(why) {
      writeFileSync(path.join(folder, guardNoteFile), `${JSON.stringify({ why })}\n`);
      const owner = currentOwner(folder);
      if (owner === null) return 'nobody drives the campaign';
      if (owner.host !== os.hostname())
        return `the campaign is driven on ${owner.host}: only the cloud side is stopped`;
      process.kill(owner.pid, 'SIGINT');
      return `process ${owner.pid} was asked to stop`;
    },
  };
}

/** No campaign on this machine: only the account is watched. */
export const noRun: RunLink = {
  work: () => ({ running: false, heartbeat: 0 }),
  stop: () => 'no campaign folder was given',
};

/** The guard's words. */
export function guardStopReason(folder: string): string {
  const note: unknown = JSON.parse(readFileSync(path.join(folder, guardNoteFile), 'utf8'));
  return typeof note === 'object' && note !== null && 'why' in note ? String(note.why) : 'no reason given';
}

export function wasStoppedByGuard(folder: string): boolean {
  return existsSync(path.join(folder, guardNoteFile));
}
