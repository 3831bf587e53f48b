/** Every cloud phase of the catalogue, calculated a second time by code that shares nothing with the product. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { forecast } from '#budgets/forecast.ts';
import { sum } from '#budgets/money.ts';
import { SHIPPED_HISTORY } from '#budgets/price-history.ts';
import { readPriceSheet, readPriceSheetText, SHIPPED_PRICE_SHEET } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { planPhase } from '#campaigns/commands/plan-request.ts';
import { forecastInputOf } from '#campaigns/forecast-plan.ts';
import { secondCalculation } from '#test/budgets/second-calculation.ts';

const sheet = readPriceSheet(SHIPPED_PRICE_SHEET);

for (const phase of ['phase2', 'phase3', 'phase4']) {
  test(`${phase}: two calculations agree to the cent at quoted prices, and on P50 and P90 within their noise`, () => {
    const planned = planPhase(phase, { seed: 1, replications: undefined, budget: undefined });
    const input = forecastInputOf(planned.planOf(planned.name), null, sheet, sheet.date);
    const ours = forecast(input);
    const rows = input.rows.map(({ nodes, repetitions, runUs }) => ({
      nodes,
      repetitions,
      runHours: runUs / HOUR_US,
    }));
    const theirs = secondCalculation(
      readPriceSheetText(SHIPPED_PRICE_SHEET),
      readFileSync(SHIPPED_HISTORY, 'utf8'),
      phase,
      rows,
      8_000,
    );
    const dollars = (lines: (typeof ours.rows)[number]['lines']): number =>
      sum(lines.filter(({ component }) => component !== 'risk').map(({ amount }) => amount.p50.usdMicros)) /
      1e6;
    for (const [i, row] of ours.rows.entries()) {
      assert.ok(Math.abs(dollars(row.lines) - (theirs.quoted[i] ?? 0)) < 0.005, row.rowId);
    }
    assert.ok(Math.abs(dollars(ours.overhead?.lines ?? []) - theirs.overhead) < 0.005);
    const off = (mine: number, other: number): number => Math.abs(mine / 1e6 / other - 1);
    assert.ok(off(ours.total.p50.usdMicros, theirs.p50) < 0.03, `P50 ${theirs.p50}`);
    assert.ok(off(ours.total.p90.usdMicros, theirs.p90) < 0.05, `P90 ${theirs.p90}`);
  });
}
