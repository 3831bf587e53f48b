/** Bills as providers write them, and metered against billed: nothing is mixed, doubled or invented. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { forecast } from '#budgets/forecast.ts';
import { EMPTY_HEAD, nextLine, readChain } from '#budgets/ledger/chain.ts';
import type { LedgerRecord } from '#budgets/ledger/entry.ts';
import { componentOf, microsOf, momentOf, readFocus } from '#budgets/ledger/focus-import.ts';
import { chargesByRow } from '#budgets/ledger/forecast-charges.ts';
import {
  accrualsFor,
  changedCharges,
  newCharges,
  openAccrual,
  reconcile,
} from '#budgets/ledger/reconcile.ts';
import { parseUsd, sum } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { stackNamed } from '#budgets/stacks.ts';
import { charge } from '#test/budgets/ledger/records.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'bills-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const options = { name: 'bill.csv', campaign: 'c', state: 'BILLED' as const };

function chainOf(records: readonly LedgerRecord[]) {
  let head = EMPTY_HEAD;
  let text = '';
  for (const record of records) {
    const next = nextLine(head, record, '2026-11-28T12:00:00.000Z');
    head = next.head;
    text += next.line;
  }
  return readChain(text);
}

const header =
  'ServiceName,BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ChargeDescription,ProviderName,Tags,SubAccountId,x_Discounts';
const row = (cost: string, rest = '') =>
  `Amazon Elastic Compute Cloud,${cost},USD,Usage,2026-11-21 10:00:00,2026-11-21T11:00:00Z,"c6i.2xlarge, spot",AWS,"{""user_scenario"":""LT-003"",""rep"":""2""}",210987654321,${rest}`;

test('a bill with quirks of providers is read to the micro-dollar, from CSV and Parquet alike', async () => {
  const file = path.join(folder, 'bill.csv');
  writeFileSync(file, `${header}\n${row('0.1212')}\n${row('1.5E-5')}\n${row('0.0000005')}\n`);
  const { charges } = await readFocus(file, options);
  assert.deepEqual(
    charges.map((one) => one.usdMicros),
    [121_200, 15, 0],
  );
  const [first] = charges;
  assert.deepEqual(
    [first?.scenarioId, first?.repetition, first?.component, first?.periodStart, first?.description],
    ['LT-003', 2, 'compute', '2026-11-21T10:00:00.000Z', 'c6i.2xlarge, spot'],
  );
  const parquet = path.join(folder, 'bill.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    `copy (select 'Amazon EKS' as ServiceName, 0.1::decimal(20,9) as BilledCost, 'USD' as BillingCurrency, 'Usage' as ChargeCategory, timestamp '2026-11-21 10:00:00' as ChargePeriodStart, timestamp '2026-11-21 11:00:00' as ChargePeriodEnd, 'AWS' as ProviderName) to '${parquet}' (format parquet)`,
  );
  connection.closeSync();
  const stored = await readFocus(parquet, options);
  assert.deepEqual(
    stored.charges.map((one) => [one.usdMicros, one.periodEnd, one.sku]),
    [[100_000, '2026-11-21T11:00:00.000Z', null]],
  );
});

test('a bill that cannot be read is refused with file, row and column, and nothing of it is kept', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [`${header}\n${row('NaN')}\n`, /row 1: BilledCost is no number: NaN/],
    [`${header}\n${row('1')}\n${row('')}\n`, /row 2: BilledCost is empty/],
    [`${header}\n${row('1').replace(',USD,', ',,')}\n`, /row 1: BillingCurrency is empty/],
    [`${header}\n${row('1').replace(',USD,', ',EUR,')}\n`, /BillingCurrency EUR/],
    [`${header}\n${row('-1')}\n`, /not negative/],
    [`${header}\n`, /no rows/],
    [`${header.replace('BilledCost', 'Cost')}\n${row('1')}\n`, /columns are missing: BilledCost/],
  ];
  for (const [text, message] of cases) {
    const file = path.join(folder, 'wrong.csv');
    writeFileSync(file, text);
    await assert.rejects(readFocus(file, options), { code: 'bad-bill', message });
  }
  await assert.rejects(readFocus(path.join(folder, 'absent.csv'), options), { code: 'bad-bill' });
});

test('amounts and moments of any spelling (property, seed 7)', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), (micros) => {
      const sign = micros < 0 ? '-' : '';
      const digits = String(Math.abs(micros)).padStart(7, '0');
      assert.equal(
        microsOf(`${sign}${digits.slice(0, -6)}.${digits.slice(-6)}000`),
        micros === 0 ? 0 : micros,
      );
      assert.equal(microsOf(`${micros}e-6`), micros === 0 ? 0 : micros);
    }),
    { seed: 7, numRuns: 200 },
  );
  for (const bad of ['', '.', 'e5', '1,5', '$1', 'Infinity', '0x1']) assert.equal(microsOf(bad), null, bad);
  assert.equal(momentOf('2026-11-21'), '2026-11-21T00:00:00.000Z');
  assert.equal(momentOf('soon'), null);
  assert.equal(componentOf('Amazon Elastic Kubernetes Service'), 'control-plane');
});

test('metered and billed are compared per component, with classes, and absent is not zero', () => {
  const chain = chainOf([
    charge('FORECAST', 1_000_000),
    charge('METERED', 1_040_000),
    charge('BILLED', 1_000_000),
    charge('METERED', 500_000, { component: 'storage' }),
    charge('BILLED', 70_000, { component: 'network' }),
    charge('METERED', 100_000, { component: 'observability' }),
    charge('BILLED', 130_000, { component: 'observability' }),
  ]);
  const result = reconcile(chain, 5);
  assert.deepEqual(
    result.lines.map((line) => [
      line.component,
      line.difference,
      line.variance,
      line.withinTolerance,
      line.accrual,
    ]),
    [
      ['compute', -40_000, 'note', true, 40_000],
      ['network', null, 'not-metered', false, 0],
      ['observability', 30_000, 'emergency-review', false, 0],
      ['storage', null, 'not-billed', false, 500_000],
    ],
  );
  assert.equal(result.reconciled, false);
  assert.deepEqual(
    result.scores.map((one) => [one.component, one.errorPercent, one.insideP90, one.ratio, one.actualState]),
    [['compute', 0, true, 1, 'BILLED']],
  );
  assert.equal(result.lines[0]?.invoiced, null);
});

test('accruals follow what is open and are reversed by the bill; the same bill twice adds nothing', () => {
  const records: LedgerRecord[] = [charge('METERED', 900_000)];
  const first = accrualsFor(chainOf(records), 'c', '2026-11');
  assert.deepEqual(
    first.map((one) => [one.direction, one.usdMicros]),
    [['accrue', 900_000]],
  );
  records.push(...first);
  assert.deepEqual(accrualsFor(chainOf(records), 'c', '2026-11'), []);
  const bill = {
    sha256: 'a'.repeat(64),
    charges: [charge('BILLED', 850_000, { sourceSha256: 'a'.repeat(64) })],
  };
  records.push(...newCharges(chainOf(records), bill));
  assert.deepEqual(newCharges(chainOf(records), bill), []);
  records.push(...accrualsFor(chainOf(records), 'c', '2026-11'));
  assert.equal(openAccrual(chainOf(records), 'aws', '2026-11'), 50_000);
});

test('a source that is asked again adds what is new, and a correction as the difference', () => {
  const asked = [
    charge('BILLED', 500_000, { source: 'CE' }),
    charge('BILLED', 700_000, { source: 'CE', sku: 'm' }),
  ];
  const held = charge('BILLED', 400_000, { source: 'CE' });
  const elsewhere = charge('BILLED', 700_000, { source: 'bill.csv', sku: 'm' });
  const added = changedCharges(chainOf([held, elsewhere]), 'CE', asked);
  assert.deepEqual(
    added.map((one) => [one.sku, one.usdMicros, one.category]),
    [
      ['c6i.2xlarge', 100_000, 'adjustment'],
      ['m', 700_000, 'usage'],
    ],
  );
  assert.deepEqual(changedCharges(chainOf([held, elsewhere, ...added]), 'CE', asked), []);
});

test('a forecast in the ledger adds up to the forecast', () => {
  const sheet = readPriceSheet();
  const rows = [1, 2].map((i) => ({
    rowId: `R${i}`,
    scenarioId: 'S',
    label: 'r',
    nodes: 900 * i,
    repetitions: 3,
    runUs: i * HOUR_US,
    bytesPerNodeSecond: null,
  }));
  const own = forecast({
    campaign: 'c',
    phase: 'phase2',
    stack: stackNamed('phase2'),
    sheet,
    asOf: sheet.date,
    rows,
  });
  const charges = chargesByRow(own, { name: 'forecast.json', sha256: 'b'.repeat(64) });
  assert.equal(sum(charges.map((one) => one.usdMicros)), own.total.p50.usdMicros);
  assert.equal(sum(charges.map((one) => one.p90UsdMicros ?? parseUsd('0'))), own.total.p90.usdMicros);
  assert.equal(chainOf(charges).entries.length, charges.length);
});

test('of the bill of an account only the rows of the campaign are taken; of an account of its own all; of another campaign none', async () => {
  const file = path.join(folder, 'account.csv');
  const tagged = (cost: string, tags: string): string =>
    row(cost).replace(/"\{.*\}"/, tags === '' ? '' : `"{""${tags.replace('=', '"":""')}""}"`);
  const mine = tagged('1', `user:bft:campaign=${options.campaign}`);
  const [other, untagged] = [tagged('20', 'user_bft:campaign=another'), tagged('300', '')];
  writeFileSync(file, `${header}\n${other}\n${mine}\n${untagged}\n`);
  const shared = await readFocus(file, options);
  assert.deepEqual(
    shared.charges.map((one) => one.usdMicros),
    [1_000_000],
  );
  assert.deepEqual(shared.leftOut, { ofOthers: 1, untagged: 1 });
  writeFileSync(file, `${header}\n${untagged}\n${untagged}\n`);
  assert.equal((await readFocus(file, options)).charges.length, 2);
  writeFileSync(file, `${header}\n${other}\n${untagged}\n`);
  await assert.rejects(readFocus(file, options), {
    code: 'bad-bill',
    message: new RegExp(`no row carries the tag bft:campaign=${options.campaign}; the file has another`),
  });
});
