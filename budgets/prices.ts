/**
 * Looking a price up: a quote with low / expected / high, source, date and age, or a typed `unpriced`. Never zero for unknown.
 * Owns: the band around a quote and what stands in for a missing one. Does not own: the sheet (price-sheet.ts) or its rules.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { formatUnitPrice, multiply, type UsdMicros } from '#budgets/money.ts';
import { nearestName } from '#budgets/nearest-name.ts';
import { ageDays, ageWarning, instanceItem, type PriceWarning, spotRejection } from '#budgets/price-rules.ts';
import type {
  InstanceQuote,
  InterruptionBand,
  PriceSheet,
  Provider,
  UnitQuote,
} from '#budgets/price-sheet.ts';

export type PurchaseOption = 'spot' | 'on-demand';

export interface InstanceRequest {
  readonly provider: Provider;
  readonly region: string;
  readonly sku: string;
  readonly option: PurchaseOption;
}

export interface Priced {
  readonly status: 'priced';
  readonly item: string;
  readonly unit: string;
  readonly low: UsdMicros;
  readonly expected: UsdMicros;
  readonly high: UsdMicros;
  /** On-demand price of the same thing; null when the quote is its own list price or none is known. */
  readonly list: UsdMicros | null;
  readonly basis: string;
  readonly source: string;
  readonly date: string | null;
  /** Days between the quote and the day it is used; null = undated. */
  readonly ageDays: number | null;
  readonly warnings: readonly PriceWarning[];
}

export interface Unpriced {
  readonly status: 'unpriced';
  readonly item: string;
  readonly reason: string;
}

export type Quote = Priced | Unpriced;

/**
 * Band of a spot price that was quoted once, without a range over zones, in percent. Assumed: where both a single 30-day figure
 * and per-zone quotes exist for c6i.2xlarge, the quotes were 0.86, 0.86, 0.94 and 1.31 times the single figure.
 */
export const singleSpotBandPercent = { low: 85, high: 135 } as const;

/** How often a spot VM is interrupted per month, per mille: the published band's ends and middle. Open end assumed at 40 %. */
export const interruptionPerMille: Readonly<
  Record<InterruptionBand, { readonly low: number; readonly expected: number; readonly high: number }>
> = {
  '<5%': { low: 0, expected: 25, high: 50 },
  '5-10%': { low: 50, expected: 75, high: 100 },
  '10-15%': { low: 100, expected: 125, high: 150 },
  '15-20%': { low: 150, expected: 175, high: 200 },
  '>20%': { low: 200, expected: 250, high: 400 },
};

export function findInstance(
  sheet: PriceSheet,
  request: Pick<InstanceRequest, 'provider' | 'region' | 'sku'>,
): InstanceQuote | undefined {
  return sheet.instances.find(
    ({ provider, region, sku }) =>
      provider === request.provider && region === request.region && sku === request.sku,
  );
}

/**
 * A machine that the sheet does not name is asked for by mistake: nothing that it could cost is known, not even its class. One that
 * it names without a price is `unpriced`. `use`: what it is bought for. Throws `unknown-sku`.
 */
export function requireListed(
  sheet: PriceSheet,
  request: Pick<InstanceRequest, 'provider' | 'region' | 'sku'>,
  use: string,
): void {
  if (findInstance(sheet, request) !== undefined) return;
  const { provider, region, sku } = request;
  const offered = sheet.instances.filter((one) => one.provider === provider);
  const regions = new Set(offered.filter((one) => one.sku === sku).map((one) => one.region));
  const here = new Set(offered.filter((one) => one.region === region).map((one) => one.sku));
  const elsewhere = nearestName(region, regions);
  const type = nearestName(sku, here);
  const near =
    elsewhere !== null ? `${sku} in "${elsewhere}"` : type === null ? null : `"${type}" in ${region}`;
  throw new BudgetError(
    'unknown-sku',
    `no row prices "${sku}" of ${provider} in "${region}" (${use}); ` +
      `${near === null ? 'nothing like it is known' : `nearest known: ${near}`}; mend the row, or move the sheet away: an older one is then in force`,
  );
}

function sourceText(sheet: PriceSheet, source: string): string {
  return sheet.sources[source] ?? source;
}

function basisText(sheet: PriceSheet, basis: string): string {
  return sheet.bases[basis] ?? basis;
}

function onDemandQuote(sheet: PriceSheet, quote: InstanceQuote, asOf: string): Quote {
  const item = instanceItem(quote, 'on-demand');
  const { onDemand } = quote;
  if (onDemand === null)
    return { status: 'unpriced', item, reason: 'the sheet has the type but no price for it' };
  const warning = ageWarning(item, onDemand.date, asOf);
  const price = onDemand.usdPerHour;
  return {
    status: 'priced',
    item,
    unit: 'VM-hour',
    low: price,
    expected: price,
    high: price,
    list: null,
    basis: basisText(sheet, onDemand.basis),
    source: sourceText(sheet, onDemand.source),
    date: onDemand.date,
    ageDays: ageDays(onDemand.date, asOf),
    warnings: warning === null ? [] : [warning],
  };
}

/** Low, expected and high of a spot price that was quoted once; nobody pays more for spot than the same VM costs on demand. */
export function singleQuote(
  price: UsdMicros,
  onDemand: UsdMicros | null,
): Pick<Priced, 'low' | 'expected' | 'high' | 'list'> {
  const band = (percent: number): UsdMicros => multiply(price, { times: BigInt(percent), over: 100n });
  const high = band(singleSpotBandPercent.high);
  return {
    low: band(singleSpotBandPercent.low),
    expected: price,
    high: onDemand !== null && high > onDemand ? onDemand : high,
    list: onDemand,
  };
}

function spotQuote(sheet: PriceSheet, quote: InstanceQuote, asOf: string): Quote {
  const item = instanceItem(quote, 'spot');
  const { spot, onDemand } = quote;
  if (spot === null)
    return { status: 'unpriced', item, reason: 'the sheet has the type but no spot price for it' };
  const rejection = spotRejection(quote);
  if (rejection !== null) return { status: 'unpriced', item, reason: `rejected: ${rejection.message}` };
  const warning = ageWarning(item, spot.date, asOf);
  const { minUsdPerHour, maxUsdPerHour } = spot;
  const list = onDemand?.usdPerHour ?? null;
  const single = singleQuote(spot.usdPerHour, list);
  const high = maxUsdPerHour ?? single.high;
  const basis = basisText(sheet, spot.basis);
  return {
    status: 'priced',
    item,
    unit: 'VM-hour',
    low: minUsdPerHour ?? single.low,
    expected: spot.usdPerHour,
    high: list !== null && high > list ? list : high,
    list,
    basis:
      maxUsdPerHour === undefined
        ? `${basis}; one quote, band assumed ${singleSpotBandPercent.low}-${singleSpotBandPercent.high} %`
        : `${basis}; range over ${spot.zones ?? 'several'} zones`,
    source: sourceText(sheet, spot.source),
    date: spot.date,
    ageDays: ageDays(spot.date, asOf),
    warnings: warning === null ? [] : [warning],
  };
}

/** `asOf`: the day the price is used (ISO date). */
export function lookupInstance(sheet: PriceSheet, request: InstanceRequest, asOf: string): Quote {
  const quote = findInstance(sheet, request);
  if (quote === undefined) {
    const item = `${request.provider} ${request.region} ${request.sku} ${request.option}`;
    return { status: 'unpriced', item, reason: 'the sheet does not have this type in this region' };
  }
  return request.option === 'spot' ? spotQuote(sheet, quote, asOf) : onDemandQuote(sheet, quote, asOf);
}

function pricedUnit(sheet: PriceSheet, unit: UnitQuote, price: UsdMicros, asOf: string): Priced {
  const warning = ageWarning(unit.id, unit.date, asOf);
  return {
    status: 'priced',
    item: unit.item,
    unit: unit.unit,
    low: price,
    expected: price,
    high: price,
    list: null,
    basis:
      unit.note === null ? basisText(sheet, unit.basis) : `${basisText(sheet, unit.basis)}: ${unit.note}`,
    source: sourceText(sheet, unit.source),
    date: unit.date,
    ageDays: ageDays(unit.date, asOf),
    warnings: warning === null ? [] : [warning],
  };
}

/** Price of a unit by its id in the sheet, e.g. "aws.ebs.gp3". */
export function lookupUnit(sheet: PriceSheet, id: string, asOf: string): Quote {
  const unit = sheet.unitPrices.find((one) => one.id === id);
  if (unit === undefined)
    return { status: 'unpriced', item: id, reason: 'the sheet does not have this unit price' };
  if (unit.usd === null)
    return { status: 'unpriced', item: unit.item, reason: 'the sheet names it without a price' };
  return pricedUnit(sheet, unit, unit.usd, asOf);
}

/** What an unpriced item costs in a forecast: the worst of its class, and which row that was. */
export interface Substitute {
  readonly unpriced: Unpriced;
  readonly pricedAs: Priced;
}

function asSubstitute(unpriced: Unpriced, worst: Priced): Substitute {
  const basis = `unpriced (${unpriced.reason}); counted at the worst of its class: ${worst.item}`;
  return { unpriced, pricedAs: { ...worst, item: unpriced.item, basis } };
}

/**
 * Spot without a usable quote costs what the same VM costs on demand; a VM without any price costs the provider's dearest vCPU-hour
 * times its vCPUs. Throws `unpriceable` when the sheet has nothing of the class.
 */
export function worstInstance(
  sheet: PriceSheet,
  request: InstanceRequest,
  vcpu: number,
  unpriced: Unpriced,
  asOf: string,
): Substitute {
  const onDemand = lookupInstance(sheet, { ...request, option: 'on-demand' }, asOf);
  if (onDemand.status === 'priced') return asSubstitute(unpriced, onDemand);
  let worst: { readonly quote: InstanceQuote; readonly price: UsdMicros } | null = null;
  for (const quote of sheet.instances) {
    if (quote.provider !== request.provider || quote.onDemand === null) continue;
    const price = multiply(
      quote.onDemand.usdPerHour,
      { times: BigInt(vcpu), over: BigInt(quote.vcpu) },
      'up',
    );
    if (worst === null || price > worst.price) worst = { quote, price };
  }
  if (worst === null)
    throw new BudgetError('unpriceable', `${unpriced.item}: nothing of its class is priced`);
  const like = onDemandQuote(sheet, worst.quote, asOf);
  if (like.status !== 'priced')
    throw new BudgetError('unpriceable', `${unpriced.item}: nothing of its class is priced`);
  const item = `${like.item}, ${formatUnitPrice(worst.quote.onDemand?.usdPerHour ?? worst.price)} / ${worst.quote.vcpu} vCPU x ${vcpu}`;
  return asSubstitute(unpriced, {
    ...like,
    item,
    low: worst.price,
    expected: worst.price,
    high: worst.price,
  });
}

/** The dearest priced item of the same provider and class. Throws `unpriceable` when there is none. */
export function worstUnit(sheet: PriceSheet, id: string, unpriced: Unpriced, asOf: string): Substitute {
  const asked = sheet.unitPrices.find((one) => one.id === id);
  let worst: Priced | null = null;
  for (const unit of sheet.unitPrices) {
    if (
      asked === undefined ||
      unit.class !== asked.class ||
      unit.provider !== asked.provider ||
      unit.usd === null
    )
      continue;
    const priced = pricedUnit(sheet, unit, unit.usd, asOf);
    if (worst === null || priced.expected > worst.expected) worst = priced;
  }
  if (worst === null)
    throw new BudgetError('unpriceable', `${unpriced.item}: nothing of its class is priced`);
  return asSubstitute(unpriced, worst);
}
