/** Damage at positions all over every file of a killed store, many more than damage.test.ts tries. Prints what was found. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { damagedCopy, judge, leftFolder } from './damage.ts';

const positionsPerFile = 600;
const root = mkdtempSync(path.join(os.tmpdir(), 'damage-'));
after(() => rmSync(root, { recursive: true, force: true }));
const left = await leftFolder(root);
const copy = path.join(root, 'copy');

function positions(length: number): number[] {
  const every = Math.max(1, length / positionsPerFile);
  return Array.from({ length: Math.min(length, positionsPerFile) }, (_, i) => Math.floor(i * every));
}

for (const file of readdirSync(left.folder).filter((name) =>
  /\.(log|sst)$|^(MANIFEST|CURRENT|ACK)/.test(name),
))
  test(`${file.replace(/\d+/, 'N')}: flips and cuts all over`, async (context) => {
    const { size } = statSync(path.join(left.folder, file));
    let [found, harmless] = [0, 0];
    for (const at of positions(size)) {
      damagedCopy(left, copy, file, (bytes) => {
        bytes[at]! ^= 1 << (at % 8);
        return bytes;
      });
      if ((await judge(copy, left.acknowledged)) === 'detected') found += 1;
      else harmless += 1;
      damagedCopy(left, copy, file, (bytes) => bytes.subarray(0, at));
      assert.equal(await judge(copy, left.acknowledged), 'detected', `cut to ${at} of ${size} bytes`);
    }
    context.diagnostic(
      `${size} bytes: of ${found + harmless} flips ${found} were found, ${harmless} change no value`,
    );
  });
