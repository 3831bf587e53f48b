/**
 * The engine as a process: it hears one signal from us and none from our terminal, and one that outlived its operator is ended first.
 * Method: a program called pulumi that writes down what it hears, on PATH before everything else.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { endOrphan, engineCommand } from '#campaigns/targets/kubernetes/engine-process.ts';
import { until } from '#test/bed/patience.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'engine-'));
const heard = path.join(folder, 'heard');
const pidFile = path.join(folder, 'engine.json');
/** Ends at the first SIGINT, with what it has done so far, as the engine does. */
const program = `#!/bin/sh
case "$1" in version) echo v3.259.0; exit 0;; fail) echo "error: no quota left" >&2; exit 255;; esac
trap 'echo INT >> ${heard}; exit 1' INT
echo begun
while :; do sleep 0.05; done
`;
writeFileSync(path.join(folder, 'pulumi'), program, { mode: 0o755 });
const pathBefore = process.env['PATH'];
process.env['PATH'] = `${folder}${path.delimiter}${pathBefore}`;
after(() => {
  process.env['PATH'] = pathBefore;
  rmSync(folder, { recursive: true });
});

const counted = (): number => (existsSync(heard) ? readFileSync(heard, 'utf8').split('INT').length - 1 : 0);

/** As `Stack.up` calls it. */
async function run(word: string, onOutput?: (text: string) => void, signal?: AbortSignal): Promise<unknown> {
  const command = await engineCommand(pidFile);
  const start: unknown = Reflect.get(command, 'run');
  assert.ok(typeof start === 'function');
  return await Reflect.apply(start, command, [[word], folder, {}, onOutput, undefined, signal]);
}

test('a wish to stop is one signal, in a group of its own, and its file is gone when it is gone', async () => {
  const stop = new AbortController();
  let group = '';
  const ended = run(
    'up',
    () => {
      const { pid }: { pid: number } = JSON.parse(readFileSync(pidFile, 'utf8'));
      group = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2] ?? '';
      assert.equal(group, String(pid), 'it leads its own process group');
      stop.abort();
    },
    stop.signal,
  );
  await assert.rejects(ended, /pulumi up ended with 1/);
  assert.notEqual(group, '');
  assert.equal(counted(), 1);
  assert.equal(existsSync(pidFile), false);
});

test('what it complains about is the reason', async () => {
  await assert.rejects(run('fail'), /pulumi fail ended with 255: error: no quota left/);
});

test('an engine of a dead operator is told to stop and waited for; a number that is another process is left alone', async () => {
  rmSync(heard, { force: true });
  const orphan = spawn(path.join(folder, 'pulumi'), ['up'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => orphan.stdout.once('data', resolve));
  const said: string[] = [];
  const note = (ticks: string | null): void =>
    writeFileSync(pidFile, JSON.stringify({ pid: orphan.pid, ticks }));
  note('1');
  await endOrphan(pidFile, (text) => said.push(text));
  assert.deepEqual([said, counted()], [[], 0]);
  note(null);
  await endOrphan(pidFile, (text) => said.push(text));
  assert.match(said.join(), /earlier session/);
  assert.equal(counted(), 1);
  await until(async () => (orphan.exitCode === null ? null : true), { what: 'its end', withinMs: 5_000 });
  assert.equal(existsSync(pidFile), false);
});
