/**
 * One runner per campaign: refusal, take-over, and races between real processes.
 * Method: locks of this process, of a process that has ended, of another host; then 100 races of two processes.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CampaignError } from '#campaigns/errors.ts';
import { acquireLock, currentOwner } from '#campaigns/lock.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const refused = (error: unknown): boolean =>
  error instanceof CampaignError && error.code === 'locked' && error.exitCode === 20 && error.remedy !== '';

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid;
}

function plant(name: string, owner: { pid: number; host: string; started_ticks: string | null }): string {
  const file = path.join(folder, name);
  writeFileSync(file, JSON.stringify({ ...owner, since: '2026-01-01T00:00:00.000Z' }));
  return file;
}

test('a second runner is refused with a remedy while the first lives', () => {
  const lock = acquireLock(folder);
  assert.throws(() => acquireLock(folder), refused);
  assert.equal(currentOwner(folder)?.pid, process.pid);
  lock.release();
});

test('after release the lock is free and leaves no file', () => {
  acquireLock(folder).release();
  assert.deepEqual(readdirSync(folder), []);
  acquireLock(folder).release();
});

test('the lock of a dead process is taken over', () => {
  plant('lock.3', { pid: deadPid(), host: os.hostname(), started_ticks: null });
  const lock = acquireLock(folder);
  assert.deepEqual(readdirSync(folder), ['lock.4']);
  lock.release();
});

test('a process that has the number of the owner but started at another time is not the owner', () => {
  plant('lock.1', { pid: process.pid, host: os.hostname(), started_ticks: '1' });
  assert.equal(currentOwner(folder), null);
  acquireLock(folder).release();
});

test('an owner on another host is believed while its heart beats, and not a minute later', () => {
  const file = plant('lock.1', { pid: 1, host: 'elsewhere', started_ticks: null });
  assert.throws(() => acquireLock(folder), refused);
  const longAgo = new Date(Date.now() - 61_000);
  utimesSync(file, longAgo, longAgo);
  acquireLock(folder).release();
});

const racerFile = new URL('../support/lock-racer.ts', import.meta.url);

function nextMessage(racer: ChildProcess): Promise<string> {
  return new Promise((resolve) => racer.once('message', (message) => resolve(String(message))));
}

async function startRacer(): Promise<ChildProcess> {
  const racer = fork(racerFile, { execArgv: [] });
  assert.equal(await nextMessage(racer), 'ready');
  return racer;
}

function ask(racer: ChildProcess, message: { readonly take?: string }): Promise<string> {
  const answer = nextMessage(racer);
  racer.send(message);
  return answer;
}

test('of two processes that race for a free or a dead lock exactly one wins, 100 pairs', async () => {
  const owner = { pid: deadPid(), host: os.hostname(), started_ticks: null, since: 'x' };
  const pair = [await startRacer(), await startRacer()];
  const outcomes: string[] = [];
  for (let round = 0; round < 100; round += 1) {
    const arena = path.join(folder, `round-${round}`);
    mkdirSync(arena);
    if (round % 2 === 1) writeFileSync(path.join(arena, 'lock.1'), JSON.stringify(owner));
    const answers = await Promise.all(pair.map((racer) => ask(racer, { take: arena })));
    outcomes.push(answers.sort().join(' '));
    await Promise.all(pair.map((racer) => ask(racer, {})));
  }
  for (const racer of pair) racer.disconnect();
  assert.deepEqual(
    outcomes,
    Array.from({ length: 100 }, () => 'locked won'),
  );
});
