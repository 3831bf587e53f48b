/**
 * The journal after every kind of damage: a torn last line is cut off, anything else is refused by its line number.
 * Method: a real file in a temporary folder, changed byte by byte.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CampaignError } from '#campaigns/errors.ts';
import { Journal, readJournal } from '#campaigns/journal.ts';
import type { JournalEvent } from '#campaigns/journal-event.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  file = path.join(folder, 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const events: JournalEvent[] = [
  { kind: 'opened', campaign: 'c', plan_sha256: 'p', code_version: 'v', pid: 1, host: 'h' },
  { kind: 'cell-started', cell: 'a' },
  { kind: 'cell-failed', cell: 'a', reason: 'line 1\nline 2 with "quotes" and \u2028' },
];

function filled(): void {
  const journal = Journal.open(file, () => '2026-01-01T00:00:00.000Z');
  for (const event of events) journal.append(event);
  journal.close();
}

const damagedAt = (line: number) => (error: unknown) =>
  error instanceof CampaignError &&
  error.code === 'journal-damaged' &&
  error.message.includes(`line ${line} `);

test('what was appended is read back in order', () => {
  filled();
  assert.deepEqual(
    readJournal(file).records.map((record) => record.event),
    events,
  );
});

test('each line is a JSON document of its own', () => {
  filled();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).record.n),
    [1, 2, 3],
  );
});

test('a last line torn at any byte is cut off at opening, and the journal goes on', () => {
  filled();
  const whole = readFileSync(file);
  const lastStart = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (let length = lastStart; length < whole.length; length += 1) {
    writeFileSync(file, whole.subarray(0, length));
    const journal = Journal.open(file, () => 'later');
    assert.equal(journal.records.length, 2);
    journal.append({ kind: 'interrupted', times: 1 });
    journal.close();
    assert.deepEqual(
      readJournal(file).records.map((record) => record.event.kind),
      ['opened', 'cell-started', 'interrupted'],
    );
  }
});

test('a changed line in the middle is an error that names the line', () => {
  filled();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"cell":"a"', '"cell":"b"'));
  assert.throws(() => Journal.open(file), damagedAt(2));
});

test('a missing line is an error that names the line after it', () => {
  filled();
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [lines[0], lines[2], ''].join('\n'));
  assert.throws(() => readJournal(file), damagedAt(2));
});

test('a garbage line before a whole one is an error and nothing is cut off', () => {
  filled();
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, `garbage\n${before}`);
  assert.throws(() => Journal.open(file), damagedAt(1));
  assert.equal(readFileSync(file, 'utf8'), `garbage\n${before}`);
});

test('bytes after the last whole line count as torn and reading alone does not remove them', () => {
  filled();
  appendFileSync(file, '{"length":5');
  assert.equal(readJournal(file).tornBytes, 11);
  assert.equal(readJournal(file).records.length, 3);
});

test('an empty file is an empty journal', () => {
  writeFileSync(file, '');
  truncateSync(file, 0);
  assert.deepEqual(readJournal(file), { records: [], wholeBytes: 0, tornBytes: 0 });
});
