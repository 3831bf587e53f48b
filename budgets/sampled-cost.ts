/**
 * The cost of a run as a distribution: spot price, shortage, interruptions, repeated runs and failed deploys drawn from a seed.
 * Owns: the draws and their quantiles, P10, P50 and P90. Does not own: lines at their quotes (run-cost.ts) or the chances (risk.ts).
 * All runs of a campaign share the draws of price, shortage and interruption frequency (one market); the rest is drawn per run.
 */
import { poisson, quantileAt, retries, selectQuantile, uniforms } from '#budgets/draws.ts';
import { type Estimate, estimate } from '#budgets/estimate.ts';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import { type DriftLaw, driftFactor, horizonDays, shippedDrift } from '#budgets/price-drift.ts';
import type { Priced } from '#budgets/prices.ts';
import type { RiskModel } from '#budgets/risk.ts';
import { type CostLine, HOUR_US, minutesUs } from '#budgets/run-cost.ts';
import type { StackRates } from '#budgets/stack-rates.ts';
import type { CloudStack } from '#budgets/stacks.ts';

export interface Sampling {
  readonly seed: number;
  /** Number of draws. */
  readonly draws: number;
}
export const defaultSampling: Sampling = { seed: 1, draws: 2_000 };

/** Stream numbers: below the first run's, those that all runs share. */
const PRICE = 1;
const SHORTAGE = 2;
const SHORTAGE_SHARE = 3;
const FREQUENCY = 4;
const DEPLOY_TIME = 5;
const DEPLOY_FAILS = 6;
const DRIFT = 7;
const FIRST_RUN = 16;
const STREAMS_PER_RUN = 4;
const MOST_RETRIES = 3;
/** No spot price is taken below this part of its quoted low (percent). */
const FLOOR_PERCENT = 75;

/** One market for all runs: price of a pool VM-hour (micro-dollars) and interruptions per VM-month, per draw. */
export interface Market {
  readonly sampling: Sampling;
  readonly vmHour: Float64Array;
  /** Interruptions per VM and month. */
  readonly frequency: Float64Array;
  readonly deployFactor: Float64Array;
  readonly deployTries: Float64Array;
}

/**
 * Quantiles of the pool's price: quoted low and high are P10 and P90. Beyond them it goes down to a floor, and up by as much again
 * as from expected to high, at most to on demand. A pool that cannot be had at all is the shortage's business, not the price's.
 */
export function priceQuantiles(
  price: Pick<Priced, 'low' | 'expected' | 'high' | 'list'>,
): readonly (readonly [probability: number, value: number])[] {
  const { low, expected, high, list } = price;
  const ceiling = Math.max(high, Math.min(2 * high - expected, list ?? Number.POSITIVE_INFINITY));
  const floor = low === high ? low : (low * FLOOR_PERCENT) / 100;
  return [
    [0, floor],
    [0.1, low],
    [0.5, expected],
    [0.9, high],
    [1, ceiling],
  ];
}

/** The moves that a price can make, and for how long. */
export interface Drift {
  readonly law: DriftLaw;
  readonly days: number;
}

/** What is bought on demand, or stands in for a missing quote, has one price and does not move. */
function driftOf({ price }: StackRates['pool']): Drift | null {
  return price.low === price.high ? null : { law: shippedDrift(), days: horizonDays(price.ageDays) };
}

/** Draws of a VM-hour: where in its quoted range, times how far the range has moved since; never above on demand. */
export function spotPrices(
  price: Pick<Priced, 'low' | 'expected' | 'high' | 'list'>,
  drift: Drift | null,
  { seed, draws }: Sampling,
): Float64Array {
  const points = priceQuantiles(price);
  const prices = Float64Array.from(uniforms(seed, PRICE, draws), (u) => quantileAt(points, u));
  if (drift === null) return prices;
  const most = price.list ?? Number.POSITIVE_INFINITY;
  const moves = uniforms(seed, DRIFT, draws);
  for (let i = 0; i < draws; i += 1) {
    const moved = (prices[i] ?? 0) * driftFactor(drift.law, drift.days, moves[i] ?? 0.5);
    prices[i] = Math.min(most, moved);
  }
  return prices;
}

const known = new Map<string, Market>();
const MOST_KNOWN = 64;

/** Kept, because a search for a way back asks for the same market hundreds of times; not to be written to. */
export function marketOf(rates: StackRates, risks: RiskModel, sampling: Sampling): Market {
  const { low, expected, high, list, ageDays } = rates.pool.price;
  const band = rates.interruptionBand;
  const key = JSON.stringify([
    [low, expected, high, list, ageDays],
    [band, rates.interruptions, band === null ? 0 : risks.spotShortage[band].share, risks.mostFallbackShare],
    [risks.deployPercent, risks.failedDeploy.share, sampling.seed, sampling.draws],
  ]);
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const market = drawMarket(rates, risks, sampling);
  known.set(key, market);
  return market;
}

function drawMarket(rates: StackRates, risks: RiskModel, sampling: Sampling): Market {
  const { seed, draws } = sampling;
  const { price } = rates.pool;
  const shortage = rates.interruptionBand === null ? 0 : risks.spotShortage[rates.interruptionBand].share;
  const onDemand = Math.max(price.list ?? price.high, price.high);
  const { low, high } = rates.interruptions;
  const { p10, p50, p90 } = risks.deployPercent;
  const stretch = [
    [0, p10 * 0.9],
    [0.1, p10],
    [0.5, p50],
    [0.9, p90],
    [1, p90 * 1.5],
  ] as const;
  const market: Market = {
    sampling,
    vmHour: new Float64Array(draws),
    frequency: new Float64Array(draws),
    deployFactor: new Float64Array(draws),
    deployTries: new Float64Array(draws),
  };
  const drawn = (stream: number): Float64Array => uniforms(seed, stream, draws);
  const prices = spotPrices(price, driftOf(rates.pool), sampling);
  const [shortages, shares, frequencies, times, fails] = [
    drawn(SHORTAGE),
    drawn(SHORTAGE_SHARE),
    drawn(FREQUENCY),
    drawn(DEPLOY_TIME),
    drawn(DEPLOY_FAILS),
  ];
  for (let i = 0; i < draws; i += 1) {
    const spot = prices[i] ?? 0;
    const share = (shortages[i] ?? 1) < shortage ? (shares[i] ?? 0) * risks.mostFallbackShare : 0;
    market.vmHour[i] = spot * (1 - share) + onDemand * share;
    market.frequency[i] = ((1 - share) * (low + (high - low) * (frequencies[i] ?? 0))) / 1_000;
    market.deployFactor[i] = quantileAt(stretch, times[i] ?? 0) / 100;
    market.deployTries[i] = 1 + retries(risks.failedDeploy.share, fails[i] ?? 1, MOST_RETRIES);
  }
  return market;
}

/** The part of the lines that does not move with the pool's price, and the pool's VM-hours. */
function splitLines(
  lines: readonly CostLine[],
  risks: RiskModel,
): { readonly fixed: number; readonly poolFactor: number } {
  const ratio = (component: string): number => risks.observedRatio[component]?.ratio ?? 1;
  let fixed = 0;
  for (const { component, amount } of lines) {
    if (component !== 'compute') fixed += amount.p50.usdMicros * ratio(component);
  }
  return { fixed, poolFactor: ratio('compute') };
}

export interface SampledRun {
  readonly vms: number;
  readonly runUs: number;
  /** Billed: run and reset. */
  readonly us: number;
  /** Time and traffic lines at their quotes, without interruptions. */
  readonly lines: readonly CostLine[];
  /** Place of the run in its campaign, from 0: which draws are its own. */
  readonly index: number;
}

/** Adds the cost of one run, repeated runs included, to `into`, draw by draw. Micro-dollars. */
export function addRun(
  into: Float64Array,
  market: Market,
  stack: CloudStack,
  risks: RiskModel,
  run: SampledRun,
): void {
  const { seed, draws } = market.sampling;
  const { fixed, poolFactor } = splitLines(run.lines, risks);
  const vmHours = (run.vms * run.us) / HOUR_US;
  const exposure = (run.vms * run.runUs) / HOUR_US / 730;
  const redeployHours = minutesUs(stack.redeployMinutes) / HOUR_US;
  const repeated = Math.min(minutesUs(stack.rerunMinutes), run.runUs) / run.us;
  const stream = FIRST_RUN + run.index * STREAMS_PER_RUN;
  const counts = uniforms(seed, stream, draws);
  const tries = uniforms(seed, stream + 1, draws);
  for (let i = 0; i < draws; i += 1) {
    const vmHour = (market.vmHour[i] ?? 0) * poolFactor;
    const base = fixed + vmHours * vmHour;
    const interruptions = poisson(exposure * (market.frequency[i] ?? 0), counts[i] ?? 0);
    const once = base + interruptions * (redeployHours * vmHour + repeated * base);
    const again = retries(risks.invalidRun.share, tries[i] ?? 1, MOST_RETRIES);
    into[i] = (into[i] ?? 0) + once + again * base;
  }
}

/** Adds deploy and teardown of a pool, failed deploys included. */
export function addDeploy(
  into: Float64Array,
  market: Market,
  risks: RiskModel,
  deploy: { readonly vms: number; readonly us: number; readonly lines: readonly CostLine[] },
): void {
  const { fixed, poolFactor } = splitLines(deploy.lines, risks);
  const vmHours = (deploy.vms * deploy.us) / HOUR_US;
  for (let i = 0; i < market.sampling.draws; i += 1) {
    const base = fixed + vmHours * (market.vmHour[i] ?? 0) * poolFactor;
    into[i] = (into[i] ?? 0) + base * (market.deployFactor[i] ?? 1) * (market.deployTries[i] ?? 1);
  }
}

/** P90 alone, as `quantiles` has it. Reorders the draws. */
export function p90Of(draws: Float64Array): UsdMicros {
  return usdMicros(Math.round(selectQuantile(draws, 0.9)));
}

/** P10, P50 and P90 as whole micro-dollars. */
export function quantiles(draws: Float64Array): Estimate {
  const left = Float64Array.from(draws);
  const at = (share: number) => usdMicros(Math.round(selectQuantile(left, share)));
  return estimate(at(0.1), at(0.5), at(0.9));
}

/** What sampling adds to lines at their quotes: with it, lines add up to the quantiles exactly. May be negative. */
export function remainder(whole: Estimate, parts: Estimate): Estimate {
  const left = (pick: 'low' | 'p50' | 'p90') => usdMicros(whole[pick].usdMicros - parts[pick].usdMicros);
  return estimate(left('low'), left('p50'), left('p90'));
}
