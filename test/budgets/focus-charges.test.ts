/**
 * A forecast as charges: its sum at both grains, quantities that a bill would count, and the names of whoever sells it.
 * Method: the machine-hours and the gigabyte-hours are worked out by hand; a stack of another provider is made of a quote of the sheet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargesByRun } from '#budgets/focus/charges.ts';
import { type FocusContext, focusRow } from '#budgets/focus/focus-row.ts';
import { forecast } from '#budgets/forecast.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { chargesByRow } from '#budgets/ledger/forecast-charges.ts';
import { readPriceSheet, readPriceSheetText } from '#budgets/price-sheet.ts';
import { type CloudStack, cloudStackFor } from '#budgets/stacks.ts';

const sheet = readPriceSheet();
const row = {
  rowId: 'LT-003/nodes=1000',
  scenarioId: 'LT-003',
  label: '1000 nodes',
  nodes: 1_000,
  repetitions: 2,
  runUs: 57 * 60e6,
  bytesPerNodeSecond: null,
};
const of = (stack: CloudStack) =>
  forecast({ campaign: 'c', phase: 'phase2', stack, sheet, asOf: sheet.date, rows: [row] });
const context: FocusContext = {
  billingAccountId: 'a',
  billingAccountName: 'a',
  subAccountId: 's',
  subAccountName: 's',
  costCentre: null,
  listOverPaid: null,
  isSpot: true,
};
const sum = (charges: readonly Charge[]): number => charges.reduce((all, one) => all + one.usdMicros, 0);

test('charges per run and charges per row add up to the same forecast', () => {
  const whole = of(cloudStackFor(1_000));
  const byRow = chargesByRow(whole, { name: 'forecast.json', sha256: 'a'.repeat(64) });
  assert.equal(sum(chargesByRun(whole)), whole.total.p50.usdMicros);
  assert.equal(sum(byRow), whole.total.p50.usdMicros);
});

test('a run of an hour on 67 machines is 67 machine-hours, four fixed ones four, and disks are counted in GiB-hours', () => {
  const one = chargesByRun(of(cloudStackFor(1_000))).filter(
    ({ rowId, repetition }) => rowId === row.rowId && repetition === 0,
  );
  const quantity = (component: string): readonly string[] =>
    one
      .filter((charge) => charge.component === component)
      .map((charge) => `${charge.quantity} ${charge.unit}`);
  assert.deepEqual(quantity('compute'), ['67.000000 Hours']);
  assert.deepEqual(quantity('system'), ['3.000000 Hours']);
  assert.deepEqual(quantity('storage'), [`${67 * 30 + 3 * 30 + 100}.000000 GiB-Hours`]);
  const pool = one.find(({ component }) => component === 'compute');
  assert.ok(pool !== undefined);
  const raw: { instances: { region: string; sku: string; spot: { usdPerHour: string } | null }[] } =
    JSON.parse(readPriceSheetText());
  const quote = raw.instances.find(
    ({ region, sku }) => region === 'us-west-2' && sku === 'c6i.2xlarge',
  )?.spot;
  assert.equal(
    Number(focusRow(pool, context).ListUnitPrice),
    Number(quote?.usdPerHour),
    'of one machine-hour',
  );
});

test('what is bought elsewhere carries the names of whoever sells it', () => {
  const quote = sheet.instances.find(
    ({ provider, sku, spot, region }) =>
      provider === 'gcp' && region === 'us-central1' && sku === 'c3d-highcpu-8' && spot !== null,
  );
  assert.ok(quote !== undefined);
  const base = cloudStackFor(1_000);
  const machine = { sku: quote.sku, vcpu: quote.vcpu, memGiB: quote.memGiB };
  const pool = { ...base.pool, ...machine };
  const fixedVms = base.fixedVms.map((group) => ({ ...group, ...machine }));
  const stack = { ...base, provider: 'gcp' as const, region: quote.region, pool, fixedVms };
  const rows = chargesByRun(of(stack)).map((charge) => focusRow(charge, context));
  assert.deepEqual([...new Set(rows.map(({ ProviderName }) => ProviderName))], ['Google Cloud']);
  const compute = rows.find(({ x_Component }) => x_Component === 'compute');
  assert.deepEqual(
    [compute?.ServiceName, compute?.ServiceCategory, compute?.RegionId],
    ['Compute Engine', 'Compute', 'us-central1'],
  );
  assert.ok(rows.every(({ ServiceName }) => !/Amazon/.test(ServiceName ?? '')));
});
