/**
 * Every price a stack needs, looked up once: quotes, and substitutes for what is unpriced.
 * Owns: the rate card of one stack. Does not own: quantities (run-cost.ts).
 */

import type { InterruptionBand, PriceSheet } from '#budgets/price-sheet.ts';
import type { Priced, Quote, Substitute } from '#budgets/prices.ts';
import {
  findInstance,
  interruptionPerMille,
  lookupInstance,
  lookupUnit,
  requireListed,
  worstInstance,
  worstUnit,
} from '#budgets/prices.ts';
import type { CloudStack, VmGroup } from '#budgets/stacks.ts';

export interface Rate {
  /** What it is used for, e.g. "node pool". */
  readonly use: string;
  readonly price: Priced;
}

export interface StackRates {
  readonly pool: Rate;
  /** Same order as `stack.fixedVms`. */
  readonly fixedVms: readonly Rate[];
  /** Same order as `stack.hourly`. */
  readonly hourly: readonly Rate[];
  readonly disk: Rate;
  readonly crossZone: Rate;
  readonly logs: Rate;
  readonly egress: Rate;
  /** Monthly interruption frequency of the pool, per mille; zeros on demand. */
  readonly interruptions: { readonly low: number; readonly expected: number; readonly high: number };
  /** Null on demand. */
  readonly interruptionBand: InterruptionBand | null;
  /** The published band, or why one was assumed. */
  readonly interruptionBasis: string;
  readonly unpriced: readonly Substitute[];
}

/** A band nobody published is taken as the worst one. */
const UNKNOWN_BAND: InterruptionBand = '>20%';

function interruptionsOf(
  stack: CloudStack,
  sheet: PriceSheet,
): Pick<StackRates, 'interruptions' | 'interruptionBand' | 'interruptionBasis'> {
  if (stack.pool.option === 'on-demand') {
    return {
      interruptions: { low: 0, expected: 0, high: 0 },
      interruptionBand: null,
      interruptionBasis: 'on demand: not interrupted',
    };
  }
  const found = findInstance(sheet, { provider: stack.provider, region: stack.region, sku: stack.pool.sku });
  const band = found?.interruption?.band ?? UNKNOWN_BAND;
  const interruptionBasis =
    found?.interruption === undefined || found.interruption === null
      ? `no band published, worst assumed: ${band} per month`
      : `${band} of VMs per month (${found.interruption.date ?? 'undated'}, ${sheet.sources[found.interruption.source] ?? found.interruption.source})`;
  return { interruptions: interruptionPerMille[band], interruptionBand: band, interruptionBasis };
}

/** Looks up all prices. Throws `unknown-sku` for a machine that the sheet does not name, `unpriceable` when an item and its whole class have no price. */
export function ratesOf(stack: CloudStack, sheet: PriceSheet, asOf: string): StackRates {
  const unpriced: Substitute[] = [];
  const settle = (
    quote: Quote,
    worst: (missing: Extract<Quote, { status: 'unpriced' }>) => Substitute,
  ): Priced => {
    if (quote.status === 'priced') return quote;
    const substitute = worst(quote);
    if (!unpriced.some((one) => one.unpriced.item === substitute.unpriced.item)) unpriced.push(substitute);
    return substitute.pricedAs;
  };
  const vm = (use: string, group: VmGroup): Rate => {
    const request = { provider: stack.provider, region: stack.region, sku: group.sku, option: group.option };
    requireListed(sheet, request, `stack ${stack.name}, ${use}`);
    const quote = lookupInstance(sheet, request, asOf);
    return {
      use,
      price: settle(quote, (missing) => worstInstance(sheet, request, group.vcpu, missing, asOf)),
    };
  };
  const unit = (use: string, id: string): Rate => ({
    use,
    price: settle(lookupUnit(sheet, id, asOf), (missing) => worstUnit(sheet, id, missing, asOf)),
  });
  return {
    pool: vm('node pool', stack.pool),
    fixedVms: stack.fixedVms.map((group) => vm(group.label, group)),
    hourly: stack.hourly.map((item) => unit(item.label, item.unitId)),
    disk: unit('root disks', stack.diskUnitId),
    crossZone: unit('cross-zone traffic', stack.crossZoneUnitId),
    logs: unit('control-plane logs', stack.logUnitId),
    egress: unit('results and metrics leaving the region', stack.egressUnitId),
    ...interruptionsOf(stack, sheet),
    unpriced,
  };
}

/** All rates once, in the order of the rate sheet. */
export function allRates(rates: StackRates): readonly Rate[] {
  return [
    rates.pool,
    ...rates.fixedVms,
    ...rates.hourly,
    rates.disk,
    rates.logs,
    rates.crossZone,
    rates.egress,
  ];
}
