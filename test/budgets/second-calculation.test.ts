/** Every phase of the catalogue, calculated a second time by code that shares nothing with the product. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Estimate } from '#budgets/estimate.ts';
import { type ForecastRow, forecast } from '#budgets/forecast.ts';
import { sum } from '#budgets/money.ts';
import { SHIPPED_HISTORY } from '#budgets/price-history.ts';
import { readPriceSheet, readPriceSheetText, SHIPPED_PRICE_SHEET } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { cloudStackFor } from '#budgets/stacks.ts';
import { outlineInput } from '#campaigns/forecast-plan.ts';
import { outlinePhase } from '#campaigns/phase-outline.ts';
import {
  documentedChance,
  otherChance,
  type Quantiles,
  secondCalculation,
} from '#test/budgets/second-calculation.ts';

const sheet = readPriceSheet(SHIPPED_PRICE_SHEET);
const texts = [readPriceSheetText(SHIPPED_PRICE_SHEET), readFileSync(SHIPPED_HISTORY, 'utf8')] as const;

function forecasts(phase: string) {
  const planned = outlineInput(outlinePhase(phase, { seed: 1 }), sheet);
  // Phase 1 buys nothing: its rows are priced on the smallest stack, as `forecast phase1` does.
  const input = { ...planned, stack: planned.stack.kind === 'local' ? cloudStackFor(1_000) : planned.stack };
  const rows = input.rows.map(({ scenarioId, nodes, repetitions, runUs }) => ({
    scenario: scenarioId,
    nodes,
    repetitions,
    runHours: runUs / HOUR_US,
  }));
  return { ours: forecast(input), rows };
}

const quotedUsd = (lines: ForecastRow['lines']): number =>
  sum(lines.filter(({ component }) => component !== 'risk').map(({ amount }) => amount.p50.usdMicros)) / 1e6;

function sameToTheCent(mine: number, theirs: number, what: string): void {
  assert.ok(Math.abs(mine - theirs) < 0.005, `${what}: ${mine} and ${theirs}`);
}

function sameQuantiles(mine: Estimate, theirs: Quantiles, what: string): void {
  for (const [i, amount] of [mine.low, mine.p50, mine.p90].entries())
    sameToTheCent(amount.usdMicros / 1e6, theirs[i] ?? 0, `${what}, quantile ${i}`);
}

for (const phase of ['phase1', 'phase2', 'phase3', 'phase4']) {
  test(`${phase}: two calculations agree to the cent: quotes, P10, P50 and P90 of every run, row, scenario and the window`, () => {
    const { ours, rows } = forecasts(phase);
    const theirs = secondCalculation(...texts, phase, rows, { draws: 2_000, chance: documentedChance });
    assert.ok(ours.rows.length >= 5);
    for (const [i, row] of ours.rows.entries()) {
      const other = theirs.rows[i];
      assert.ok(other !== undefined);
      sameToTheCent(quotedUsd(row.lines), other.quoted, `${row.rowId} at quotes`);
      sameQuantiles(row.perRun, other.perRun, row.rowId);
      sameQuantiles(row.alone, other.alone, `${row.rowId} alone`);
      sameQuantiles(row.sampled, other.all, `${row.rowId}, all repetitions`);
    }
    for (const { scenarioId, sampled } of ours.byScenario)
      sameQuantiles(sampled, theirs.scenarios.get(scenarioId) ?? [0, 0, 0], scenarioId);
    assert.ok(ours.overhead !== null);
    sameToTheCent(quotedUsd(ours.overhead.lines), theirs.quotedOverhead, 'overhead at quotes');
    sameQuantiles(ours.overhead.total, theirs.overhead, 'overhead');
    sameQuantiles(ours.total, theirs.total, 'window');
  });
}

test('phase3: draws of another generator give the same P50 and P90 within their noise', () => {
  const { ours, rows } = forecasts('phase3');
  const { total } = secondCalculation(...texts, 'phase3', rows, { draws: 8_000, chance: otherChance() });
  const off = (mine: number, other: number): number => Math.abs(mine / 1e6 / other - 1);
  assert.ok(off(ours.total.p50.usdMicros, total[1]) < 0.03, `P50 ${total[1]}`);
  assert.ok(off(ours.total.p90.usdMicros, total[2]) < 0.05, `P90 ${total[2]}`);
});
