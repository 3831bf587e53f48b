/**
 * Flipped and cut-off bytes in every file of a store that was killed: found, or without effect on any value.
 * A sample for every change; every position: damage.long.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { damagedCopy, type Finding, judge, leftFolder, logOf } from './damage.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'damage-'));
after(() => rmSync(root, { recursive: true, force: true }));
const left = await leftFolder(root);
const copy = path.join(root, 'copy');

/** Files that no value hangs on: the library's diary and copies of its options. */
const isIdle = (file: string): boolean => /^(LOG|OPTIONS|IDENTITY|LOCK|SESSION)/.test(file);
const files = readdirSync(left.folder).filter((file) => !isIdle(file));

async function damaged(file: string, change: (bytes: Buffer) => Buffer): Promise<Finding> {
  damagedCopy(left, copy, file, change);
  return judge(copy, left.acknowledged);
}

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at]! ^= 1 << (at % 8);
  return bytes;
};

test('without damage everything is there', async () => {
  assert.equal(await damaged('CURRENT', (bytes) => bytes), 'harmless');
});

for (const file of files)
  test(`${file.replace(/\d+/, 'N')}: a flipped byte gives no wrong value, a missing file is found`, async () => {
    const length = readFileSync(path.join(left.folder, file)).length;
    for (const share of [0, 0.03, 0.3, 0.62, 0.97]) await damaged(file, flip(Math.floor(share * length)));
    damagedCopy(left, copy, file, (bytes) => bytes);
    rmSync(path.join(copy, file));
    assert.equal(await judge(copy, left.acknowledged), 'detected');
  });

for (const file of files)
  test(`${file.replace(/\d+/, 'N')}: cut off anywhere, it is found`, async () => {
    const length = statSync(path.join(left.folder, file)).size;
    for (const kept of [0, 1, Math.floor(length / 3), Math.floor(0.8 * length), length - 1])
      assert.equal(
        await damaged(file, (bytes) => bytes.subarray(0, kept)),
        'detected',
        `${kept} of ${length} bytes`,
      );
  });

test('a torn end of the log that was never acknowledged costs nothing else', async () => {
  const log = path.basename(logOf(left.folder));
  const torn = readFileSync(path.join(left.folder, log)).subarray(left.logBefore, -1);
  for (const bytes of [1, 6, 8, 20, torn.length])
    assert.equal(
      await damaged(log, (whole) => Buffer.concat([whole, torn.subarray(0, bytes)])),
      'harmless',
      `${bytes} bytes`,
    );
});

/** Found by trying every position: RocksDB alone spins for ever on some of these, and leaves frames out on others. */
test('the kind of a frame in log and MANIFEST: every flipped bit is found', async () => {
  for (const file of files.filter((name) => /[.]log$|^MANIFEST/.test(name))) {
    const bytes = readFileSync(path.join(left.folder, file));
    const kinds: number[] = [];
    for (let at = 0; at + 7 <= bytes.length; at += 7 + bytes.readUInt16LE(at + 4)) kinds.push(at + 6);
    assert.ok(kinds.length > 5);
    for (const at of [kinds[0]!, kinds[5]!, kinds.at(-1)!])
      for (let bit = 0; bit < 8; bit++)
        assert.equal(
          await damaged(file, (copied) => {
            copied[at]! ^= 1 << bit;
            return copied;
          }),
          'detected',
          `${file} byte ${at} bit ${bit}`,
        );
  }
});

test('files that no value hangs on may be damaged', async () => {
  for (const file of readdirSync(left.folder).filter((name) => /^(LOG|OPTIONS|IDENTITY)/.test(name)))
    assert.equal(await damaged(file, (bytes) => bytes.subarray(0, bytes.length >> 1)), 'harmless', file);
});
