/**
 * One runner per campaign: owner, heartbeat, refusal of a second one, take-over from a dead one.
 * Owns: the lock files of a campaign folder. Does not own: what the owner does.
 * Locks are numbered files `lock.N`, created whole by link(2), which fails when the name exists. Who holds one looks
 * once more for another live one and steps back if there is one: each writes before it looks, so two can never both stay.
 */
import { linkSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { CampaignError } from '#campaigns/errors.ts';
import { processExists, startedTicks } from '#campaigns/process-identity.ts';

const heartbeatMs = 5_000;
/** For an owner on another machine, whose process cannot be asked. */
const silentMs = 60_000;
const attemptsMost = 20;

export const lockOwner = z.strictObject({
  pid: z.number(),
  host: z.string(),
  /** Start of the process in clock ticks since boot; tells a reused pid. null where the system does not say. */
  started_ticks: z.string().nullable(),
  since: z.string(),
});
export type LockOwner = z.infer<typeof lockOwner>;

export interface LockOptions {
  readonly pid?: number;
  readonly host?: string;
  readonly nowMs?: () => number;
}

function isAlive(file: string, owner: LockOwner, host: string, nowMs: number): boolean {
  if (owner.host === host) {
    if (!processExists(owner.pid)) return false;
    return owner.started_ticks === null || owner.started_ticks === startedTicks(owner.pid);
  }
  try {
    return nowMs - statSync(file).mtimeMs < silentMs;
  } catch {
    return false;
  }
}

interface FoundLock {
  readonly file: string;
  readonly number: number;
  readonly owner: LockOwner;
}

function locks(folder: string): FoundLock[] {
  return readdirSync(folder).flatMap((name) => {
    const found = /^lock\.(\d+)$/.exec(name);
    if (found === null) return [];
    const file = path.join(folder, name);
    try {
      return [
        { file, number: Number(found[1]), owner: lockOwner.parse(JSON.parse(readFileSync(file, 'utf8'))) },
      ];
    } catch {
      return []; // released between listing and reading
    }
  });
}

/** Who drives this campaign now; null when nobody does. */
export function currentOwner(folder: string, options: LockOptions = {}): LockOwner | null {
  const host = options.host ?? os.hostname();
  const nowMs = (options.nowMs ?? Date.now)();
  return locks(folder).find((lock) => isAlive(lock.file, lock.owner, host, nowMs))?.owner ?? null;
}

export interface Lock {
  readonly owner: LockOwner;
  release(): void;
}

function refuse(folder: string, owner: LockOwner): never {
  throw new CampaignError(
    'locked',
    `campaign ${path.basename(folder)} is being run by process ${owner.pid} on ${owner.host} since ${owner.since}`,
    'wait for it, watch it with "npm run campaign status", or end it with "npm run campaign stop"',
  );
}

/** A few milliseconds that differ between processes, so that two rivals do not step back for ever. */
function pause(attempt: number, pid: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + ((pid + attempt * 5) % 11));
}

function hold(mine: string, owner: LockOwner): Lock {
  const heart = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(mine, now, now);
    } catch {
      // The folder was removed under us: there is nothing left to guard.
    }
  }, heartbeatMs);
  heart.unref();
  return {
    owner,
    release() {
      clearInterval(heart);
      rmSync(mine, { force: true });
    },
  };
}

/** Takes the lock of a campaign folder. Throws CampaignError 'locked' while another owner lives. */
export function acquireLock(folder: string, options: LockOptions = {}): Lock {
  const pid = options.pid ?? process.pid;
  const host = options.host ?? os.hostname();
  const nowMs = options.nowMs ?? Date.now;
  const owner: LockOwner = {
    pid,
    host,
    started_ticks: startedTicks(pid),
    since: new Date(nowMs()).toISOString(),
  };
  const draft = path.join(
    folder,
    `lock.draft-${pid}-${Math.trunc(nowMs())}-${Math.trunc(performance.now() * 1000)}`,
  );
  writeFileSync(draft, JSON.stringify(owner), { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < attemptsMost; attempt += 1) {
      const found = locks(folder);
      const living = found.find((lock) => isAlive(lock.file, lock.owner, host, nowMs()));
      if (living !== undefined) {
        // After stepping back once, the living one may be a rival that is stepping back, too.
        if (attempt === 0 || attempt === attemptsMost - 1) refuse(folder, living.owner);
        pause(attempt, pid);
        continue;
      }
      const mine = path.join(folder, `lock.${Math.max(0, ...found.map((lock) => lock.number)) + 1}`);
      try {
        linkSync(draft, mine);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
        throw error;
      }
      const others = locks(folder).filter((lock) => lock.file !== mine);
      const rival = others.find((lock) => isAlive(lock.file, lock.owner, host, nowMs()));
      if (rival === undefined) {
        for (const dead of others) rmSync(dead.file, { force: true });
        return hold(mine, owner);
      }
      rmSync(mine, { force: true });
      pause(attempt, pid);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new CampaignError(
    'locked',
    `campaign ${path.basename(folder)} is wanted by several runners at once`,
    'try again',
  );
}
