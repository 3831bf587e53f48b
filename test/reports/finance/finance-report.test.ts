/** The cost report: the same figures in all files, FORECAST on every page, stable bytes, nothing that runs or loads. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { decimalUsd, formatUsd } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { costCsv, csvField, ratesCsv } from '#reports/finance/finance-csv.ts';
import { financeJson } from '#reports/finance/finance-json.ts';
import { financeHtml, writeFinanceReport } from '#reports/finance/finance-report.ts';
import {
  phase1Rows,
  phase3Rows,
  phase4Rows,
  planOf,
  reportInput,
} from '#test/reports/finance/finance-fixture.ts';

const phase3 = reportInput(planOf('phase3', phase3Rows));
const phase1 = reportInput(planOf('phase1', phase1Rows));

test('four files are written, and again the same bytes', async (context) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cost-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const [one, two] = [path.join(folder, 'one'), path.join(folder, 'two')];
  const written = await writeFinanceReport(phase3, one);
  await writeFinanceReport(reportInput(planOf('phase3', phase3Rows)), two);
  const names = [
    'cost-report.html',
    'cost-report.json',
    'cost-report.csv',
    'rates.csv',
    'report-manifest.json',
  ];
  assert.deepEqual(
    written,
    names.map((name) => path.join(one, name)),
  );
  assert.deepEqual((await readdir(two)).sort(), [...names].sort());
  for (const name of names) {
    assert.ok((await readFile(path.join(one, name))).equals(await readFile(path.join(two, name))), name);
  }
});

test('the totals of page, JSON and CSV are the forecast', async () => {
  const { p50, p90 } = phase3.forecast.forecast.total;
  const page = await financeHtml(phase3);
  assert.ok(page.includes(formatUsd(p50.usdMicros)) && page.includes(formatUsd(p90.usdMicros)));
  const json = JSON.parse(financeJson(phase3));
  assert.equal(json.forecast.total.p50_usd, decimalUsd(p50.usdMicros));
  const last = costCsv(phase3).trimEnd().split('\r\n').at(-1)?.split(',');
  assert.ok(last?.includes(decimalUsd(p50.usdMicros)) && last.includes(decimalUsd(p90.usdMicros)));
});

test('every row appears with its money on the page and in the CSV', async () => {
  const page = await financeHtml(phase3);
  const csv = costCsv(phase3);
  for (const row of phase3.forecast.forecast.rows) {
    assert.ok(page.includes(row.rowId) && page.includes(formatUsd(row.total.p50.usdMicros)), row.rowId);
    assert.ok(csv.includes(`${row.rowId},`) && csv.includes(decimalUsd(row.total.p50.usdMicros)), row.rowId);
  }
});

test('money in the JSON is decimal text, never a number', () => {
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) walk(inner, name);
    } else if (/usd$/i.test(key) && value !== null) assert.match(String(value), /^-?\d+\.\d{2,6}$/);
    if (/usd/i.test(key)) assert.notEqual(typeof value, 'number', key);
  };
  walk(JSON.parse(financeJson(phase3)), '');
});

test('each section of the page carries FORECAST, on screen and in print, and nothing runs or loads', async () => {
  const page = await financeHtml(phase3);
  assert.equal([...page.matchAll(/<section id=/g)].length, 16);
  assert.match(page, /--provenance:"FORECAST"/);
  assert.match(page, /@top-right\{content:"FORECAST"/);
  assert.match(page, /@page\{size:A4 landscape/);
  assert.doesNotMatch(page, /<script|url\(|@import|src=|href="http|undefined|NaN|\[object/);
  assert.doesNotMatch(page, /<p><\/p>|<tbody>\s*<\/tbody>/);
});

test('what breaks a limit is named with its excess and its levers', async () => {
  const page = await financeHtml(phase3);
  for (const breach of phase3.forecast.breaches) {
    assert.ok(page.includes(formatUsd(breach.by)), breach.subject);
    for (const lever of breach.levers)
      assert.ok(page.includes(formatUsd(lever.after.p90.usdMicros)), lever.text);
  }
  assert.match(page, /Do not approve as planned/);
});

test('a local phase says that nothing is bought, why that is zero, and that the comparison is not planned', async () => {
  const page = await financeHtml(phase1);
  assert.match(page, /because nothing is bought, not because a price is unknown/);
  assert.match(page, /<em>not planned<\/em>/);
  assert.match(page, /Actual to date<\/div><div class="figure-value">none yet/);
  const json = JSON.parse(financeJson(phase1));
  assert.equal(json.forecast.total.p50_usd, '0.00');
  assert.deepEqual(json.actual, { metered_usd: null, billed_usd: null, invoiced_usd: null });
  assert.match(costCsv(phase1), /no, comparison only/);
});

test('a campaign inside its limits asks for approval up to P90 and names the roles', async () => {
  const input = reportInput(planOf('phase4', phase4Rows.slice(0, 1)));
  const page = await financeHtml(input);
  assert.match(page, /Inside all limits/);
  assert.match(page, /Approve spending of up to \$\d/);
});

test('an unpriced item shows as such and not as zero', async () => {
  const sheet = readPriceSheet();
  const unitPrices = sheet.unitPrices.map((unit) =>
    unit.id === 'aws.eks.tier-xl' ? { ...unit, usd: null } : unit,
  );
  const input = reportInput(planOf('phase3', phase3Rows.slice(0, 1)), { sheet: { ...sheet, unitPrices } });
  const page = await financeHtml(input);
  assert.match(page, /1 item has no price/);
  assert.match(page, /unpriced<\/span> EKS provisioned control plane, tier XL/);
  assert.match(ratesCsv(input), /EKS provisioned control plane.*6\.90000/);
});

test('signatures that exist are printed, and their words are escaped', async () => {
  const plan = planOf('phase4', phase4Rows.slice(0, 1));
  const { hash } = reportInput(plan).approval;
  const sign = (role: 'engineering' | 'budget-owner', person: string) => ({
    hash,
    role,
    person,
    at: '2026-11-21T09:00:00Z',
    comment: '<b>ok</b>',
  });
  const page = await financeHtml(
    reportInput(plan, { approvals: [sign('engineering', 'Ada'), sign('budget-owner', 'Bo')] }),
  );
  assert.match(page, /approved, valid until 2026-11-22T09:00:00\.000Z/);
  assert.ok(page.includes('&lt;b&gt;ok&lt;/b&gt;') && !page.includes('<b>ok</b>'));
});

test('names of rows and campaigns cannot inject markup', async () => {
  const page = await financeHtml(
    reportInput(planOf('phase2', [{ row: 'X<script>/"a', nodes: 100, measureMinutes: 5 }], '<i>c')),
  );
  assert.doesNotMatch(page, /<script|<i>c/);
});

test('text that a spreadsheet would run as a formula is neutralised, figures are not touched', () => {
  for (const text of ['=1+1', '+cmd', '-cmd', '@SUM(A1)', '\t=1', ' =1', '\r\n=1', '|x']) {
    assert.match(csvField(text), /^"?'/, JSON.stringify(text));
  }
  assert.equal(csvField('-12.5'), '-12.5');
  assert.equal(csvField(-3), '-3');
  assert.equal(csvField('a,"b"'), '"a,""b"""');
  assert.equal(csvField(null), '');
  const csv = costCsv(
    reportInput(planOf('phase2', [{ row: '=HYPERLINK("x")', nodes: 100, measureMinutes: 5 }])),
  );
  assert.doesNotMatch(csv, /(^|,)"?=/m);
});
