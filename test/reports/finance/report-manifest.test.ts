/** Versions, signature and proof of a cost report: the same inputs are the same version, a changed byte is found, forgery fails. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createKeyPair } from '#budgets/signature.ts';
import { focusRows, writeFinanceReport } from '#reports/finance/finance-report.ts';
import { proveReport, readManifest } from '#reports/finance/report-manifest.ts';
import { figureOf, totalOfColumn } from '#reports/finance/sheet-model.ts';
import { allSheets } from '#reports/finance/sheets/all-sheets.ts';
import { phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';
import { focusProblems } from '#test/reports/finance/focus-checks.ts';

function scratch(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'manifest-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const input = reportInput(planOf('phase3', phase3Rows.slice(0, 2)));

test('a re-issue from the same inputs is the same version; from others it supersedes and shows the difference', async (context) => {
  const folder = scratch(context);
  const at = (name: string): string => path.join(folder, name);
  await writeFinanceReport(input, at('1'));
  await writeFinanceReport(input, at('2'), { before: at('1') });
  assert.deepEqual(readManifest(at('1')), readManifest(at('2')));
  const dearer = {
    ...reportInput(planOf('phase3', phase3Rows.slice(0, 3))),
    inputHashes: [{ name: 'plan', sha256: 'a'.repeat(64) }],
  };
  await writeFinanceReport(dearer, at('3'), { before: at('2') });
  const issued = readManifest(at('3'))?.manifest;
  assert.equal(issued?.version, 2);
  assert.match(issued?.supersedes ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(
    issued?.changes.map(({ figure }) => figure),
    ['forecast_p50_usd', 'forecast_p90_usd'],
  );
  assert.match(readFileSync(path.join(at('3'), 'cost-report.html'), 'utf8'), /Changed since/);
});

test('a signed report is proven by the right key alone, and a changed byte is named', async (context) => {
  const folder = scratch(context);
  const [mine, other] = [createKeyPair(), createKeyPair()];
  await writeFinanceReport(input, folder, { privateKeyPem: mine.privateKeyPem, formats: ['xlsx'] });
  assert.equal(proveReport(folder, mine.publicKey)?.signature, 'valid');
  assert.equal(proveReport(folder, other.publicKey)?.signature, 'invalid');
  assert.equal(proveReport(folder, null)?.signature, 'unchecked');
  appendFileSync(path.join(folder, 'cost-report.xlsx'), ' ');
  assert.throws(() => proveReport(folder, mine.publicKey), /cost-report\.xlsx was changed/);
  const manifest = path.join(folder, 'report-manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"FORECAST"', '"INVOICED"'));
  rmSync(path.join(folder, 'cost-report.xlsx'));
  assert.throws(() => proveReport(folder, mine.publicKey), /is missing/);
});

test('sixteen sections in finance’s order; every check is zero; every bridge ends where it says', () => {
  const sheets = allSheets(input);
  assert.deepEqual(
    sheets.map(({ number }) => number),
    Array.from({ length: 16 }, (_, i) => i),
  );
  for (const { id, tables } of sheets)
    for (const table of tables)
      for (const { column, expected } of table.checks)
        assert.deepEqual(totalOfColumn(table, column), { usd: expected }, id);
  for (const row of sheets[3]?.tables[0]?.rows ?? []) assert.deepEqual(figureOf(row, 9), { usd: 0 });
});

test('FOCUS rows: arithmetic, periods and states hold, also across the end of a month; planted errors are found', () => {
  const rows = focusRows(input);
  assert.deepEqual(focusProblems(rows), []);
  const [first] = rows;
  assert.ok(first !== undefined);
  for (const bad of [
    { ListUnitPrice: '9' },
    { ChargePeriodEnd: '2027-01-01T00:00:00Z' },
    { BilledCost: '1' },
    { Tags: '{' },
    { EffectiveCost: '1e9' },
  ])
    assert.notDeepEqual(focusProblems([{ ...first, ...bad }]), [], JSON.stringify(bad));
});
