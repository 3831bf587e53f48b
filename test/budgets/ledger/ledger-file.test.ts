/** The ledger: append-only, chained, one writer at a time; what was changed, moved, cut or refused is seen. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { GENESIS_HASH, readChain } from '#budgets/ledger/chain.ts';
import { amountOf, checkedRecord } from '#budgets/ledger/entry.ts';
import { appendToLedger, readLedger } from '#budgets/ledger/ledger-file.ts';
import { addAmounts } from '#budgets/money.ts';
import { charge, event } from '#test/budgets/ledger/records.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ledger-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
function fresh(): string {
  files += 1;
  return path.join(folder, `${files}.jsonl`);
}
const now = '2026-11-28T12:00:00.000Z';

test('what was appended is read back in order, chained from zero', () => {
  const file = fresh();
  assert.deepEqual(readLedger(file).entries, []);
  appendToLedger(file, [event('opened'), charge('FORECAST', 1_000_000)], now);
  appendToLedger(file, [charge('METERED', 900_000)], '2026-11-28T13:00:00.000Z');
  const { entries, head } = readLedger(file);
  assert.deepEqual(
    entries.map(({ seq, record }) => [seq, record.type]),
    [
      [0, 'event'],
      [1, 'charge'],
      [2, 'charge'],
    ],
  );
  assert.equal(entries[0]?.prev, GENESIS_HASH);
  assert.equal(entries[2]?.prev, entries[1]?.hash);
  assert.deepEqual(head, { entries: 3, lastHash: entries[2]?.hash, lastAt: '2026-11-28T13:00:00.000Z' });
});

test('a changed byte, a dropped, doubled or swapped line is named (property, seed 7)', () => {
  const file = fresh();
  appendToLedger(
    file,
    Array.from({ length: 6 }, (_, i) => charge('METERED', i * 1_000)),
    now,
  );
  const text = readFileSync(file, 'utf8');
  const lines = text.trimEnd().split('\n');
  const damage = { code: 'ledger-damaged', message: /^ledger line \d/ };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: text.length - 2 }), fc.integer({ min: 0, max: 4 }), (at, line) => {
      if (text[at] !== '\n') {
        const other = text[at] === '7' ? '8' : '7';
        assert.throws(() => readChain(text.slice(0, at) + other + text.slice(at + 1)), damage);
      }
      const join = (changed: readonly string[]) => `${changed.join('\n')}\n`;
      assert.throws(() => readChain(join(lines.toSpliced(line, 1))), damage);
      assert.throws(() => readChain(join(lines.toSpliced(line, 0, lines[line] ?? ''))), damage);
      const swapped = lines.toSpliced(line, 2, lines[line + 1] ?? '', lines[line] ?? '');
      assert.throws(() => readChain(join(swapped)), damage);
    }),
    { seed: 7, numRuns: 100 },
  );
});

test('a write that was cut off is no part of the ledger and leaves an event', () => {
  const file = fresh();
  appendToLedger(file, [charge('METERED', 1)], now);
  const whole = readFileSync(file, 'utf8');
  appendFileSync(file, whole.slice(0, 40));
  assert.equal(readLedger(file).entries.length, 1);
  appendToLedger(file, [charge('METERED', 2)], now);
  assert.deepEqual(
    readLedger(file).entries.map(({ record }) => (record.type === 'event' ? record.action : record.type)),
    ['charge', 'torn-line', 'charge'],
  );
});

test('a clock that jumps back neither reorders nor hides: time stands still and the jump is recorded', () => {
  const file = fresh();
  const times = ['2026-11-28T12:00:00.000Z', '2026-11-28T11:00:00.000Z', '2027-01-01T00:00:00.000Z', now];
  for (const time of times) appendToLedger(file, [event('alarm')], time);
  const { entries } = readLedger(file);
  assert.deepEqual(
    entries.map((entry) => [entry.at, entry.clockBackMs]),
    [
      [times[0], 0],
      [times[0], 3_600_000],
      [times[2], 0],
      [times[2], Date.parse('2027-01-01T00:00:00Z') - Date.parse(now)],
    ],
  );
});

test('four processes at once lose and double nothing', async () => {
  const file = fresh();
  const program = fileURLToPath(new URL('./ledger-appender.ts', import.meta.url));
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(names.map((name) => promisify(execFile)(process.execPath, [program, file, name, '8'])));
  const { entries } = readLedger(file);
  const objects = entries.map(({ record }) => (record.type === 'event' ? record.object : ''));
  assert.equal(objects.length, 32);
  for (const name of names) {
    assert.deepEqual(
      objects.filter((object) => object.startsWith(`${name}-`)),
      Array.from({ length: 8 }, (_, i) => `${name}-${i}`),
    );
  }
  assert.deepEqual(
    readdirSync(folder).filter((one) => one.includes('.lock')),
    [],
  );
});

test('a lock of a process that died is taken away', () => {
  const file = fresh();
  writeFileSync(`${file}.lock`, '999999999');
  appendToLedger(file, [event('opened')], now);
  assert.equal(readLedger(file).entries.length, 1);
});

test('refused records leave the file as it was', () => {
  const file = fresh();
  appendToLedger(file, [event('opened')], now);
  const before = readFileSync(file, 'utf8');
  const wrong = [
    { ...charge('METERED', 5), usdMicros: Number.NaN as ReturnType<typeof charge>['usdMicros'] },
    charge('BILLED', -5),
    charge('METERED', 5, { periodEnd: '2026-11-28T10:00:00Z' }),
    { ...charge('METERED', 5), p90UsdMicros: charge('METERED', 9).usdMicros },
    { ...charge('METERED', 5), currency: 'EUR' as 'USD' },
    { ...event('overridden'), reason: '' },
  ];
  for (const record of wrong) {
    assert.throws(() => appendToLedger(file, [event('alarm'), record], now), { code: 'bad-ledger-entry' });
  }
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal(checkedRecord(charge('BILLED', -5, { category: 'credit' })).type, 'charge');
});

test('states are never added', () => {
  assert.throws(
    () => addAmounts('METERED', [amountOf(charge('METERED', 1)), amountOf(charge('BILLED', 1))]),
    { code: 'mixed-amounts' },
  );
});
