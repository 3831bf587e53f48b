/** The price sheet: reading, looking up, refusing bad rows, and never a zero for an unknown price. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLine } from '#budgets/json-line.ts';
import { knownSkus, skuFault } from '#budgets/known-skus.ts';
import { parseUsd } from '#budgets/money.ts';
import { checkPriceSheet } from '#budgets/price-rules.ts';
import {
  type InstanceQuote,
  type PriceSheet,
  parsePriceSheet,
  readPriceSheet,
  readPriceSheetText,
} from '#budgets/price-sheet.ts';
import { lookupInstance, lookupUnit, worstInstance, worstUnit } from '#budgets/prices.ts';

const sheet = readPriceSheet();
const c6i = { provider: 'aws', region: 'us-west-2', sku: 'c6i.2xlarge' } as const;

function planted(change: (quote: InstanceQuote) => InstanceQuote): PriceSheet {
  const ours = (quote: InstanceQuote) => quote.region === c6i.region && quote.sku === c6i.sku;
  return { ...sheet, instances: sheet.instances.map((quote) => (ours(quote) ? change(quote) : quote)) };
}

function withSpot(usd: string): PriceSheet {
  return planted((quote) => ({
    ...quote,
    spot: { usdPerHour: parseUsd(usd), basis: 'B1', source: 'S03', date: '2026-11-01' },
  }));
}

test('the shipped sheet is below 300 KB, names a known source for every price and no price is zero', () => {
  assert.ok(readPriceSheetText().length < 300_000);
  assert.equal(sheet.instances.length, 694);
  for (const { onDemand, spot } of sheet.instances) {
    for (const price of [onDemand, spot]) {
      if (price === null) continue;
      assert.ok(price.usdPerHour > 0);
      assert.ok(sheet.sources[price.source] !== undefined && sheet.bases[price.basis] !== undefined);
    }
  }
  assert.equal(new Set(sheet.unitPrices.map((unit) => unit.id)).size, sheet.unitPrices.length);
});

test('the shipped sheet has no row that a rule rejects or that leaves its family band', () => {
  const warnings = checkPriceSheet(sheet, sheet.date);
  assert.deepEqual(
    warnings.filter((warning) => warning.rejects || warning.rule === 'outside-family-band'),
    [],
  );
  assert.ok(warnings.some((warning) => warning.rule === 'undated'));
});

test('a spot quote comes with its range over zones, list price, source and age', () => {
  const quote = lookupInstance(sheet, { ...c6i, option: 'spot' }, sheet.date);
  assert.ok(quote.status === 'priced');
  const { low, expected, high, list, ageDays } = quote;
  assert.deepEqual([low, expected, high, list, ageDays], [78_400, 113_530, 132_800, 340_000, null]);
  assert.match(quote.source, /skypilot-catalog/);
  assert.deepEqual(
    quote.warnings.map((warning) => warning.rule),
    ['undated'],
  );
});

test('a single spot quote gets the assumed band, and never above on demand', () => {
  const quote = lookupInstance(withSpot('0.20'), { ...c6i, option: 'spot' }, '2026-11-21');
  assert.ok(quote.status === 'priced');
  assert.deepEqual([quote.low, quote.expected, quote.high], [170_000, 200_000, 270_000]);
  const dear = lookupInstance(withSpot('0.33'), { ...c6i, option: 'spot' }, '2026-11-21');
  assert.ok(dear.status === 'priced');
  assert.equal(dear.high, 340_000);
});

test('spot above on demand is rejected and counts as unpriced', () => {
  const bad = withSpot('0.35');
  const quote = lookupInstance(bad, { ...c6i, option: 'spot' }, '2026-11-21');
  assert.ok(quote.status === 'unpriced');
  assert.match(quote.reason, /dearer than on demand/);
  assert.ok(checkPriceSheet(bad, '2026-11-21').some((warning) => warning.rule === 'spot-above-on-demand'));
});

test('spot below 10 % of on demand is rejected: a local zone or another meter', () => {
  const bad = withSpot('0.0339');
  assert.equal(lookupInstance(bad, { ...c6i, option: 'spot' }, '2026-11-21').status, 'unpriced');
  assert.ok(checkPriceSheet(bad, '2026-11-21').some((warning) => warning.rule === 'spot-too-cheap'));
  assert.equal(lookupInstance(withSpot('0.034'), { ...c6i, option: 'spot' }, '2026-11-21').status, 'priced');
});

test('a price per vCPU outside its family is named: Windows prices leaked into a Linux table once', () => {
  const leaked = planted((quote) => ({
    ...quote,
    onDemand: { usdPerHour: parseUsd('0.712'), basis: 'B1', source: 'S01', date: '2026-07-20' },
  }));
  const found = checkPriceSheet(leaked, '2026-11-21').filter(
    (warning) => warning.rule === 'outside-family-band',
  );
  assert.deepEqual(
    found.map((warning) => warning.item),
    ['aws us-west-2 c6i.2xlarge on-demand'],
  );
});

test('a sheet used long after its date is stale, and so is each old quote', () => {
  const stale = checkPriceSheet(sheet, '2027-11-21').filter((warning) => warning.rule === 'stale');
  assert.ok(stale.some((warning) => warning.item === 'price sheet 2026-11-21'));
  const fresh = checkPriceSheet(sheet, '2026-11-21').filter((warning) => warning.rule === 'stale');
  assert.ok(!fresh.some((warning) => warning.item === 'price sheet 2026-11-21'));
});

test('an unknown price is typed, never zero', () => {
  assert.equal(
    lookupInstance(sheet, { ...c6i, sku: 'c99.huge', option: 'spot' }, sheet.date).status,
    'unpriced',
  );
  assert.equal(
    lookupInstance(
      sheet,
      { ...c6i, region: 'eu-west-1', sku: 'm6i.2xlarge', option: 'on-demand' },
      sheet.date,
    ).status,
    'unpriced',
  );
  assert.equal(lookupUnit(sheet, 'aws.eks.tier-8xl', sheet.date).status, 'unpriced');
  assert.equal(lookupUnit(sheet, 'aws.nothing', sheet.date).status, 'unpriced');
});

test('an unpriced item is counted at the worst of its class', () => {
  const tier = lookupUnit(sheet, 'aws.eks.tier-8xl', sheet.date);
  assert.ok(tier.status === 'unpriced');
  assert.equal(worstUnit(sheet, 'aws.eks.tier-8xl', tier, sheet.date).pricedAs.expected, parseUsd('6.90'));
  const request = { ...c6i, option: 'spot' } as const;
  const spot = lookupInstance(withSpot('0.35'), request, sheet.date);
  assert.ok(spot.status === 'unpriced');
  assert.equal(
    worstInstance(withSpot('0.35'), request, 8, spot, sheet.date).pricedAs.expected,
    parseUsd('0.34'),
  );
  const unknown = { ...request, sku: 'c99.huge' };
  const missing = lookupInstance(sheet, unknown, sheet.date);
  assert.ok(missing.status === 'unpriced');
  const worst = worstInstance(sheet, unknown, 8, missing, sheet.date).pricedAs.expected;
  for (const { provider, onDemand, vcpu } of sheet.instances) {
    if (provider === 'aws' && onDemand !== null) assert.ok(worst >= (onDemand.usdPerHour * 8) / vcpu);
  }
});

test('a class without any price is an error', () => {
  const tier = lookupUnit(sheet, 'aws.nothing', sheet.date);
  assert.ok(tier.status === 'unpriced');
  assert.throws(() => worstUnit(sheet, 'aws.nothing', tier, sheet.date), { code: 'unpriceable' });
});

test('a broken sheet is refused with the path of the fault', () => {
  assert.throws(() => parsePriceSheet('{'), { code: 'bad-price-sheet' });
  const text = readPriceSheetText().replace('"usdPerHour":"0.085"', '"usdPerHour":"cheap"');
  assert.throws(
    () => parsePriceSheet(text),
    /instances\.\d+\.(onDemand|spot)\.usdPerHour: not a price: "cheap"/,
  );
});

test('a price below zero is refused, of a machine zero as well; a unit may be free; the row is named', () => {
  const text = readPriceSheetText();
  const price = /"usdPerHour":"[\d.]+"/;
  for (const [planted, why] of [
    [text.replace(price, '"usdPerHour":"-0.1"'), /instances\.0\.\w+\.usdPerHour: a price is above zero/],
    [text.replace(price, '"usdPerHour":"0"'), /instances\.0\.\w+\.usdPerHour: a price is above zero/],
    [text.replace(/"usd":"[\d.]+"/, '"usd":"-1"'), /unitPrices\.0\.usd: a price is not negative/],
  ] as const) {
    assert.notEqual(planted, text);
    assert.throws(() => parsePriceSheet(planted), { code: 'bad-price-sheet', message: why });
  }
  assert.ok(parsePriceSheet(text).unitPrices.some(({ usd }) => usd === 0));
});

test('a fault is named with the line on which its value stands, however the file is written', () => {
  const value = { a: [{ b: '{"]' }, { c: [1, { d: null }] }], e: 'x' };
  for (const text of [JSON.stringify(value), JSON.stringify(value, null, 1)]) {
    const lines = text.split('\n');
    const at = (...path: (string | number)[]): string => lines[jsonLine(text, path) - 1] ?? '';
    assert.match(at('a', 0, 'b'), /"b"/);
    assert.match(at('a', 1, 'c', 1, 'd'), /"d"/);
    assert.match(at('e'), /"e"/);
    assert.match(at('a', 1, 'c', 1, 'missing'), /\{/);
    assert.equal(jsonLine(text, ['missing']), 1);
  }
  const row = jsonLine(JSON.stringify(value, null, 1), ['a', 1, 'c', 0]);
  assert.equal(JSON.stringify(value, null, 1).split('\n')[row - 1]?.trim(), '1,');
});

test('a sheet with a row of an unknown SKU, or with a row twice, is refused with the nearest known name', () => {
  const known = knownSkus([sheet]);
  assert.equal(skuFault(sheet, known), null);
  const [first, ...rest] = sheet.instances;
  assert.ok(first !== undefined);
  const fault = (instances: readonly InstanceQuote[], unitPrices = sheet.unitPrices) =>
    skuFault({ ...sheet, instances: [...instances], unitPrices }, known);
  assert.deepEqual(fault([...rest, { ...first, sku: `${first.sku}x` }]), {
    path: ['instances', rest.length, 'sku'],
    message: `unknown SKU "${first.sku}x" of aws; nearest known: "${first.sku}"`,
  });
  assert.match(fault([first, ...rest, first])?.message ?? '', /stands twice, first as instances\.0/);
  const units = sheet.unitPrices.map((unit) =>
    unit.id === 'aws.nat.hour' ? { ...unit, id: 'aws.nat.huor' } : unit,
  );
  assert.match(
    fault(sheet.instances, units)?.message ?? '',
    /unknown SKU "aws.nat.huor"; nearest known: "aws.nat.hour"/,
  );
});
