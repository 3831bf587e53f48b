/**
 * What Google charges now, from the Cloud Billing catalogue: a machine type's price is its cores and its memory.
 * Owns: calls, paging, and which stock-keeping units make up a machine type. Does not own: which quote is believed
 * (budgets/price-refresh.ts). Source of the format: cloud.google.com/billing/docs/reference/rest/v1/services.skus.
 */
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';
import type { FetchedPrice } from '#budgets/price-refresh.ts';

/** The service "Compute Engine" in the catalogue. */
const COMPUTE_ENGINE = '6F81-5844-456A';
export const gcpCatalogue = 'https://cloudbilling.googleapis.com';

const page = z.object({
  skus: z
    .array(
      z.object({
        description: z.string(),
        category: z.object({ resourceFamily: z.string(), usageType: z.string() }),
        serviceRegions: z.array(z.string()),
        pricingInfo: z.array(
          z.object({
            pricingExpression: z.object({
              usageUnit: z.string(),
              tieredRates: z.array(
                z.object({
                  startUsageAmount: z.number().optional(),
                  unitPrice: z.object({
                    currencyCode: z.string(),
                    units: z.string().optional(),
                    nanos: z.int().optional(),
                  }),
                }),
              ),
            }),
          }),
        ),
      }),
    )
    .optional(),
  nextPageToken: z.string().optional(),
});
type Sku = NonNullable<z.infer<typeof page>['skus']>[number];

async function catalogue(endpoint: string, apiKey: string): Promise<readonly Sku[]> {
  const found: Sku[] = [];
  let token = '';
  do {
    const query = new URLSearchParams({ pageSize: '5000', ...(token === '' ? {} : { pageToken: token }) });
    const response = await fetch(`${endpoint}/v1/services/${COMPUTE_ENGINE}/skus?${query}`, {
      headers: { 'x-goog-api-key': apiKey },
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok)
      throw new BudgetError(
        'refresh-failed',
        `the Cloud Billing catalogue answered ${response.status} ${response.statusText}`,
      );
    const parsed = page.safeParse(await response.json());
    if (!parsed.success)
      throw new BudgetError(
        'refresh-failed',
        `the Cloud Billing catalogue answered in another form: ${parsed.error.issues[0]?.path.join('.')}`,
      );
    found.push(...(parsed.data.skus ?? []));
    token = parsed.data.nextPageToken ?? '';
  } while (token !== '');
  return found;
}

/** "C4A Instance Core running in Iowa", "Spot Preemptible N2 Instance Ram running in Belgium". */
const description = /^(Spot Preemptible )?(\w+)(?: (?:AMD|Arm))? Instance (Core|Ram) running in /i;

/** Nano-dollars per unit of the first tier; null when it is not in dollars or not by the hour. */
function nanos(sku: Sku): bigint | null {
  const expression = sku.pricingInfo.at(-1)?.pricingExpression;
  const rate = expression?.tieredRates.find(({ startUsageAmount = 0 }) => startUsageAmount === 0)?.unitPrice;
  if (expression === undefined || rate === undefined || rate.currencyCode !== 'USD') return null;
  if (!['h', 'GiBy.h'].includes(expression.usageUnit)) return null;
  return BigInt(rate.units ?? '0') * 1_000_000_000n + BigInt(rate.nanos ?? 0);
}

export interface GcpMachine {
  readonly region: string;
  readonly sku: string;
  readonly vcpu: number;
  readonly memGiB: number;
}

/** "c4a-highcpu-8" is of the family "C4A". */
const familyOf = (sku: string): string => (sku.split('-')[0] ?? '').toUpperCase();

/** Prices of the machine types that a sheet has; what the catalogue does not have in full is absent. Throws `refresh-failed`. */
export async function gcpPrices(
  wanted: readonly GcpMachine[],
  apiKey: string,
  endpoint: string = gcpCatalogue,
): Promise<readonly FetchedPrice[]> {
  const rates = new Map<string, bigint>();
  for (const sku of await catalogue(endpoint, apiKey)) {
    const match = description.exec(sku.description);
    const price = nanos(sku);
    const { resourceFamily, usageType } = sku.category;
    if (match === null || price === null || resourceFamily !== 'Compute') continue;
    const option = usageType === 'Preemptible' ? 'spot' : usageType === 'OnDemand' ? 'on-demand' : null;
    if (option === null) continue; // commitments
    for (const region of sku.serviceRegions)
      rates.set([option, match[2]?.toUpperCase(), match[3]?.toLowerCase(), region].join(' '), price);
  }
  return wanted.flatMap(({ region, sku, vcpu, memGiB }) =>
    (['on-demand', 'spot'] as const).flatMap((option): FetchedPrice[] => {
      const core = rates.get([option, familyOf(sku), 'core', region].join(' '));
      const ram = rates.get([option, familyOf(sku), 'ram', region].join(' '));
      if (core === undefined || ram === undefined) return [];
      const total = core * BigInt(vcpu) + (ram * BigInt(Math.round(memGiB * 1_000))) / 1_000n;
      const usd = `${total / 1_000_000_000n}.${String(total % 1_000_000_000n).padStart(9, '0')}`;
      return [{ provider: 'gcp', region, sku, option, usdPerHour: [usd] }];
    }),
  );
}
