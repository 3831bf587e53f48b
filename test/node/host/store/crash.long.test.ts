/** The life of a node's archive killed at every numbered write, with the log torn in several ways, and lived on. */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { contradictions, live, tear } from './crash.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('killed at any point and torn anywhere, a restart contradicts nothing that was sent', async (context) => {
  const root = temporaryFolder(context);
  const { points, killed } = live(path.join(root, 'calm'), 0);
  assert.ok(!killed && points > 30, `${points} points`);
  let torn = 0;
  for (let point = 1; point <= points; point++) {
    const [folder, copy] = [path.join(root, `p${point}`), path.join(root, 'copy')];
    const first = live(folder, point);
    assert.ok(first.killed, `point ${point}`);
    for (const share of [0, 0.2, 0.6, 0.99]) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(folder, copy, { recursive: true });
      if (!tear(copy, first, share)) continue;
      torn += 1;
      assert.deepEqual(await contradictions(copy, [first]), [], `point ${point}, torn at ${share}`);
    }
    assert.deepEqual(await contradictions(folder, [first]), [], `point ${point}`);
    rmSync(folder, { recursive: true });
  }
  assert.ok(torn > points, `${torn} torn logs`);
  context.diagnostic(`${points} points, ${torn} torn logs`);
});

test('thirty lives in one folder, each killed at another point', async (context) => {
  const folder = path.join(temporaryFolder(context), 'p');
  const lives = [];
  for (let i = 0; i < 30; i++) lives.push(live(folder, 2 + ((i * 7) % 34)));
  assert.deepEqual(await contradictions(folder, lives), []);
  const { sent } = { sent: lives.flatMap((life) => life.sent) };
  context.diagnostic(`${sent.length} vertices sent`);
});
