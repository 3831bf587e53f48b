/** 1,000,000 transactions, 100 in a vertex, decided, killed without a close, opened again: every byte is verified. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { decodeVertex } from '#node/core/vertex.ts';
import { openArchive } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { hash } from './vertex-samples.ts';

const child = new URL('./million-child.ts', import.meta.url).pathname;

test('a million transactions survive the kill of the process that wrote them', async (context) => {
  const folder = path.join(temporaryFolder(context), 'store');
  const wroteFrom = performance.now();
  const { signal, stdout, stderr } = spawnSync(process.execPath, [child, folder], { encoding: 'utf8' });
  assert.equal(signal, 'SIGKILL', stderr);
  const wroteMs = performance.now() - wroteFrom;
  const acknowledged = Number(stdout.trim().split('\n').at(-1));
  assert.equal(acknowledged, 10_000);
  const openFrom = performance.now();
  const store = await openRocksStore(folder);
  const archive = await openArchive(store, { member: 1, durability: 'process' });
  const openMs = performance.now() - openFrom;
  assert.deepEqual([archive.nextOrder, archive.finalised, archive.rejected], [10_000, 9_990, 10]);
  let transactions = 0;
  let order = 0;
  const id = new Uint8Array(32);
  for await (const entry of archive.load()) {
    assert.ok(entry.kind === 'decided');
    assert.equal(entry.decision.order, order);
    assert.equal(entry.decision.status, order % 1_000 === 999 ? 'rejected' : 'finalised');
    hash(entry.vertex.body, id);
    assert.equal(Buffer.compare(id, entry.vertex.id), 0);
    transactions += decodeVertex(entry.vertex.body).transactions.length;
    order += 1;
  }
  assert.equal(transactions, 1_000_000);
  const pruned = await archive.prune(9_000);
  await store.compact();
  assert.deepEqual([pruned, archive.finalised, archive.rejected], [9_000, 9_990, 10]);
  await store.close();
  const ms = (value: number) => `${Math.round(value)} ms`;
  context.diagnostic(`written in ${ms(wroteMs)}, opened in ${ms(openMs)}`);
});
