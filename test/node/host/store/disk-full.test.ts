/** A real file system that is really full: a small tmpfs. Where it may not be mounted the test says that it was not run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { openArchive, type VertexRecord } from '#node/host/store/archive.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { StoreError } from '#node/host/store/store.ts';
import { decisionOf, sampleVertex } from './vertex-samples.ts';

/** Null when this user may not mount; the reason is reported. */
function smallDisk(context: TestContext): string | null {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'full-'));
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    rmSync(folder, { recursive: true });
    context.skip(`NOT RUN: a tmpfs could not be mounted: ${error?.message ?? stderr.trim()}`);
    return null;
  }
  context.after(() => {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

const isFull = (error: unknown) => error instanceof StoreError && error.code === 'full';

test('on a full disk writes end cleanly, reads go on, and with space again nothing acknowledged is missing', async (context) => {
  const disk = smallDisk(context);
  if (disk === null) return;
  const filler = path.join(disk, 'filler');
  writeFileSync(filler, Buffer.alloc(4 * 1_048_576));
  const folder = path.join(disk, 'store');
  const options = { cacheBytes: 0, writeBufferBytes: 65_536 };
  let store = await openRocksStore(folder, options);
  let archive = await openArchive(store, { member: 1, durability: 'process' });
  const acknowledged: VertexRecord[] = [];
  let failure: unknown = null;
  for (let i = 1; failure === null && i < 20_000; i++) {
    const vertex = sampleVertex(2, i, { payload: new Uint8Array(4_000).fill(i) });
    try {
      await archive.commit([vertex], [decisionOf(vertex)]);
      acknowledged.push(vertex);
    } catch (error) {
      failure = error;
    }
  }
  assert.ok(isFull(failure), String(failure));
  assert.ok(acknowledged.length > 300, `${acknowledged.length} vertices`);
  const late = sampleVertex(3, 1);
  await assert.rejects(archive.commit([late], []), isFull, 'voting stops: nothing more is acknowledged');
  await assert.rejects(store.flush(), isFull);
  const body = async (i: number) => (await archive.vertex(acknowledged[i]!.id))?.body;
  for (const i of [0, 7, acknowledged.length >> 1, acknowledged.length - 1])
    assert.deepEqual(
      Buffer.from((await body(i))!),
      Buffer.from(acknowledged[i]!.body),
      `vertex ${i} is readable`,
    );
  await store.close();
  rmSync(filler);
  store = await openRocksStore(folder, options);
  archive = await openArchive(store, { member: 1, durability: 'process' });
  for (const { id } of acknowledged) assert.equal(archive.status(id), 'finalised');
  assert.ok(archive.nextOrder - acknowledged.length <= 1, 'at most the batch that failed is there, too');
  await archive.commit([late], []);
  context.diagnostic(`${acknowledged.length} vertices until the disk was full`);
  await store.close();
});
