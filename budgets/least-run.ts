/**
 * The proof that a run cannot be bought inside its limit, whatever is bought: the least that its VMs cost on any quote of the sheet.
 * Owns: that bound and its arithmetic. Does not own: forecasts (forecast.ts) or ways back inside a limit (levers.ts).
 */
import { allocatableOf, packOneVm, vmsFor } from '#budgets/capacity.ts';
import type { ForecastInput, ForecastRowInput } from '#budgets/forecast.ts';
import type { Limits } from '#budgets/limits.ts';
import { formatUnitPrice, formatUsd, multiply, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { spotRejection } from '#budgets/price-rules.ts';
import type { InstanceQuote } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import type { CloudStack } from '#budgets/stacks.ts';

type CloudInput = ForecastInput & { readonly stack: CloudStack };

/** A run that no price on the sheet brings inside its limit, with the arithmetic. */
export interface Impossibility {
  readonly rowId: string;
  readonly least: UsdMicros;
  readonly limit: UsdMicros;
  readonly arithmetic: string;
}

function leastPrice(quote: InstanceQuote): UsdMicros | null {
  const spot =
    quote.spot === null || spotRejection(quote) !== null
      ? null
      : (quote.spot.minUsdPerHour ?? quote.spot.usdPerHour);
  const prices = [spot, quote.onDemand?.usdPerHour ?? null].filter((price) => price !== null);
  return prices.length === 0 ? null : usdMicros(Math.min(...prices));
}

/**
 * The least that the VMs of a run can cost on any quote of the sheet, all providers: no disks, control plane, deploy, interruption
 * or second try. Above the limit, no choice of type, region or provider brings the run inside it; only less time or denser nodes do.
 */
function leastRun(
  row: ForecastRowInput,
  input: CloudInput,
): { readonly cost: UsdMicros; readonly arithmetic: string } | null {
  let best: { readonly cost: UsdMicros; readonly arithmetic: string } | null = null;
  for (const quote of input.sheet.instances) {
    const price = leastPrice(quote);
    const allocatable = allocatableOf(quote);
    if (price === null || allocatable === null) continue;
    let vms: number;
    try {
      vms = vmsFor(row.nodes, packOneVm(quote.sku, allocatable, input.stack.packing)).vms;
    } catch {
      continue; // too small for one node
    }
    const cost = multiply(price, { times: BigInt(vms) * BigInt(row.runUs), over: BigInt(HOUR_US) }, 'down');
    if (best !== null && cost >= best.cost) continue;
    const hours = Number((row.runUs / HOUR_US).toFixed(2));
    best = {
      cost,
      arithmetic: `${vms} x ${quote.provider} ${quote.region} ${quote.sku} x ${hours} h x ${formatUnitPrice(price)} = ${formatUsd(cost)}, the least of every quote on the sheet`,
    };
  }
  return best;
}

/** Runs that no type, region or provider brings inside their limit, in row order. */
export function impossibleRuns(
  { stack, ...input }: ForecastInput,
  { perRun }: Pick<Limits, 'perRun'>,
): readonly Impossibility[] {
  if (stack.kind === 'local') return [];
  return input.rows.flatMap((row): Impossibility[] => {
    const least = leastRun(row, { ...input, stack });
    if (least === null || least.cost <= perRun) return [];
    return [{ rowId: row.rowId, least: least.cost, limit: perRun, arithmetic: least.arithmetic }];
  });
}
