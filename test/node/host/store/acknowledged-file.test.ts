/** The witness: what a power cut may take and what a kill may not; its own strictness. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { AcknowledgedFile } from '#node/host/store/acknowledged-file.ts';
import { openRocksStore } from '#node/host/store/rocks-store.ts';
import { StoreError } from '#node/host/store/store.ts';
import { logOf } from './damage.ts';
import { contentsOf, put } from './store-contract.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** As if the machine had been started again: another boot id in both slots. */
function rebooted(folder: string): void {
  const file = path.join(folder, 'ACKNOWLEDGED');
  const bytes = readFileSync(file);
  for (const at of [0, 512]) {
    bytes.fill(7, at + 16, at + 32);
    bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 36)), at + 36);
  }
  writeFileSync(file, bytes);
}

test('what was noted comes back, and a new file has no past', (context) => {
  const folder = temporaryFolder(context);
  assert.equal(AcknowledgedFile.isIn(folder), false);
  const fresh = AcknowledgedFile.open(folder);
  assert.equal(fresh.lastLife, null);
  for (let batch = 1; batch <= 5; batch++) fresh.acknowledge(batch);
  fresh.flushed(3);
  fresh.acknowledge(6);
  fresh.close(false);
  const again = AcknowledgedFile.open(folder);
  const { acknowledged, flushed, isWhole } = again.lastLife!;
  assert.deepEqual([acknowledged, flushed, isWhole], [6, 3, true]);
  again.close(true);
  const { lastLife } = AcknowledgedFile.open(folder);
  assert.deepEqual([lastLife?.isWhole, AcknowledgedFile.isIn(folder)], [true, true]);
});

test('the turn of the slots wraps around', (context) => {
  const folder = temporaryFolder(context);
  const file = AcknowledgedFile.open(folder);
  for (let batch = 1; batch <= 0x1_0000 + 3; batch++) file.acknowledge(batch);
  file.close(false);
  assert.equal(AcknowledgedFile.open(folder).lastLife?.acknowledged, 0x1_0000 + 3);
});

test('after a power cut the log may have lost what was not flushed, and the store says so', async (context) => {
  const folder = temporaryFolder(context);
  const [live, left] = [path.join(folder, 'live'), path.join(folder, 'left')];
  const store = await openRocksStore(live);
  await store.write([put('a', 'flushed')]);
  await store.flush();
  const flushedBytes = readFileSync(logOf(live)).length;
  await store.write([put('b', 'acknowledged')]);
  cpSync(live, left, { recursive: true });
  await store.close();
  const whole = readFileSync(logOf(left));
  const open = async () => {
    const copy = path.join(folder, 'copy');
    cpSync(left, copy, { recursive: true, force: true });
    const opened = await openRocksStore(copy);
    const found = [opened.mayHaveLostTail, (await contentsOf(opened)).length];
    await opened.close();
    return found;
  };
  truncateSync(logOf(left), flushedBytes + 3);
  await assert.rejects(open(), (error) => error instanceof StoreError && error.code === 'corrupt');
  rebooted(left);
  assert.deepEqual(await open(), [true, 1]);
  writeFileSync(logOf(left), Buffer.concat([whole.subarray(0, flushedBytes), Buffer.alloc(whole.length)]));
  assert.deepEqual(await open(), [true, 1], 'a tail of zeros');
  writeFileSync(logOf(left), whole);
  assert.deepEqual(await open(), [true, 2]);
  truncateSync(logOf(left), flushedBytes - 3);
  await assert.rejects(open(), (error) => error instanceof StoreError && error.code === 'corrupt');
});

test('a clean close leaves nothing open, whatever the machine does then', async (context) => {
  const folder = temporaryFolder(context);
  const store = await openRocksStore(folder);
  await store.write([put('a', 'a')]);
  await store.close();
  rebooted(folder);
  const again = await openRocksStore(folder);
  assert.equal(again.mayHaveLostTail, false);
  await again.close();
});
