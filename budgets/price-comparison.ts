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
import { familyOf, spotOutlier, spotRejection } from '#budgets/price-rules.ts';
import type { InstanceQuote, PriceSheet } from '#budgets/price-sheet.ts';
import type { PurchaseOption } from '#budgets/prices.ts';

export interface ComparedPrice {
  readonly provider: string;
  readonly region: string;
  readonly sku: string;
  /** "aws c6i", "gcp n2-highcpu". */
  readonly family: string;
  readonly arch: 'amd64' | 'arm64';
  readonly option: PurchaseOption;
  readonly nodesPerVm: number;
  /** False: taken as on a GCP machine of the same size. */
  readonly isAllocatableKnown: boolean;
  readonly perThousandNodeHours: UsdMicros;
  readonly date: string | null;
  readonly source: string;
  /** Why the quote should not be counted on; null when nothing speaks against it. */
  readonly doubt: string | null;
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
      const doubt = option === 'spot' ? (spotOutlier(quote)?.message ?? null) : null;
      const own = {
        provider,
        region,
        sku,
        family: familyOf(quote),
        arch,
        option,
        doubt,
        nodesPerVm: nodes,
        perThousandNodeHours,
      };
      return [{ ...own, isAllocatableKnown: provider !== 'azure', date: price.date, source: price.source }];
    });
  });
  return rows.sort((a, b) => a.perThousandNodeHours - b.perThousandNodeHours);
}

export interface Cheapest {
  readonly group: string;
  /** Without a doubt; null when there is no such quote. */
  readonly spot: ComparedPrice | null;
  readonly onDemand: ComparedPrice | null;
}

/** The cheapest quote of each group that nothing speaks against, cheapest group first. `rows`: cheapest first. */
export function cheapestBy(
  rows: readonly ComparedPrice[],
  groupOf: (row: ComparedPrice) => string,
): readonly Cheapest[] {
  const groups = Map.groupBy(rows, groupOf);
  const least = (of: readonly ComparedPrice[], option: PurchaseOption): ComparedPrice | null =>
    of.find((row) => row.option === option && row.doubt === null) ?? null;
  const price = ({ spot, onDemand }: Cheapest): number =>
    Math.min(...[spot, onDemand].map((row) => row?.perThousandNodeHours ?? Number.POSITIVE_INFINITY));
  return [...groups]
    .map(([group, of]) => ({ group, spot: least(of, 'spot'), onDemand: least(of, 'on-demand') }))
    .sort((a, b) => price(a) - price(b));
}
