/**
 * Sanity rules against bad price data: planted, stale or leaked rows have all been seen in public tables.
 * Owns: the rules and the words of their warnings. Does not own: what a forecast does with a rejected quote (prices.ts).
 */
import { divide, formatUnitPrice, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { InstanceQuote, PriceSheet } from '#budgets/price-sheet.ts';

export type PriceRule =
  | 'spot-above-on-demand'
  | 'spot-too-cheap'
  | 'spot-outlier'
  | 'outside-family-band'
  | 'stale'
  | 'undated';

export interface PriceWarning {
  readonly rule: PriceRule;
  /** "aws us-west-2 c6i.2xlarge spot" or the id of a unit price. */
  readonly item: string;
  /** A rejected quote counts as unpriced; the others are used and named in the report. */
  readonly rejects: boolean;
  readonly message: string;
}

export interface RuleLimits {
  /** Quotes older than this many days are named. */
  readonly mostAgeDays: number;
  /** Spot below this share of on-demand is rejected (percent). */
  readonly leastSpotPercent: number;
  /** Spot below this share of on-demand is used and named: a passing low, or a wrong row (percent). */
  readonly unusualSpotPercent: number;
  /** On-demand price per vCPU against the median of its family over all regions (percent). */
  readonly familyBandPercent: readonly [least: number, most: number];
}

export const defaultRuleLimits: RuleLimits = {
  mostAgeDays: 180,
  leastSpotPercent: 10,
  unusualSpotPercent: 20,
  familyBandPercent: [60, 160],
};

const DAY_MS = 86_400_000;

/** Days between a quote's date and `asOf` (both calendar dates, UTC). A month or a year counts from its first day. */
export function ageDays(date: string | null, asOf: string): number | null {
  if (date === null) return null;
  const [year = '', month = '01', day = '01'] = date.split('-');
  return Math.round((Date.parse(asOf) - Date.parse(`${year}-${month}-${day}`)) / DAY_MS);
}

export function instanceItem(quote: InstanceQuote, option: 'spot' | 'on-demand'): string {
  return `${quote.provider} ${quote.region} ${quote.sku} ${option}`;
}

/** Rules that reject a spot quote; null when it may be used. */
export function spotRejection(quote: InstanceQuote, limits = defaultRuleLimits): PriceWarning | null {
  const { spot, onDemand } = quote;
  if (spot === null || onDemand === null) return null;
  const item = instanceItem(quote, 'spot');
  const both = `${formatUnitPrice(spot.usdPerHour)} against ${formatUnitPrice(onDemand.usdPerHour)} on demand`;
  if (spot.usdPerHour > onDemand.usdPerHour) {
    return {
      rule: 'spot-above-on-demand',
      item,
      rejects: true,
      message: `spot is dearer than on demand: ${both}`,
    };
  }
  if (spot.usdPerHour * 100 < onDemand.usdPerHour * limits.leastSpotPercent) {
    const message = `spot is below ${limits.leastSpotPercent} % of on demand: ${both}`;
    return { rule: 'spot-too-cheap', item, rejects: true, message };
  }
  return null;
}

/** Null unless the spot quote is believed and far below what spot usually costs. */
export function spotOutlier(quote: InstanceQuote, limits = defaultRuleLimits): PriceWarning | null {
  const { spot, onDemand } = quote;
  if (spot === null || onDemand === null || spotRejection(quote, limits) !== null) return null;
  if (spot.usdPerHour * 100 >= onDemand.usdPerHour * limits.unusualSpotPercent) return null;
  const share = Math.round((spot.usdPerHour / onDemand.usdPerHour) * 100);
  return {
    rule: 'spot-outlier',
    item: instanceItem(quote, 'spot'),
    rejects: false,
    message: `spot is ${share} % of on demand, ${limits.unusualSpotPercent} to 60 % is usual: re-quote before it is counted on`,
  };
}

/** Sizes of a family share a price per vCPU: "aws c6i", "gcp n2-highcpu", "azure Standard_Fs_v2". */
export function familyOf(quote: InstanceQuote): string {
  switch (quote.provider) {
    case 'aws':
      return `aws ${quote.sku.split('.')[0]}`;
    case 'gcp':
      return `gcp ${quote.sku.replace(/-\d+$/, '')}`;
    case 'azure':
      return `azure ${quote.sku.replace(/\d+/, '')}`;
  }
}

function perVcpu(quote: InstanceQuote): UsdMicros | null {
  if (quote.onDemand === null) return null;
  return usdMicros(divide(BigInt(quote.onDemand.usdPerHour), BigInt(quote.vcpu), 'half-even'));
}

function familyMedians(sheet: PriceSheet): ReadonlyMap<string, number> {
  const families = new Map<string, number[]>();
  for (const quote of sheet.instances) {
    const price = perVcpu(quote);
    if (price === null) continue;
    const family = families.get(familyOf(quote));
    if (family === undefined) families.set(familyOf(quote), [price]);
    else family.push(price);
  }
  const medians = new Map<string, number>();
  for (const [family, prices] of families) {
    prices.sort((a, b) => a - b);
    medians.set(family, prices[Math.floor((prices.length - 1) / 2)] ?? 0);
  }
  return medians;
}

function familyWarning(
  quote: InstanceQuote,
  medians: ReadonlyMap<string, number>,
  limits: RuleLimits,
): PriceWarning | null {
  const price = perVcpu(quote);
  const median = medians.get(familyOf(quote));
  if (price === null || median === undefined) return null;
  const [least, most] = limits.familyBandPercent;
  if (price * 100 >= median * least && price * 100 <= median * most) return null;
  return {
    rule: 'outside-family-band',
    item: instanceItem(quote, 'on-demand'),
    rejects: false,
    message:
      `${formatUnitPrice(price)} per vCPU-hour is outside ${least}-${most} % of the median of ${familyOf(quote)} ` +
      `(${formatUnitPrice(usdMicros(median))}): another operating system's meter?`,
  };
}

/** `stale` or `undated`, or null when the quote is young enough. */
export function ageWarning(
  item: string,
  date: string | null,
  asOf: string,
  limits = defaultRuleLimits,
): PriceWarning | null {
  const age = ageDays(date, asOf);
  if (age === null) {
    return {
      rule: 'undated',
      item,
      rejects: false,
      message: 'the stored quote carries no date: re-quote before approval',
    };
  }
  if (age <= limits.mostAgeDays) return null;
  const message = `quoted ${date}, ${age} days before ${asOf} (limit ${limits.mostAgeDays}): re-quote before approval`;
  return { rule: 'stale', item, rejects: false, message };
}

/** Every rule over every row. `asOf` is the day the sheet is used, ISO date. */
export function checkPriceSheet(
  sheet: PriceSheet,
  asOf: string,
  limits: RuleLimits = defaultRuleLimits,
): readonly PriceWarning[] {
  const medians = familyMedians(sheet);
  const found: (PriceWarning | null)[] = [ageWarning(`price sheet ${sheet.date}`, sheet.date, asOf, limits)];
  for (const quote of sheet.instances) {
    found.push(
      spotRejection(quote, limits),
      spotOutlier(quote, limits),
      familyWarning(quote, medians, limits),
    );
    if (quote.onDemand !== null) {
      found.push(ageWarning(instanceItem(quote, 'on-demand'), quote.onDemand.date, asOf, limits));
    }
    if (quote.spot !== null)
      found.push(ageWarning(instanceItem(quote, 'spot'), quote.spot.date, asOf, limits));
  }
  for (const unit of sheet.unitPrices) {
    if (unit.usd !== null) found.push(ageWarning(unit.id, unit.date, asOf, limits));
  }
  return found.filter((warning) => warning !== null);
}
