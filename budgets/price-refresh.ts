/**
 * A new price sheet out of the one in force and freshly quoted prices, and the difference between the two, row by row.
 * Owns: which quote is taken, which is held back and why. Does not own: asking a provider (campaigns/prices), files (sheet-store.ts).
 * A row without a usable new quote keeps its old price with its old date: never zero, never a guess.
 */
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import { defaultRuleLimits } from '#budgets/price-rules.ts';
import { type InstanceQuote, type Provider, parsePriceSheet } from '#budgets/price-sheet.ts';
import type { PurchaseOption } from '#budgets/prices.ts';

export interface FetchedPrice {
  readonly provider: Provider;
  readonly region: string;
  readonly sku: string;
  readonly option: PurchaseOption;
  /** US dollars per hour as the provider writes them; any number of decimals. One of each zone for spot. */
  readonly usdPerHour: readonly string[];
}

export interface PriceChange {
  readonly item: string;
  readonly before: UsdMicros | null;
  readonly after: UsdMicros | null;
  /** Change in percent of the old price; null when there was none or none is known now. */
  readonly percent: number | null;
  /** `held`: quoted, and not believed. `missing`: asked for, and not quoted. */
  readonly outcome: 'changed' | 'unchanged' | 'held' | 'missing';
  readonly why: string;
}

/** Spot that moved by more than this may not be spent under an older approval (percent). */
export const SPOT_MOVED_PERCENT = 15;
/** A price that moved by more than this factor is not believed. */
const OUTLIER_FACTOR = 3;

/** Micro-dollars, rounded half up; null for zero, a negative amount and whatever is no number. */
export function microsOf(text: string): UsdMicros | null {
  const match = /^(\d{1,9})(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return null;
  const digits = (match[2] ?? '').padEnd(7, '0');
  const micros =
    BigInt(match[1] ?? '0') * 1_000_000n + BigInt(digits.slice(0, 6)) + (digits.charAt(6) >= '5' ? 1n : 0n);
  return micros > 0n ? usdMicros(micros) : null;
}

function decimal(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`.replace(
    /\.?0+$/,
    '',
  );
}

interface Quoted {
  readonly mean: UsdMicros;
  readonly least: UsdMicros;
  readonly most: UsdMicros;
  readonly zones: number;
}

function quotedOf(fetched: FetchedPrice): Quoted | null {
  const prices = fetched.usdPerHour.map(microsOf);
  const known = prices.filter((price) => price !== null);
  if (known.length === 0 || known.length < prices.length) return null;
  const mean = usdMicros(Math.round(known.reduce((total, one) => total + one, 0) / known.length));
  return {
    mean,
    least: usdMicros(Math.min(...known)),
    most: usdMicros(Math.max(...known)),
    zones: known.length,
  };
}

/** Why a quote is not believed; null when it is. `onDemand`: the same VM's price on demand, as it stands after the refresh. */
function disbelief(
  option: PurchaseOption,
  quoted: Quoted,
  before: UsdMicros | null,
  onDemand: UsdMicros | null,
): string | null {
  if (option === 'spot' && onDemand !== null) {
    if (quoted.mean > onDemand) return `spot is dearer than on demand (${decimal(onDemand)})`;
    if (quoted.mean * 100 < onDemand * defaultRuleLimits.leastSpotPercent)
      return `spot is below ${defaultRuleLimits.leastSpotPercent} % of on demand (${decimal(onDemand)})`;
  }
  if (before !== null && (quoted.mean > before * OUTLIER_FACTOR || quoted.mean * OUTLIER_FACTOR < before))
    return `moved by more than ${OUTLIER_FACTOR} times against the sheet (${decimal(before)})`;
  return null;
}

function compare(
  quote: InstanceQuote,
  option: PurchaseOption,
  fetched: FetchedPrice | undefined,
  onDemand: UsdMicros | null,
) {
  const before = (option === 'spot' ? quote.spot : quote.onDemand)?.usdPerHour ?? null;
  const item = `${quote.provider} ${quote.region} ${quote.sku} ${option}`;
  const keep = (outcome: 'held' | 'missing', why: string) => ({
    quoted: null,
    change: { item, before, after: before, percent: null, outcome, why } satisfies PriceChange,
  });
  if (fetched === undefined)
    return keep(
      'missing',
      before === null ? 'not quoted: stays unknown' : 'not quoted: the old price and its date stay',
    );
  const quoted = quotedOf(fetched);
  if (quoted === null)
    return keep('held', `not a price: ${fetched.usdPerHour.join(', ').slice(0, 60) || 'nothing'}`);
  const doubt = disbelief(option, quoted, before, onDemand);
  if (doubt !== null) return keep('held', `${decimal(quoted.mean)}: ${doubt}`);
  const percent = before === null ? null : Math.round(((quoted.mean - before) / before) * 1_000) / 10;
  const moved = option === 'spot' && percent !== null && Math.abs(percent) > SPOT_MOVED_PERCENT;
  const outcome = before === quoted.mean ? 'unchanged' : 'changed';
  const why = moved
    ? `moved by more than ${SPOT_MOVED_PERCENT} %: approvals at the old price do not count`
    : '';
  return {
    quoted,
    change: { item, before, after: quoted.mean, percent, outcome, why } satisfies PriceChange,
  };
}

export interface Refresh {
  /** The new sheet, to be written as it is. */
  readonly text: string;
  readonly changes: readonly PriceChange[];
}

interface RawInstance {
  onDemand: unknown;
  spot: unknown;
}

/** `date`: ISO date of the new sheet. `sources`: who was asked, by provider and option, e.g. "aws spot". */
export function refreshedSheet(
  text: string,
  fetched: readonly FetchedPrice[],
  { date, sources }: { readonly date: string; readonly sources: Readonly<Record<string, string>> },
): Refresh {
  const sheet = parsePriceSheet(text);
  const raw: {
    date: string;
    sources: Record<string, string>;
    bases: Record<string, string>;
    instances: RawInstance[];
  } = JSON.parse(text);
  const key = (one: { provider: string; region: string; sku: string }, option: string) =>
    `${one.provider}/${one.region}/${one.sku}/${option}`;
  const quotes = new Map(fetched.map((one) => [key(one, one.option), one]));
  const changes: PriceChange[] = [];
  raw.date = date;
  const basis = 'observed at refresh';
  sheet.instances.forEach((quote, index) => {
    const target = raw.instances[index];
    if (target === undefined) return;
    let onDemand = quote.onDemand?.usdPerHour ?? null;
    for (const option of ['on-demand', 'spot'] as const) {
      const source = `${quote.provider} ${option}`;
      if (sources[source] === undefined) continue;
      const { quoted, change } = compare(quote, option, quotes.get(key(quote, option)), onDemand);
      changes.push(change);
      if (quoted === null) continue;
      const row = { usdPerHour: decimal(quoted.mean), basis, source, date };
      if (option === 'on-demand') {
        target.onDemand = row;
        onDemand = quoted.mean;
      } else {
        const range = {
          minUsdPerHour: decimal(quoted.least),
          maxUsdPerHour: decimal(quoted.most),
          zones: quoted.zones,
        };
        target.spot = quoted.zones > 1 ? { ...row, ...range } : row;
      }
    }
  });
  Object.assign(raw.sources, sources);
  return { text: `${JSON.stringify(raw, null, 1)}\n`, changes };
}
