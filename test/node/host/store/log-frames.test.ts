/** Frames of log files: which kinds pass, and that a torn or unwritten end is left to RocksDB. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { checkLogFiles, strangeFrame } from '#node/host/store/log-frames.ts';
import { StoreError } from '#node/host/store/store.ts';
import { temporaryFolder } from './temporary-folder.ts';

function frame(kind: number, length: number): Uint8Array {
  const bytes = new Uint8Array(7 + length).fill(9);
  bytes.set([length & 0xff, length >> 8, kind], 4);
  return bytes;
}

test('kinds 1 to 4 pass, every other one is named by its place', () => {
  for (let kind = 0; kind < 256; kind++) {
    const block = Buffer.concat([frame(1, 20), frame(kind, 10), frame(4, 300)]);
    assert.equal(strangeFrame(block), kind >= 1 && kind <= 4 ? null : 27, `kind ${kind}`);
  }
});

test('torn ends and zeros at the end pass', () => {
  const block = Buffer.concat([frame(1, 20), frame(2, 10)]);
  for (let kept = 0; kept <= block.length; kept++) assert.equal(strangeFrame(block.subarray(0, kept)), null);
  assert.equal(strangeFrame(Buffer.concat([block, new Uint8Array(100)])), null);
});

test('every block of every log file is looked at', (context) => {
  const folder = temporaryFolder(context);
  const block = frame(1, 32_768 - 7);
  writeFileSync(path.join(folder, 'notes.txt'), frame(9, 3));
  writeFileSync(path.join(folder, '000004.log'), Buffer.concat([block, block, frame(1, 8)]));
  checkLogFiles(folder);
  writeFileSync(path.join(folder, 'MANIFEST-000005'), Buffer.concat([block, block, frame(5, 8)]));
  assert.throws(
    () => checkLogFiles(folder),
    (error) => error instanceof StoreError && error.code === 'corrupt' && error.message.includes('65536'),
  );
});
