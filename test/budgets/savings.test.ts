/** Rates of a stack, estimates, candidates for a cheaper pool, savings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addEstimates, estimate, timesEstimate } from '#budgets/estimate.ts';
import { type ForecastInput, forecast } from '#budgets/forecast.ts';
import { otherTypes } from '#budgets/levers.ts';
import { amount, parseUsd } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { savings } from '#budgets/savings.ts';
import { allRates, ratesOf } from '#budgets/stack-rates.ts';
import { cloudStackFor, stackNamed } from '#budgets/stacks.ts';

const sheet = readPriceSheet();
const stack = cloudStackFor(5_000);
const rows = [
  {
    rowId: 'A',
    scenarioId: 'A',
    label: '',
    nodes: 5_000,
    repetitions: 3,
    runUs: HOUR_US,
    bytesPerNodeSecond: 50_000,
  },
];
const input: ForecastInput = { campaign: 'c', phase: 'phase3', stack, sheet, asOf: sheet.date, rows };

test('estimates add and multiply value by value and refuse another kind of money', () => {
  const one = estimate(parseUsd('1'), parseUsd('2'), parseUsd('3'));
  assert.deepEqual(addEstimates([one, one]), timesEstimate(one, 2));
  const billed = { ...one, p90: amount('BILLED', parseUsd('3')) };
  assert.throws(() => addEstimates([one, billed]), { code: 'mixed-amounts' });
});

test('the rate card of a stack holds every price once, each with its use', () => {
  const uses = allRates(ratesOf(stack, sheet, sheet.date)).map(({ use }) => use);
  assert.deepEqual(uses, [
    'node pool',
    'system pool',
    'metrics VM',
    'EKS cluster',
    'interface endpoints',
    'NAT gateways (none: endpoints)',
    'public addresses (none: private nodes)',
    'EKS provisioned tier XL',
    'root disks',
    'control-plane logs',
    'cross-zone traffic',
    'results and metrics leaving the region',
  ]);
});

test('a spot pool without a published interruption band is taken as the worst, on demand is not interrupted', () => {
  const instances = sheet.instances.map((quote) => ({ ...quote, interruption: null }));
  const unknown = ratesOf(stack, { ...sheet, instances }, sheet.date);
  assert.deepEqual(unknown.interruptions, { low: 200, expected: 250, high: 400 });
  assert.match(unknown.interruptionBasis, /worst assumed/);
  const onDemand = ratesOf({ ...stack, pool: { ...stack.pool, option: 'on-demand' } }, sheet, sheet.date);
  assert.equal(onDemand.interruptions.high, 0);
});

test('candidates for the node pool leave out the present one, other providers and what cannot be priced', () => {
  const found = otherTypes(stack, input);
  assert.ok(found.length > 50);
  for (const { quote, stack: other } of found) {
    assert.equal(quote.provider, 'aws');
    assert.notEqual(`${other.region} ${other.pool.sku}`, `${stack.region} ${stack.pool.sku}`);
    assert.ok(quote.spot !== null);
  }
});

test('a saving is the difference of two forecasts of the whole phase', () => {
  const now = forecast(input);
  const found = savings(input, now);
  const spot = found[0];
  const onDemand = forecast({ ...input, stack: { ...stack, pool: { ...stack.pool, option: 'on-demand' } } });
  assert.equal(spot?.before, onDemand.total.p50.usdMicros);
  for (const { before, after, saved, status } of found) {
    assert.equal(saved, before - after);
    assert.equal(status === 'applied' ? after : before, now.total.p50.usdMicros);
    assert.ok(saved > 0);
  }
  assert.deepEqual(
    savings({ ...input, stack: stackNamed('local') }, forecast({ ...input, stack: stackNamed('local') })),
    [],
  );
});
