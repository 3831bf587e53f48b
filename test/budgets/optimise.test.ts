/**
 * What a plan could cost instead. Method: the week of 5,000 nodes is proven impossible by a second search over the raw sheet; the
 * proposal keeps every row and is never dearer; providers are ranked by figures recomputed from the raw sheet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ForecastInput, ForecastRowInput } from '#budgets/forecast.ts';
import { defaultLimits } from '#budgets/limits.ts';
import { parseUsd } from '#budgets/money.ts';
import { optimise } from '#budgets/optimise.ts';
import { cheapestBy, comparePrices } from '#budgets/price-comparison.ts';
import { readPriceSheet, readPriceSheetText } from '#budgets/price-sheet.ts';
import { cloudStackFor, stackNamed } from '#budgets/stacks.ts';

const sheet = readPriceSheet();
const HOUR_US = 3_600_000_000;

function input(rows: readonly Partial<ForecastRowInput>[]): ForecastInput {
  const whole = rows.map((row, i) => ({
    rowId: `R${i}`,
    scenarioId: `R${i}`,
    label: '',
    nodes: 5_000,
    repetitions: 3,
    runUs: HOUR_US,
    bytesPerNodeSecond: null,
    ...row,
  }));
  const stack = cloudStackFor(Math.max(...whole.map(({ nodes }) => nodes)));
  return {
    campaign: 'c',
    phase: 'phase3',
    stack,
    sheet,
    asOf: sheet.date,
    rows: whole,
    sampling: { seed: 1, draws: 200 },
  };
}

test('a week of 5,000 nodes is impossible inside $1,000 on any quote; an hour is not', () => {
  const week = optimise(input([{ rowId: 'week', runUs: 168 * HOUR_US }, { rowId: 'hour' }]), defaultLimits);
  assert.deepEqual(
    week?.impossible.map(({ rowId }) => rowId),
    ['week'],
  );
  const least = week?.impossible[0]?.least ?? 0;
  assert.ok(least > defaultLimits.perRun);
  // Second search: half a CPU per node bounds the nodes of any VM by twice its vCPUs, whatever else it reserves.
  const raw: {
    instances: {
      vcpu: number;
      onDemand: { usdPerHour: string } | null;
      spot: { usdPerHour: string; minUsdPerHour?: string } | null;
    }[];
  } = JSON.parse(readPriceSheetText());
  const perNodeHour = raw.instances.flatMap(({ vcpu, onDemand, spot }) =>
    [onDemand?.usdPerHour, spot?.minUsdPerHour ?? spot?.usdPerHour]
      .filter((usd) => usd !== undefined)
      .map((usd) => Number(usd) / (2 * vcpu)),
  );
  assert.ok(
    Math.min(...perNodeHour) * 5_000 * 168 <= least / 1e6,
    'the proof claims no more than the bound allows',
  );
  assert.match(week?.impossible[0]?.arithmetic ?? '', /x 168 h x \$0\.\d+ = \$/);
});

test('the proposal keeps every question, is never dearer, and options are ranked by what they save', () => {
  const found = optimise(input([{}, { nodes: 1_000, repetitions: 6, runUs: 20 * HOUR_US }]), defaultLimits);
  assert.ok(found !== null);
  assert.ok(found.proposal.total.p90.usdMicros <= found.now.p90.usdMicros);
  assert.equal(found.proposal.saved, found.now.p50.usdMicros - found.proposal.total.p50.usdMicros);
  const saved = found.options.map((one) => one.saved);
  assert.deepEqual(
    saved,
    saved.toSorted((a, b) => b - a),
  );
  for (const one of found.options) assert.equal(one.saved, found.now.p50.usdMicros - one.after.p50.usdMicros);
  const kinds = new Set(found.options.map(({ lever }) => lever));
  for (const lever of ['region', 'family', 'architecture', 'packing', 'windows', 'repetitions'] as const)
    assert.ok(kinds.has(lever), lever);
  assert.equal(found.options.find(({ lever }) => lever === 'packing')?.answersEverything, false);
  assert.equal(optimise({ ...input([{}]), stack: stackNamed('phase1') }, defaultLimits), null);
});

test('providers are compared by VM price over the nodes that fit, cheapest first, and nothing unknown has a price', () => {
  const rows = comparePrices(sheet);
  assert.deepEqual(new Set(rows.map(({ provider }) => provider)), new Set(['aws', 'gcp', 'azure']));
  const prices = rows.map((row) => row.perThousandNodeHours);
  assert.deepEqual(
    prices,
    prices.toSorted((a, b) => a - b),
  );
  assert.ok(prices.every((price) => price > 0));
  const one = rows.find(
    (row) => row.region === 'us-west-2' && row.sku === 'c6i.2xlarge' && row.option === 'on-demand',
  );
  assert.equal(one?.nodesPerVm, 15);
  assert.equal(one?.perThousandNodeHours, Math.round((parseUsd('0.34') * 1_000) / 15));
  assert.ok(rows.filter(({ provider }) => provider === 'azure').every((row) => !row.isAllocatableKnown));
});

test('the cheapest of a region and of a family is one that nothing speaks against: a spot price at 15 % of on demand is named', () => {
  const rows = comparePrices(sheet);
  const doubted = rows.filter(({ doubt }) => doubt !== null);
  assert.ok(doubted.some(({ sku }) => sku === 'n4-highcpu-32'));
  assert.match(doubted[0]?.doubt ?? '', /spot is 1\d % of on demand.*re-quote/);
  const groups = cheapestBy(rows, ({ provider, region }) => `${provider} ${region}`);
  assert.equal(groups.length, new Set(sheet.instances.map((one) => `${one.provider} ${one.region}`)).size);
  for (const { group, spot, onDemand } of groups) {
    assert.ok(onDemand !== null, group);
    for (const chosen of [spot, onDemand].filter((row) => row !== null)) {
      const rivals = rows.filter(
        (row) =>
          `${row.provider} ${row.region}` === group && row.option === chosen.option && row.doubt === null,
      );
      const least = Math.min(...rivals.map((row) => row.perThousandNodeHours));
      assert.equal(chosen.perThousandNodeHours, least, group);
    }
  }
});
