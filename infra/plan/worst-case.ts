/**
 * What a stack costs at most until nothing of it is left: every VM at its dearest, for as long as the slowest brake allows.
 * Owns: that bound, term by term, and the refusal above a limit. Does not own: what a run is expected to cost (budgets/forecast.ts).
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { defaultLimits } from '#budgets/limits.ts';
import { formatUsd, multiply, sum, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { lookupInstance, lookupUnit, worstInstance, worstUnit } from '#budgets/prices.ts';
import { configError, type StackConfig } from '#infra/config.ts';
import { TEARDOWN_AFTER_MINUTES, TEARDOWN_TAKES_MINUTES, VM_GRACE_MINUTES } from '#infra/plan/deadline.ts';
import type { MachinePlan } from '#infra/plan/machines.ts';

/** Something that is not the measured pool. */
export type FixedItem =
  | {
      readonly kind: 'vm';
      readonly label: string;
      readonly sku: string;
      readonly vcpu: number;
      readonly count: number;
    }
  | { readonly kind: 'hourly'; readonly label: string; readonly unitId: string; readonly count: number }
  | { readonly kind: 'disk'; readonly label: string; readonly unitId: string; readonly gib: number }
  | { readonly kind: 'once'; readonly label: string; readonly unitId: string; readonly quantity: number };

export interface Term {
  readonly label: string;
  readonly usd: UsdMicros;
  readonly arithmetic: string;
}

export interface WorstCase {
  readonly terms: readonly Term[];
  readonly total: UsdMicros;
  /** From `up` until a VM has stopped itself though every other brake failed. */
  readonly vmMinutes: number;
  /** From `up` until the unattended teardown is through. */
  readonly stackMinutes: number;
}

const HOURS_PER_MONTH = 730n;

function unitPrice(sheet: PriceSheet, unitId: string, asOf: string): UsdMicros {
  const quote = lookupUnit(sheet, unitId, asOf);
  return quote.status === 'priced' ? quote.high : worstUnit(sheet, unitId, quote, asOf).pricedAs.high;
}

/** An on-demand VM per hour, at the upper estimate. */
export function vmPrice(
  sheet: PriceSheet,
  machines: MachinePlan,
  sku: string,
  vcpu: number,
  asOf: string,
): UsdMicros {
  const request = { provider: machines.provider, region: machines.region, sku, option: 'on-demand' } as const;
  const quote = lookupInstance(sheet, request, asOf);
  return quote.status === 'priced'
    ? quote.high
    : worstInstance(sheet, request, vcpu, quote, asOf).pricedAs.high;
}

/** Rounded up: a bound that rounds down is none. */
function times(price: UsdMicros, count: number, minutes: number): UsdMicros {
  return multiply(price, { times: BigInt(count) * BigInt(minutes), over: 60n }, 'up');
}

export function worstCase(
  machines: MachinePlan,
  fixed: readonly FixedItem[],
  minutes: number,
  sheet: PriceSheet,
  asOf: string,
): WorstCase {
  const vmMinutes = minutes + VM_GRACE_MINUTES;
  const stackMinutes = minutes + TEARDOWN_AFTER_MINUTES + TEARDOWN_TAKES_MINUTES;
  const pool = times(machines.capPerHour, machines.vms, vmMinutes);
  const terms: Term[] = [
    {
      label: 'measured pool',
      usd: pool,
      arithmetic: `${machines.vms} VMs x ${formatUsd(machines.capPerHour)}/h x ${vmMinutes} min`,
    },
  ];
  for (const item of fixed) {
    if (item.kind === 'vm') {
      const price = vmPrice(sheet, machines, item.sku, item.vcpu, asOf);
      terms.push({
        label: item.label,
        usd: times(price, item.count, stackMinutes),
        arithmetic: `${item.count} x ${item.sku} x ${formatUsd(price)}/h x ${stackMinutes} min`,
      });
      continue;
    }
    const price = unitPrice(sheet, item.unitId, asOf);
    if (item.kind === 'hourly') {
      terms.push({
        label: item.label,
        usd: times(price, item.count, stackMinutes),
        arithmetic: `${item.count} x ${formatUsd(price)}/h x ${stackMinutes} min`,
      });
    } else if (item.kind === 'disk') {
      const ratio = { times: BigInt(item.gib) * BigInt(stackMinutes), over: HOURS_PER_MONTH * 60n };
      terms.push({
        label: item.label,
        usd: multiply(price, ratio, 'up'),
        arithmetic: `${item.gib} GB x ${formatUsd(price)}/month x ${stackMinutes} min`,
      });
    } else {
      terms.push({
        label: item.label,
        usd: multiply(price, { times: BigInt(Math.ceil(item.quantity)), over: 1n }, 'up'),
        arithmetic: `${Math.ceil(item.quantity)} x ${formatUsd(price)}`,
      });
    }
  }
  return { terms, total: sum(terms.map((term) => term.usd)), vmMinutes, stackMinutes };
}

function spelled(worst: WorstCase): string {
  return worst.terms
    .filter((term) => term.usd > 0)
    .map((term) => `${term.label} ${formatUsd(term.usd)} (${term.arithmetic})`)
    .join('; ');
}

/**
 * Refuses before the first resource: a cap above the product's own limits, a worst case above the cap of the run, or above what is
 * left of the campaign's budget. Throws ConfigError for the first, BudgetError `over-budget` for the others.
 */
export function assertAffordable(stack: string, config: StackConfig, worst: WorstCase): void {
  if (config.runCapUsd > defaultLimits.perRun) {
    throw configError(
      stack,
      'runCapUsd',
      `is above the limit per run`,
      `at most ${formatUsd(defaultLimits.perRun)}`,
    );
  }
  if (config.campaignBudgetUsd > defaultLimits.campaign) {
    throw configError(
      stack,
      'campaignBudgetUsd',
      'is above the limit of a campaign',
      `at most ${formatUsd(defaultLimits.campaign)}`,
    );
  }
  const refuse = (what: string, limit: UsdMicros): never => {
    throw new BudgetError(
      'over-budget',
      `${stack}: at worst ${formatUsd(worst.total)}, ${what} ${formatUsd(limit)}; nothing was created. ${spelled(worst)}. ` +
        'Shorten ttlMinutes, lower nodes or pool.priceCapUsdPerHour, raise nodesPerProcess',
    );
  };
  if (worst.total > config.runCapUsd) refuse('and the run may cost', config.runCapUsd);
  const left = usdMicros(Math.max(0, config.campaignBudgetUsd - config.spentUsd));
  if (worst.total > left) refuse('and the campaign has left', left);
}
