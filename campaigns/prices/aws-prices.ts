/**
 * What AWS charges now: on demand from the price list, spot from the history of every zone, through the SDK v3 clients.
 * Owns: calls, paging and what of an answer is a price. Does not own: which quote is believed (budgets/price-refresh.ts).
 * Credentials, endpoint and retries are the SDK's own (AWS_PROFILE, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_PRICING, ...).
 */
import {
  EC2Client,
  type _InstanceType as InstanceType,
  paginateDescribeSpotPriceHistory,
} from '@aws-sdk/client-ec2';
import { PricingClient, paginateGetProducts } from '@aws-sdk/client-pricing';
import { z } from 'zod';
import type { FetchedPrice } from '#budgets/price-refresh.ts';

/** The price list of all regions is served from a few; this one has always been among them. */
const PRICING_REGION = 'us-east-1';

const priceListItem = z.object({
  product: z.object({ attributes: z.object({ instanceType: z.string().optional() }) }),
  terms: z.object({
    OnDemand: z
      .record(
        z.string(),
        z.object({
          priceDimensions: z.record(
            z.string(),
            z.object({ unit: z.string(), pricePerUnit: z.record(z.string(), z.string()) }),
          ),
        }),
      )
      .optional(),
  }),
});

/** Dollars per hour of one item of the price list; null when it has none in dollars by the hour. */
function hourly(text: string): { readonly sku: string; readonly usd: string } | null {
  const parsed = priceListItem.safeParse(JSON.parse(text));
  if (!parsed.success) return null;
  const { product, terms } = parsed.data;
  const dimensions = Object.values(terms.OnDemand ?? {}).flatMap((term) =>
    Object.values(term.priceDimensions),
  );
  const usd = dimensions.find(({ unit }) => unit === 'Hrs')?.pricePerUnit['USD'];
  const sku = product.attributes.instanceType;
  return usd === undefined || sku === undefined ? null : { sku, usd };
}

/** Linux on shared machines, without licences and reservations: what a node pool buys. */
const onDemandFilters = {
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
};

async function onDemandPrices(region: string, skus: ReadonlySet<string>): Promise<readonly FetchedPrice[]> {
  const client = new PricingClient({ region: PRICING_REGION });
  const found = new Map<string, string>();
  try {
    const filters = Object.entries({ ...onDemandFilters, regionCode: region });
    const pages = paginateGetProducts(
      { client },
      {
        ServiceCode: 'AmazonEC2',
        FormatVersion: 'aws_v1',
        Filters: filters.map(([Field, Value]) => ({ Type: 'TERM_MATCH' as const, Field, Value })),
      },
    );
    for await (const page of pages) {
      for (const item of page.PriceList ?? []) {
        const price = hourly(String(item));
        if (price !== null && skus.has(price.sku)) found.set(price.sku, price.usd);
      }
    }
  } finally {
    client.destroy();
  }
  return [...found].map(([sku, usd]) => ({
    provider: 'aws',
    region,
    sku,
    option: 'on-demand',
    usdPerHour: [usd],
  }));
}

/** The latest price of each zone. */
async function spotPrices(
  region: string,
  skus: ReadonlySet<string>,
  now: Date,
): Promise<readonly FetchedPrice[]> {
  const client = new EC2Client({ region });
  const latest = new Map<string, { readonly at: number; readonly usd: string }>();
  try {
    const pages = paginateDescribeSpotPriceHistory(
      { client },
      { StartTime: now, InstanceTypes: [...skus] as InstanceType[], ProductDescriptions: ['Linux/UNIX'] },
    );
    for await (const page of pages) {
      for (const {
        InstanceType: sku,
        AvailabilityZone: zone,
        SpotPrice: usd,
        Timestamp,
      } of page.SpotPriceHistory ?? []) {
        if (sku === undefined || zone === undefined || usd === undefined || !skus.has(sku)) continue;
        const at = Timestamp?.getTime() ?? 0;
        const key = `${sku} ${zone}`;
        if (at >= (latest.get(key)?.at ?? Number.NEGATIVE_INFINITY)) latest.set(key, { at, usd });
      }
    }
  } finally {
    client.destroy();
  }
  return [...skus].flatMap((sku): FetchedPrice[] => {
    const zones = [...latest].filter(([key]) => key.startsWith(`${sku} `)).map(([, { usd }]) => usd);
    return zones.length === 0 ? [] : [{ provider: 'aws', region, sku, option: 'spot', usdPerHour: zones }];
  });
}

/** Prices of the types that a sheet has in each region; what AWS does not quote is absent. Throws what the SDK throws. */
export async function awsPrices(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  now: Date,
): Promise<readonly FetchedPrice[]> {
  const found: FetchedPrice[] = [];
  for (const [region, skus] of wanted) {
    found.push(...(await onDemandPrices(region, skus)), ...(await spotPrices(region, skus, now)));
  }
  return found;
}
