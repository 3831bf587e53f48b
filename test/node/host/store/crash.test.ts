/**
 * A node's archive killed with SIGKILL at numbered writes, torn, and started again: nothing that was sent is lost or contradicted.
 * A sample of the points, for every change, and planted defects. All points: crash.long.test.ts.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { contradictions, live, tear } from './crash.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('killed at a few points, torn, and started again', async (context) => {
  const root = temporaryFolder(context);
  for (const point of [4, 11, 16]) {
    const folder = path.join(root, `p${point}`);
    const first = live(folder, point);
    assert.ok(first.killed);
    tear(folder, first, 0.5);
    assert.deepEqual(await contradictions(folder, [first]), [], `point ${point}`);
    const second = live(folder, point + 3);
    assert.deepEqual(await contradictions(folder, [first, second]), [], `twice, point ${point}`);
  }
});

for (const [defect, point] of [
  ['send-before-write', 9],
  ['acknowledge-unwritten', 12],
] as const)
  test(`planted: ${defect} is seen`, async (context) => {
    const folder = path.join(temporaryFolder(context), 'p');
    const first = live(folder, point, defect);
    assert.ok(first.killed && first.sent.length > 0);
    const found = await contradictions(folder, [first]).catch((error: unknown) => [String(error)]);
    assert.notDeepEqual(found, []);
  });
