/**
 * 100,000 random plans: every sum of a forecast is the sum of its lines, to the micro-dollar, at P10, P50 and P90.
 * Method: plans drawn from a seed over all cloud stacks; the sums are added here, in BigInt, not with the product's own additions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Estimate } from '#budgets/estimate.ts';
import { type ForecastInput, forecast } from '#budgets/forecast.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { cloudStackFor } from '#budgets/stacks.ts';

const PLANS = 100_000;
const sheet = readPriceSheet();
const quantiles = ['low', 'p50', 'p90'] as const;

/** mulberry32: a generator that the product does not have. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function plan(random: () => number, index: number): ForecastInput {
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const stack = cloudStackFor([1_000, 5_000, 10_000][whole(0, 2)] ?? 1_000);
  const option = random() < 0.2 ? ('on-demand' as const) : ('spot' as const);
  const rows = Array.from({ length: whole(1, 4) }, (_, i) => ({
    rowId: `R${i}`,
    scenarioId: `S${whole(0, 1)}`,
    label: '',
    nodes: whole(1, 10_000),
    repetitions: whole(1, 5),
    runUs: whole(1, 200) * 60_000_000 + whole(0, 59_999_999),
    bytesPerNodeSecond: random() < 0.5 ? null : whole(0, 5_000_000),
  }));
  const zones = whole(1, 3);
  return {
    campaign: 'c',
    phase: 'p',
    stack: { ...stack, zones, pool: { ...stack.pool, option } },
    sheet,
    asOf: sheet.date,
    rows,
    sampling: { seed: index, draws: 20 },
  };
}

function checkSums(input: ForecastInput): void {
  const own = forecast(input);
  const { overhead } = own;
  assert.ok(overhead !== null);
  for (const quantile of quantiles) {
    const add = (amounts: readonly Estimate[]): bigint =>
      amounts.reduce((sum, one) => sum + BigInt(one[quantile].usdMicros), 0n);
    const of = (one: Estimate): bigint => BigInt(one[quantile].usdMicros);
    for (const row of own.rows) {
      assert.equal(add(row.lines.map(({ amount }) => amount)), of(row.perRun));
      assert.equal(of(row.perRun) * BigInt(row.repetitions), of(row.total));
    }
    assert.equal(add(overhead.lines.map(({ amount }) => amount)), of(overhead.total));
    const parts = add([...own.rows.map(({ total }) => total), overhead.total, own.portfolio]);
    assert.equal(parts, of(own.total));
    assert.equal(add(own.byComponent.map(({ amount }) => amount)), of(own.total));
    assert.equal(add(own.byScenario.map(({ amount }) => amount)), add(own.rows.map(({ total }) => total)));
  }
}

test(`${PLANS} random plans: lines add up to rows, rows and overhead to the total, components to the total (seed 20261129)`, () => {
  const random = generator(20_261_129);
  for (let index = 0; index < PLANS; index += 1) {
    const input = plan(random, index);
    try {
      checkSums(input);
    } catch (error) {
      throw new Error(`plan ${index}: ${JSON.stringify({ ...input, sheet: undefined })}`, { cause: error });
    }
  }
});
