/**
 * Providers, regions and machine types side by side: dollars per 1,000 node-hours, cheapest first.
 * Owns: the comparison by VM price alone. Does not own: forecasts, which add disks, control plane, interruptions and time.
 * How many nodes fit: what is allocatable on AWS; on GCP by its published
 * reservations; on Azure taken as on GCP, and then the row says so.
 */
import {
  type Allocatable,
  awsAllocatable,
  gcpAllocatable,
  packingPolicy,
  packOneVm,
} from '#budgets/capacity.ts';
import { multiply, type UsdMicros } from '#budgets/money.ts';
import { spotRejection } from '#budgets/price-rules.ts';
import type { InstanceQuote, PriceSheet } from '#budgets/price-sheet.ts';
import type { PurchaseOption } from '#budgets/prices.ts';

export interface ComparedPrice {
  readonly provider: string;
  readonly region: string;
  readonly sku: string;
  readonly arch: 'amd64' | 'arm64';
  readonly option: PurchaseOption;
  readonly nodesPerVm: number;
  /** False: taken as on a GCP machine of the same size. */
  readonly isAllocatableKnown: boolean;
  readonly perThousandNodeHours: UsdMicros;
  readonly date: string | null;
  readonly source: string;
}

/** Half a CPU and 512 MiB per node, as the phases ask for. */
const pod = { cpuMilli: 500, memoryMiB: 512, nodesPerPod: 1 };

function allocatableOf(quote: InstanceQuote): Allocatable | null {
  const { provider, sku, vcpu, memGiB } = quote;
  return provider === 'aws' ? awsAllocatable(sku, vcpu, memGiB) : gcpAllocatable(vcpu, memGiB);
}

function nodesOn(quote: InstanceQuote): number {
  const allocatable = allocatableOf(quote);
  if (allocatable === null) return 0;
  try {
    return packOneVm(quote.sku, allocatable, packingPolicy(quote.provider === 'aws' ? 'aws' : 'gcp', pod))
      .nodesPerVm;
  } catch {
    return 0; // too small for one node
  }
}

/** Every usable quote, cheapest first; equal ones in the sheet's order. A rejected or unknown price has no row. */
export function comparePrices(sheet: PriceSheet): readonly ComparedPrice[] {
  const rows = sheet.instances.flatMap((quote): ComparedPrice[] => {
    const nodes = nodesOn(quote);
    if (nodes === 0) return [];
    return (['on-demand', 'spot'] as const).flatMap((option): ComparedPrice[] => {
      const price = option === 'spot' ? quote.spot : quote.onDemand;
      if (price === null || (option === 'spot' && spotRejection(quote) !== null)) return [];
      const { provider, region, sku, arch } = quote;
      const perThousandNodeHours = multiply(price.usdPerHour, { times: 1_000n, over: BigInt(nodes) });
      const own = { provider, region, sku, arch, option, nodesPerVm: nodes, perThousandNodeHours };
      return [{ ...own, isAllocatableKnown: provider !== 'azure', date: price.date, source: price.source }];
    });
  });
  return rows.sort((a, b) => a.perThousandNodeHours - b.perThousandNodeHours);
}
