/**
 * How often the spot prices that were really paid fell under the P50 and P90 that forecasts draw.
 * Owns: the comparisons. Does not own: the history (price-history.ts) or the law of prices (price-drift.ts, sampled-cost.ts).
 * Nothing is predicted from itself: a family of types is predicted by the moves of the others, a later time by an earlier one.
 */
import { parseUsd, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { type DriftLaw, driftLaw } from '#budgets/price-drift.ts';
import { daysBetween, type PastPrices, type PriceHistory } from '#budgets/price-history.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { lookupInstance, singleQuote } from '#budgets/prices.ts';
import { defaultSampling, quantiles, spotPrices } from '#budgets/sampled-cost.ts';

export interface BacktestRow {
  readonly item: string;
  /** The day of the quote that the forecast starts from, and of what was paid. */
  readonly quotedOn: string;
  readonly paidOn: string;
  readonly paid: UsdMicros;
  readonly p50: UsdMicros;
  readonly p90: UsdMicros;
}

export interface BacktestSet {
  readonly name: 'other families' | 'turned round' | 'later';
  readonly about: string;
  readonly rows: readonly BacktestRow[];
  /** Shares at or below; null without rows. Right are 0.5 and 0.9. */
  readonly coverageP50: number | null;
  readonly coverageP90: number | null;
  /** 95 % interval of coverageP90 (Wilson), as if the rows were independent; they share one market, so it is wider. */
  readonly intervalP90: readonly [low: number, high: number] | null;
}

export interface Backtest {
  readonly sets: readonly BacktestSet[];
  /** Types of the history for which the sheet has no other quote. */
  readonly notCompared: readonly string[];
}

function wilson(hits: number, trials: number): readonly [number, number] {
  const z2 = 1.96 ** 2;
  const share = hits / trials;
  const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half =
    (1.96 / (1 + z2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

interface Question {
  readonly past: PastPrices;
  readonly quote: { readonly usdPerHour: string; readonly date: string };
  readonly paid: { readonly usdPerHour: string; readonly date: string };
}

const itemOf = ({ provider, region, sku }: PastPrices): string => `${provider} ${region} ${sku} spot`;
const familyOf = ({ sku }: PastPrices): string => sku.split('.')[0] ?? sku;

function answered({ past, quote, paid }: Question, law: DriftLaw): BacktestRow {
  const price = singleQuote(parseUsd(quote.usdPerHour), parseUsd(past.onDemandUsdPerHour));
  const days = Math.abs(daysBetween(quote.date, paid.date));
  const { p50, p90 } = quantiles(spotPrices(price, { law, days }, defaultSampling));
  return {
    item: itemOf(past),
    quotedOn: quote.date,
    paidOn: paid.date,
    paid: parseUsd(paid.usdPerHour),
    p50: usdMicros(p50.usdMicros),
    p90: usdMicros(p90.usdMicros),
  };
}

function setOf(name: BacktestSet['name'], about: string, rows: readonly BacktestRow[]): BacktestSet {
  const count = (hit: (row: BacktestRow) => boolean): number => rows.filter(hit).length;
  const below90 = count(({ paid, p90 }) => paid <= p90);
  const share = (hits: number): number | null => (rows.length === 0 ? null : hits / rows.length);
  return {
    name,
    about,
    rows,
    coverageP50: share(count(({ paid, p50 }) => paid <= p50)),
    coverageP90: share(below90),
    intervalP90: rows.length === 0 ? null : wilson(below90, rows.length),
  };
}

/** The sheet's own quotes as what was paid later; null where the history has no earlier one from elsewhere. */
function laterQuestion(past: PastPrices, sheet: PriceSheet): Question | null {
  const { provider, region, sku, quotes } = past;
  const quote = quotes.at(-1);
  const found = sheet.instances.find(
    (one) => one.provider === provider && one.region === region && one.sku === sku,
  );
  const known = lookupInstance(sheet, { provider, region, sku, option: 'spot' }, sheet.date);
  if (quote === undefined || found?.spot == null || known.status === 'unpriced') return null;
  const date = found.spot.date ?? sheet.date;
  if (found.spot.source === quote.source || date <= quote.date) return null;
  return { past, quote, paid: { usdPerHour: String(Number(found.spot.usdPerHour) / 1e6), date } };
}

/** P50 and P90 of a VM-hour as forecasts draw it, band and moves included, against what was paid. */
export function backtest(past: PriceHistory, sheet: PriceSheet): Backtest {
  const pairs = past.rows.flatMap((row): Question[] => {
    const [quote, paid] = row.quotes;
    return quote === undefined || paid === undefined ? [] : [{ past: row, quote, paid }];
  });
  const others = (row: PastPrices): DriftLaw => driftLaw(past, (one) => familyOf(one) !== familyOf(row));
  const later = past.rows.map((row) => laterQuestion(row, sheet));
  const law = driftLaw(past);
  return {
    sets: [
      setOf(
        'other families',
        'each type from its older quote, by the moves of the other families',
        pairs.map((one) => answered(one, others(one.past))),
      ),
      setOf(
        'turned round',
        'the same, the newer quote first: a market that rises as this one fell',
        pairs.map((one) => answered({ ...one, quote: one.paid, paid: one.quote }, others(one.past))),
      ),
      setOf(
        'later',
        'the sheet’s quotes from the newest recorded one, by moves that are older than both; an undated quote counts as of the sheet',
        later.flatMap((one) => (one === null ? [] : [answered(one, law)])),
      ),
    ],
    notCompared: past.rows.filter((_, i) => later[i] === null).map(itemOf),
  };
}
