/**
 * What past campaigns teach the next forecast, recorded prices against the forecast's quantiles, alerts of a run's limit.
 * Method: files in a folder of their own; ratios and coverages recomputed by hand.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readAccuracy, risksFrom, storeAccuracy } from '#budgets/accuracy.ts';
import { backtest, readPriceHistory } from '#budgets/backtest.ts';
import { type ForecastInput, forecast } from '#budgets/forecast.ts';
import { defaultLimits, runAlerts } from '#budgets/limits.ts';
import { usdMicros } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { cloudStackFor } from '#budgets/stacks.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'accuracy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const sheet = readPriceSheet();
const input: ForecastInput = {
  campaign: 'c',
  phase: 'phase2',
  stack: cloudStackFor(1_000),
  sheet,
  asOf: sheet.date,
  rows: [
    {
      rowId: 'A',
      scenarioId: 'A',
      label: '',
      nodes: 1_000,
      repetitions: 3,
      runUs: 3_600_000_000,
      bytesPerNodeSecond: null,
    },
  ],
};

const score = (ratio: number) => ({
  component: 'compute',
  ratio,
  actualState: 'BILLED' as const,
  insideP90: true,
});

test('a reconciled campaign moves the next forecast, reconciled again it replaces itself, and a few lines move it little', () => {
  const file = path.join(folder, 'one', 'accuracy.json');
  assert.deepEqual(risksFrom(readAccuracy(file)).observedRatio, {});
  assert.equal(storeAccuracy('c1', 'h', [], file), false);
  assert.ok(storeAccuracy('c1', 'h1', [score(3)], file));
  assert.ok(storeAccuracy('c1', 'h2', [score(1.5)], file));
  assert.ok(storeAccuracy('c2', 'h3', [score(1.2)], file));
  const risks = risksFrom(readAccuracy(file));
  assert.deepEqual(risks.observedRatio['compute'], {
    ratio: Math.round(((4 + 1.5 + 1.2) / 6) * 1e6) / 1e6,
    lines: 2,
  });
  const before = forecast(input).total.p50.usdMicros;
  const learnt = forecast({ ...input, risks }).total.p50.usdMicros;
  assert.ok(learnt > before && learnt < before * 1.12, `${before} -> ${learnt}`);
  writeFileSync(file, '{"version":1,"campaigns":{"c":{}}}');
  assert.throws(() => readAccuracy(file), { code: 'ledger-damaged', message: /campaigns\.c/ });
});

test('recorded prices are counted against the quantiles that a VM-hour is drawn from', () => {
  const past = readPriceHistory();
  assert.equal(past.rows.length, 35);
  const found = backtest(past, sheet);
  assert.equal(found.rows.length + found.notCompared.length, 35);
  assert.equal(found.coverageP90, found.rows.filter((row) => row.paid <= row.p90).length / found.rows.length);
  assert.ok(found.rows.every((row) => row.p50 <= row.p90));
  // The sheet's own quotes are at the middle of the law, a price above on demand never is inside it.
  const paid = (usd: number) =>
    past.rows.map((row) => ({ ...row, spotUsdPerHour: (Number(row.onDemandUsdPerHour) * usd).toFixed(6) }));
  assert.equal(backtest({ ...past, rows: paid(1.3) }, sheet).coverageP90, 0);
  assert.equal(backtest({ ...past, rows: paid(0.01) }, sheet).coverageP50, 1);
  const unknown = past.rows.map((row) => ({ ...row, sku: 'x9.large' }));
  assert.equal(backtest({ ...past, rows: unknown }, sheet).coverageP90, null);
});

test('a run rings at the highest of 50, 80 and 100 % of its limit that it reaches', () => {
  const own = forecast(input);
  const [row] = own.rows;
  assert.ok(row !== undefined);
  const { p50, p90 } = row.alone;
  const at = (perRun: number) => runAlerts(own, { ...defaultLimits, perRun: usdMicros(perRun) });
  assert.deepEqual(at(p90.usdMicros * 3), []);
  assert.deepEqual(at(p50.usdMicros * 2), [{ rowId: 'A', percent: 50, reached: 'at P50' }]);
  assert.deepEqual(at(p90.usdMicros), [{ rowId: 'A', percent: 100, reached: 'at P90 only' }]);
  assert.deepEqual(at(p50.usdMicros), [{ rowId: 'A', percent: 100, reached: 'at P50' }]);
});
