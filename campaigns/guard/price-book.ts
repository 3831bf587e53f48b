/**
 * Prices of what an inventory holds, per unit and hour: the price sheet, and live spot quotes where the account gives them.
 * Owns: which price an item is metered at (never below what it may cost), and what stands in for a missing one.
 * Does not own: quotes (budgets/prices.ts), metering (budgets/guard).
 */
import type { MeteredKind, MeteredResource, SeenPrices } from '#budgets/guard/observation.ts';
import { multiply, parseUsd, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { lookupInstance, lookupUnit } from '#budgets/prices.ts';
import { type CloudResource, isBilled, type ResourceClass } from '#campaigns/cloud/cloud-resource.ts';

const kindOf: Readonly<Partial<Record<ResourceClass, MeteredKind>>> = {
  instance: 'instance',
  volume: 'disk',
  address: 'address',
  'nat-gateway': 'nat-gateway',
  endpoint: 'endpoint',
  cluster: 'control-plane',
};

/** Unit price of the sheet, and over how many hours it runs. */
const unitOf: Readonly<
  Record<Exclude<MeteredKind, 'instance'>, { readonly id: string; readonly hours: bigint }>
> = {
  disk: { id: 'aws.ebs.gp3', hours: 730n },
  address: { id: 'aws.ipv4.hour', hours: 1n },
  'nat-gateway': { id: 'aws.nat.hour', hours: 1n },
  'load-balancer': { id: 'aws.lb.hour', hours: 1n },
  endpoint: { id: 'aws.endpoint.hour', hours: 1n },
  'control-plane': { id: 'aws.eks.standard', hours: 1n },
};

/** What bills by the hour of these resources. Templates, groups and gateway endpoints do not. */
export function meteredResources(resources: readonly CloudResource[], stampMs: number): MeteredResource[] {
  return resources.flatMap((one) => {
    const kind = kindOf[one.class];
    if (kind === undefined || !isBilled(one) || (kind === 'endpoint' && one.sku === 'Gateway')) return [];
    const item = kind === 'instance' ? `${one.region} ${one.sku} ${one.spot ? 'spot' : 'on-demand'}` : kind;
    return [
      { id: `${one.class}/${one.id}`, kind, item, units: one.units, launchedMs: one.launchedMs ?? stampMs },
    ];
  });
}

function unitPrice(
  sheet: PriceSheet,
  kind: Exclude<MeteredKind, 'instance'>,
  asOf: string,
): UsdMicros | null {
  const { id, hours } = unitOf[kind];
  const quote = lookupUnit(sheet, id, asOf);
  return quote.status === 'unpriced' ? null : multiply(quote.high, { times: 1n, over: hours }, 'up');
}

function instancePrice(
  sheet: PriceSheet,
  item: string,
  live: ReadonlyMap<string, string>,
  asOf: string,
): UsdMicros | null {
  const [region = '', sku = '', option = ''] = item.split(' ');
  const quoted = option === 'spot' ? live.get(sku) : undefined;
  if (quoted !== undefined) return parseUsd(quoted);
  const request = { provider: 'aws', region, sku, option: option === 'spot' ? 'spot' : 'on-demand' } as const;
  const found = lookupInstance(sheet, request, asOf);
  if (found.status === 'priced') return found.high;
  const onDemand = lookupInstance(sheet, { ...request, option: 'on-demand' }, asOf);
  return onDemand.status === 'priced' ? onDemand.high : null;
}

/** The dearest machine of the provider that the sheet has: what one without any price is counted at. */
function dearestInstance(sheet: PriceSheet): UsdMicros | null {
  const prices = sheet.instances.flatMap(({ provider, onDemand }) =>
    provider === 'aws' && onDemand !== null ? [onDemand.usdPerHour] : [],
  );
  return prices.length === 0 ? null : usdMicros(Math.max(...prices));
}

/** Prices of everything in `resources`; `live`: spot quotes per machine type. Pure. */
export function pricesOf(
  resources: readonly MeteredResource[],
  sheet: PriceSheet,
  live: ReadonlyMap<string, string>,
  asOf: string,
): SeenPrices {
  const perHour: Record<string, UsdMicros> = {};
  const worst: Partial<Record<MeteredKind, UsdMicros>> = {};
  const dearest = dearestInstance(sheet);
  if (dearest !== null) worst.instance = dearest;
  for (const { item, kind } of resources) {
    if (Object.hasOwn(perHour, item)) continue;
    const price = kind === 'instance' ? instancePrice(sheet, item, live, asOf) : unitPrice(sheet, kind, asOf);
    if (price !== null) perHour[item] = price;
  }
  return { known: true, perHour, worst };
}
