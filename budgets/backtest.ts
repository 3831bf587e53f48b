/**
 * How often the spot prices that were really paid fell under the forecast's P50 and P90.
 * Owns: the comparison. Does not own: the history (budgets/price-history) or the law of prices (sampled-cost.ts).
 * The past is held against a forecast from today's sheet: prices drift over years, so a low coverage says that a sheet ages.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import { parseUsd, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { lookupInstance } from '#budgets/prices.ts';
import { defaultRisks } from '#budgets/risk.ts';
import { defaultSampling, marketOf, quantiles } from '#budgets/sampled-cost.ts';
import { ratesOf } from '#budgets/stack-rates.ts';
import { cloudStackFor } from '#budgets/stacks.ts';

const history = z.strictObject({
  version: z.literal(1),
  currency: z.literal('USD'),
  sources: z.record(z.string(), z.string()),
  rows: z.array(
    z.strictObject({
      provider: z.literal('aws'),
      region: z.string(),
      sku: z.string(),
      onDemandUsdPerHour: z.string(),
      spotUsdPerHour: z.string(),
      source: z.string(),
      date: z.iso.date(),
    }),
  ),
});
export type PriceHistory = z.infer<typeof history>;

export const SHIPPED_HISTORY: URL = new URL('./price-history/aws-us-east-1-2023.json', import.meta.url);

/** Throws `bad-price-sheet`. */
export function readPriceHistory(file: URL | string = SHIPPED_HISTORY): PriceHistory {
  const parsed = history.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BudgetError('bad-price-sheet', `price history: ${issue?.path.join('.')}: ${issue?.message}`);
}

export interface BacktestRow {
  readonly item: string;
  readonly date: string;
  readonly paid: UsdMicros;
  readonly p50: UsdMicros;
  readonly p90: UsdMicros;
}

export interface Backtest {
  readonly rows: readonly BacktestRow[];
  /** Types of the history that the sheet has no usable spot quote for. */
  readonly notCompared: readonly string[];
  /** Shares at or below; null without rows. Right are 0.5 and 0.9. */
  readonly coverageP50: number | null;
  readonly coverageP90: number | null;
  /** 95 % interval of coverageP90 (Wilson), as if the rows were independent; they share one market, so it is wider. */
  readonly intervalP90: readonly [low: number, high: number] | null;
}

function wilson(hits: number, trials: number): readonly [number, number] {
  const z2 = 1.96 ** 2;
  const share = hits / trials;
  const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half =
    (1.96 / (1 + z2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** P50 and P90 of a VM-hour as forecasts draw it, price band and shortage included, against what was paid. */
export function backtest(past: PriceHistory, sheet: PriceSheet): Backtest {
  const rows: BacktestRow[] = [];
  const notCompared: string[] = [];
  const stack = cloudStackFor(1_000);
  for (const { provider, region, sku, spotUsdPerHour, date } of past.rows) {
    const item = `${provider} ${region} ${sku} spot`;
    if (lookupInstance(sheet, { provider, region, sku, option: 'spot' }, sheet.date).status === 'unpriced') {
      notCompared.push(item);
      continue;
    }
    const pool = { ...stack.pool, sku, option: 'spot' as const };
    const { vmHour } = marketOf(
      ratesOf({ ...stack, region, pool }, sheet, sheet.date),
      defaultRisks,
      defaultSampling,
    );
    const { p50, p90 } = quantiles(vmHour);
    rows.push({
      item,
      date,
      paid: parseUsd(spotUsdPerHour),
      p50: usdMicros(p50.usdMicros),
      p90: usdMicros(p90.usdMicros),
    });
  }
  const share = (hits: number): number | null => (rows.length === 0 ? null : hits / rows.length);
  const below90 = rows.filter(({ paid, p90 }) => paid <= p90).length;
  return {
    rows,
    notCompared,
    coverageP50: share(rows.filter(({ paid, p50 }) => paid <= p50).length),
    coverageP90: share(below90),
    intervalP90: rows.length === 0 ? null : wilson(below90, rows.length),
  };
}
