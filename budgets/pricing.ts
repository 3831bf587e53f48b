/**
 * What one repetition costs on a stack at the prices of a sheet: its lines, its quantiles in the window and deployed for itself.
 * Owns: that cost and the market that all runs share. Does not own: sums over rows (forecast.ts) or lines at quotes (run-cost.ts).
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { allocatableOf, type Packing, packOneVm } from '#budgets/capacity.ts';
import type { Estimate } from '#budgets/estimate.ts';
import type { UsdMicros } from '#budgets/money.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { defaultRisks, type RiskModel } from '#budgets/risk.ts';
import { type CostLine, minutesUs, runLines, stretchLines, totalOf } from '#budgets/run-cost.ts';
import {
  addDeploy,
  addRun,
  defaultSampling,
  type Market,
  marketOf,
  p90Of,
  quantiles,
  remainder,
  type Sampling,
} from '#budgets/sampled-cost.ts';
import { ratesOf, type StackRates } from '#budgets/stack-rates.ts';
import type { CloudStack } from '#budgets/stacks.ts';

/** Throws `unknown-instance` for a type whose allocatable figures are not known. */
export function packingOf(stack: CloudStack): Packing {
  const { sku } = stack.pool;
  const allocatable = allocatableOf({ provider: stack.provider, ...stack.pool });
  if (allocatable === null) {
    throw new BudgetError(
      'unknown-instance',
      `no allocatable CPU and memory is known for ${stack.provider} ${sku}`,
    );
  }
  return packOneVm(sku, allocatable, stack.packing);
}

export function overheadUs(stack: CloudStack): number {
  return minutesUs(stack.deployMinutes + stack.teardownMinutes);
}

export interface RunCost {
  readonly lines: readonly CostLine[];
  readonly perRun: Estimate;
  readonly alone: Estimate;
}

/** One stack, its prices and one market: what all runs of a forecast share. */
export interface Pricing {
  readonly stack: CloudStack;
  readonly rates: StackRates;
  readonly risks: RiskModel;
  readonly market: Market;
}

export interface PricingInput {
  readonly sheet: PriceSheet;
  /** The day the prices are used, ISO date; the sheet's own date when nobody re-quoted. */
  readonly asOf: string;
  /** What can go wrong; the defaults when absent. */
  readonly risks?: RiskModel;
  /** Seed and number of draws. */
  readonly sampling?: Sampling;
}

/** Throws `unpriceable`. */
export function pricingOf(
  stack: CloudStack,
  { sheet, asOf, risks = defaultRisks, sampling = defaultSampling }: PricingInput,
): Pricing {
  const rates = ratesOf(stack, sheet, asOf);
  return { stack, rates, risks, market: marketOf(rates, risks, sampling) };
}

/** What of a row decides about the cost of one repetition. */
export interface RowShape {
  readonly nodes: number;
  /** Warm-up + measured window + cool-down of one repetition, microseconds. */
  readonly runUs: number;
  /** Sent per node, bytes per second; null = not measured, the stack's assumption is used. */
  readonly bytesPerNodeSecond: number | null;
}

export function usageOf(stack: CloudStack, row: RowShape, vms: number) {
  const bytesPerNodeSecond = row.bytesPerNodeSecond ?? stack.assumedBytesPerNodeSecond;
  return { vms, nodes: row.nodes, us: row.runUs + minutesUs(stack.resetMinutes), bytesPerNodeSecond };
}

export function emptyDraws({ market }: Pricing): Float64Array {
  return new Float64Array(market.sampling.draws);
}

/** Draws of one repetition in the window. */
function runDraws(pricing: Pricing, row: RowShape, vms: number, index: number): Float64Array {
  const { stack, rates, market, risks } = pricing;
  const usage = usageOf(stack, row, vms);
  const draws = emptyDraws(pricing);
  const lines = stretchLines(stack, rates, usage);
  addRun(draws, market, stack, risks, { vms, runUs: row.runUs, us: usage.us, lines, index });
  return draws;
}

/** Adds what deploying it for itself and tearing it down costs. */
function addAround(
  draws: Float64Array,
  { stack, rates, market, risks }: Pricing,
  row: RowShape,
  vms: number,
) {
  const us = overheadUs(stack);
  const lines = stretchLines(stack, rates, { ...usageOf(stack, row, vms), us, bytesPerNodeSecond: 0 });
  addDeploy(draws, market, risks, { vms, us, lines });
}

/** P90 of one repetition deployed for itself: what a search over hours or VMs asks for dozens of times. */
export function alonePrice(pricing: Pricing, row: RowShape, vms: number): UsdMicros {
  const draws = runDraws(pricing, row, vms, 0);
  addAround(draws, pricing, row, vms);
  return p90Of(draws);
}

const RISK_LABEL = 'repeated runs, interruptions and prices as drawn';

/** One repetition on `vms` VMs, in the window and deployed alone. `index`: which draws are its own. */
export function runCost(pricing: Pricing, row: RowShape, vms: number, index = 0): RunCost {
  const { stack, rates, market } = pricing;
  const quoted = runLines(stack, rates, usageOf(stack, row, vms), row.runUs);
  const draws = runDraws(pricing, row, vms, index);
  const perRun = quantiles(draws);
  addAround(draws, pricing, row, vms);
  const risk = riskLine(RISK_LABEL, perRun, quoted, market.sampling);
  return { lines: [...quoted, risk], perRun, alone: quantiles(draws) };
}

export function riskLine(
  label: string,
  whole: Estimate,
  lines: readonly CostLine[],
  sampling: Sampling,
): CostLine {
  const arithmetic = `P10, P50, P90 of ${sampling.draws} draws (seed ${sampling.seed}) - the lines above`;
  return { component: 'risk', label, amount: remainder(whole, totalOf(lines)), arithmetic };
}
