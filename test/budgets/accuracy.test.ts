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
import { backtest } from '#budgets/backtest.ts';
import { type ForecastInput, forecast } from '#budgets/forecast.ts';
import { defaultLimits, runAlerts } from '#budgets/limits.ts';
import { parseUsd, usdMicros } from '#budgets/money.ts';
import { shippedDrift } from '#budgets/price-drift.ts';
import { readPriceHistory } from '#budgets/price-history.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { quantiles, spotPrices } from '#budgets/sampled-cost.ts';
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

test('recorded prices are counted against the quantiles that a VM-hour is drawn from, none predicted from itself', () => {
  const past = readPriceHistory();
  const found = backtest(past, sheet);
  assert.deepEqual(
    found.sets.map(({ name, rows }) => [name, rows.length]),
    [
      ['other families', 35],
      ['turned round', 35],
      ['later', 36],
    ],
  );
  for (const { name, rows, coverageP90, intervalP90 } of found.sets) {
    assert.equal(coverageP90, rows.filter((row) => row.paid <= row.p90).length / rows.length);
    assert.ok(rows.every((row) => row.p50 <= row.p90 && row.quotedOn !== row.paidOn));
    // A P90 that nine in ten prices stay below, or as near to it as so few observations can tell.
    assert.ok(intervalP90 !== null && intervalP90[1] >= 0.9, `${name}: ${coverageP90}`);
  }
  const paid = (usd: number) =>
    past.rows.map((row) => ({
      ...row,
      quotes: row.quotes.map((quote, i) =>
        i === 0 ? quote : { ...quote, usdPerHour: (Number(row.onDemandUsdPerHour) * usd).toFixed(6) },
      ),
    }));
  // Above on demand nothing is drawn; a tenth of a cent is under every median.
  assert.equal(backtest({ ...past, rows: paid(1.3) }, sheet).sets[0]?.coverageP90, 0);
  assert.equal(backtest({ ...past, rows: paid(0.001) }, sheet).sets[0]?.coverageP50, 1);
  const unknown = past.rows.map((row) => ({ ...row, sku: `x${row.sku}` }));
  assert.equal(backtest({ ...past, rows: unknown }, sheet).sets[2]?.coverageP90, null);
});

test('the older a quote, the wider what it may cost; its median stays where it was quoted', () => {
  const law = shippedDrift();
  const quoted = { low: parseUsd('0.10'), expected: parseUsd('0.11'), high: parseUsd('0.12'), list: null };
  const after = [1, 7, 30, 365].map((days) => {
    const { low, p50, p90 } = quantiles(spotPrices(quoted, { law, days }, { seed: 3, draws: 4_000 }));
    return { low: low.usdMicros, p50: p50.usdMicros, p90: p90.usdMicros };
  });
  for (const [i, now] of after.entries()) {
    const before = after[i - 1];
    assert.ok(Math.abs(now.p50 / 110_000 - 1) < 0.02, `${now.p50}`);
    if (before !== undefined) assert.ok(now.p90 > before.p90 && now.low < before.low);
  }
  assert.ok((after[0]?.p90 ?? 0) < 130_000, 'a quote of today is no guess');
  const capped = spotPrices(
    { ...quoted, list: parseUsd('0.15') },
    { law, days: 365 },
    { seed: 3, draws: 4_000 },
  );
  assert.equal(Math.max(...capped), 150_000);
});

test('a run rings at the highest of 50, 80 and 100 % of its limit that it reaches', () => {
  const own = forecast(input);
  const [row] = own.rows;
  assert.ok(row !== undefined);
  const { p50, p90 } = row.alone;
  const at = (perRun: number) => runAlerts(own, { ...defaultLimits, perRun: usdMicros(perRun) });
  assert.deepEqual(at(p90.usdMicros * 3), []);
  assert.deepEqual(at(Math.ceil(p90.usdMicros / 0.79)), [
    { rowId: 'A', percent: 50, reached: 'at P90 only' },
  ]);
  assert.deepEqual(at(p90.usdMicros), [{ rowId: 'A', percent: 100, reached: 'at P90 only' }]);
  assert.deepEqual(at(p50.usdMicros), [{ rowId: 'A', percent: 100, reached: 'at P50' }]);
});
