/**
 * 200 random plans: workbook, page, CSV, JSON, FOCUS CSV and Parquet say the same numbers, and the same bytes twice.
 * Method: each file is read back by something that is not its writer (hucre's reader, DuckDB, JSON, plain text).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { readXlsx } from 'hucre/xlsx';
import { decimalUsd, formatUsd } from '#budgets/money.ts';
import { costCsv } from '#reports/finance/finance-csv.ts';
import { financeJson } from '#reports/finance/finance-json.ts';
import { financeHtml, focusRows } from '#reports/finance/finance-report.ts';
import { focusCsv, focusParquet } from '#reports/finance/focus-files.ts';
import { allSheets } from '#reports/finance/sheets/all-sheets.ts';
import { workbookBytes } from '#reports/finance/workbook.ts';
import { planOf, type RowSketch, reportInput } from '#test/reports/finance/finance-fixture.ts';
import { focusProblems } from '#test/reports/finance/focus-checks.ts';

const sketches = (largest: number): fc.Arbitrary<readonly RowSketch[]> =>
  fc
    .array(
      fc.record({
        nodes: fc.integer({ min: 4, max: largest }),
        measureMinutes: fc.integer({ min: 1, max: 3_000 }),
        warmupMinutes: fc.integer({ min: 0, max: 30 }),
        repetitions: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((rows) => rows.map((row, i) => ({ ...row, row: `R${i}-00${i}/nodes=${row.nodes}` })));

const plan = fc
  .constantFrom(['phase2', 1_000], ['phase3', 5_000], ['phase4', 10_000] as const)
  .chain(([phase, largest]) => fc.tuple(fc.constant(String(phase)), sketches(Number(largest))));

/** Line, total and check cells of one column of a sheet as hucre's reader sees them. */
function cellsUnder(rows: readonly (readonly unknown[])[], label: string): unknown[] {
  const header = rows.findIndex((row) => row.includes(label));
  const column = rows[header]?.indexOf(label) ?? -1;
  return rows.slice(header + 1).map((row) => row[column]);
}

test('200 random plans: the same numbers in every format, the same bytes twice', async (context) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'formats-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await fc.assert(
    fc.asyncProperty(plan, async ([phase, rows]) => {
      const input = reportInput(planOf(phase, rows));
      const { total } = input.forecast.forecast;
      const [p50, p90] = [decimalUsd(total.p50.usdMicros), decimalUsd(total.p90.usdMicros)];
      const page = await financeHtml(input);
      assert.ok(
        page.includes(formatUsd(total.p50.usdMicros)) && page.includes(formatUsd(total.p90.usdMicros)),
      );
      const json = JSON.parse(financeJson(input));
      assert.deepEqual([json.forecast.total.p50_usd, json.forecast.total.p90_usd], [p50, p90]);
      assert.ok(costCsv(input).includes(`,${p50},`));
      const sheets = allSheets(input);
      const book = await workbookBytes(sheets, 'x', 'FORECAST', '2026-11-21T00:00:00Z');
      const read = await readXlsx(book);
      const items = read.sheets.find(({ name }) => name.startsWith('15'));
      const costs = cellsUnder(items?.rows ?? [], 'Cost $').filter((one) => typeof one === 'number');
      // Lines, their total, and the check.
      const lines = costs.slice(0, -2);
      const micros = lines.reduce((sum: number, one) => sum + Math.round(Number(one) * 1e6), 0);
      assert.deepEqual(
        [micros, Math.round(Number(costs.at(-2)) * 1e6), costs.at(-1)],
        [total.p50.usdMicros, total.p50.usdMicros, 0],
      );
      const focus = focusRows(input);
      assert.deepEqual(focusProblems(focus), []);
      const parquet = await focusParquet(focus);
      const file = path.join(folder, 'rows.parquet');
      writeFileSync(file, parquet);
      const answer = await connection.runAndReadAll(
        `SELECT sum(EffectiveCost)::VARCHAR, sum(x_P90Cost)::VARCHAR, count(*)::INT FROM '${file}'`,
      );
      const [effective, cautious, count] = answer.getRows()[0] ?? [];
      assert.deepEqual(
        [Number(effective), Number(cautious), count],
        [Number(p50), Number(p90), focus.length],
      );
      assert.equal(focusCsv(focus).trimEnd().split('\r\n').length, focus.length + 1);
      const again = reportInput(planOf(phase, rows));
      assert.equal(await financeHtml(again), page);
      assert.deepEqual(await workbookBytes(allSheets(again), 'x', 'FORECAST', '2026-11-21T00:00:00Z'), book);
      assert.ok((await focusParquet(focusRows(again))).equals(parquet));
    }),
    { numRuns: 200, seed: 6 },
  );
});
