/**
 * Spot prices that were paid on known days, with their sources: what the law of price moves is taken from and held against.
 * Owns: the format and reading it. Does not own: the law (price-drift.ts) or the comparison (backtest.ts).
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';

const decimal = z.string().regex(/^\d+(\.\d+)?$/);

const history = z.strictObject({
  version: z.literal(2),
  currency: z.literal('USD'),
  sources: z.record(z.string(), z.string()),
  rows: z.array(
    z.strictObject({
      provider: z.literal('aws'),
      region: z.string(),
      sku: z.string(),
      onDemandUsdPerHour: decimal,
      /** Oldest first. */
      quotes: z.array(z.strictObject({ usdPerHour: decimal, date: z.iso.date(), source: z.string() })).min(1),
    }),
  ),
});
export type PriceHistory = z.infer<typeof history>;
export type PastPrices = PriceHistory['rows'][number];

export const SHIPPED_HISTORY: URL = new URL('./price-history/aws-spot.json', import.meta.url);

/** Throws `bad-price-sheet`. */
export function readPriceHistory(file: URL | string = SHIPPED_HISTORY): PriceHistory {
  const parsed = history.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BudgetError('bad-price-sheet', `price history: ${issue?.path.join('.')}: ${issue?.message}`);
}

export function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}
