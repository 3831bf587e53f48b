/**
 * Result files: whole or absent, replaced as a whole, proven by their manifest.
 * Method: a temporary folder; damage of every file of a cell. Crashes between the writes: campaigns/crash.test.ts.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CampaignError } from '#campaigns/errors.ts';
import { readCell, wholeCell } from '#campaigns/results/reader.ts';
import {
  cellFolder,
  createCampaignFolder,
  pointLatest,
  sweepTemporary,
  writeCell,
  writeFileAtomic,
  writeFolder,
} from '#campaigns/results/writer.ts';
import { fakeSpec } from '#test/support/fake-campaign.ts';
import { fakeOutcome } from '#test/support/fake-target.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'writer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const spec = fakeSpec();
const write = (): string => writeCell(folder, 'cell', spec, fakeOutcome(spec, 't'));

test('a cell that was written reads back equal, and its manifest is what was returned', () => {
  const manifest = write();
  const { result, series, manifestSha256 } = readCell(folder, 'cell');
  const { result: wanted, series: wantedSeries } = fakeOutcome(spec, 't');
  assert.deepEqual([result, series, manifestSha256], [wanted, wantedSeries, manifest]);
  assert.deepEqual(readdirSync(cellFolder(folder, 'cell')).sort(), [
    'events.jsonl',
    'manifest.json',
    'result.json',
    'series.json',
    'spec.json',
  ]);
});

for (const name of ['spec.json', 'result.json', 'series.json', 'events.jsonl', 'manifest.json']) {
  test(`a cell whose ${name} is changed or missing is not whole and says which file`, () => {
    write();
    const file = path.join(cellFolder(folder, 'cell'), name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, -3));
    assert.equal(wholeCell(folder, 'cell'), null);
    rmSync(file);
    assert.equal(wholeCell(folder, 'cell'), null);
    assert.throws(
      () => readCell(folder, 'cell'),
      (error) => error instanceof CampaignError && error.message.includes(name) && error.remedy !== '',
    );
  });
}

test('writing a cell again over a half-written one leaves no stray file', () => {
  write();
  const stray = path.join(cellFolder(folder, 'cell'), 'result.json.tmp-1');
  writeFileSync(stray, 'half');
  write();
  assert.ok(!existsSync(stray));
  assert.notEqual(wholeCell(folder, 'cell'), null);
});

test('a file is replaced as a whole and its folder is created', () => {
  const file = path.join(folder, 'deep', 'er', 'x.json');
  writeFileAtomic(file, 'old');
  writeFileAtomic(file, 'new');
  assert.equal(readFileSync(file, 'utf8'), 'new');
  assert.deepEqual(readdirSync(path.dirname(file)), ['x.json']);
});

test('a folder is replaced only when it was filled', async () => {
  const reports = path.join(folder, 'reports');
  await writeFolder(reports, async (inside) => writeFileSync(path.join(inside, 'a'), '1'));
  await assert.rejects(
    writeFolder(reports, async (inside) => {
      writeFileSync(path.join(inside, 'b'), '2');
      throw new Error('half-way');
    }),
  );
  assert.deepEqual(readdirSync(reports), ['a']);
  sweepTemporary(folder);
  assert.deepEqual(readdirSync(folder), ['reports']);
});

test('latest moves from one campaign to the next', () => {
  const first = createCampaignFolder(folder, 'c');
  pointLatest(first);
  const second = createCampaignFolder(folder, 'c');
  pointLatest(second);
  assert.equal(readlinkSync(path.join(folder, 'latest')), 'c-2');
  assert.deepEqual(readdirSync(folder).sort(), ['c', 'c-2', 'latest']);
});
