// Goal: no process of a run is ever left behind, whoever dies first, and none that is not provably ours is touched.
// Method: real processes that sleep; the operator is killed with SIGKILL while one of its processes is stopped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess, startedTicks } from '#campaigns/process-identity.ts';
import { Children, livingProcesses, sweepLeftovers } from '#campaigns/targets/processes/children.ts';

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not in time: ${what}`);
    await delay(20);
  }
}

const ofFolder = (folder: string): string[] => livingProcesses().filter((line) => line.includes(folder));

test('what is started is listed, and gone after destroy, a stopped process included', async () => {
  const children = new Children();
  const sleep = { command: ['sleep', '600'], env: {}, folder: path.join(children.folder, 'p0') } as const;
  const one = children.start({ name: 'p0', ...sleep });
  const two = children.start({ name: 'p1', ...sleep });
  children.signal(two, 'SIGSTOP');
  assert.equal(ofFolder(children.folder).length, 2);
  assert.match(ofFolder(children.folder).join(), new RegExp(`process ${one.pid} \\(p0\\)`));
  await children.destroy();
  assert.ok(!isSameProcess(one.pid, null) && !isSameProcess(two.pid, null));
  assert.deepEqual(ofFolder(children.folder), []);
  assert.equal(existsSync(children.folder), false);
});

test('an end that nobody ordered is told with its reason; a kill is not', async () => {
  const children = new Children();
  const crashes: string[] = [];
  children.onCrash = (child, how) => crashes.push(`${child.name}: ${how}`);
  const folder = path.join(children.folder, 'p');
  const failing = children.start({
    name: 'failing',
    command: ['sh', '-c', 'echo why >&2; exit 3'],
    env: {},
    folder,
  });
  const killed = children.start({ name: 'killed', command: ['sleep', '600'], env: {}, folder });
  assert.equal(await failing.ended, 'exit code 3');
  await children.kill(killed);
  assert.deepEqual(crashes, ['failing: exit code 3']);
  assert.equal(children.logTail(folder, 'failing'), 'why');
  await children.destroy();
});

test('the processes of a killed operator end at once, and its folder is swept', async () => {
  const operator = spawn(process.execPath, [path.resolve('test/support/doomed-operator.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: operator.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const { folder, pids } = JSON.parse(line) as { folder: string; pids: number[] };
  assert.equal(ofFolder(folder).length, 0, 'processes of a living operator are its own');
  operator.kill('SIGKILL');
  await until(
    () => pids.every((pid) => !isSameProcess(pid, null)),
    'the processes of the dead operator ended',
  );
  sweepLeftovers();
  assert.equal(existsSync(folder), false);
});

test('a process whose number was reused is not ours', async () => {
  const children = new Children();
  const stranger = spawn('sleep', ['600'], { detached: true });
  const pid = stranger.pid ?? 0;
  const file = path.join(children.folder, 'pids', `${pid}.json`);
  writeFileSync(file, JSON.stringify({ pid, ticks: '1', what: 'p9' }));
  assert.notEqual(startedTicks(pid), '1');
  assert.deepEqual(ofFolder(children.folder), []);
  await children.destroy();
  assert.ok(isSameProcess(pid, null), 'it lives on');
  stranger.kill('SIGKILL');
});
