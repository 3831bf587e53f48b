/**
 * The forecast of a phase: what its rows cost on its stack, per run, per row and for the whole window.
 * Owns: the window definition and the sums. Does not own: lines of a stretch (run-cost.ts), limits, levers or the report.
 *
 * One definition: all rows of a phase share one window of warm VMs. The window pays deploy and teardown once, at its largest pool;
 * a run pays its own warm-up, measurement, cool-down and the reset before the next one, on the VMs its nodes need.
 * Beside it, `alone` says what one run costs when it is deployed for itself: the figure that the limit per run is held against.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { type Packing, vmsFor } from '#budgets/capacity.ts';
import { addEstimates, type Estimate, estimate, timesEstimate } from '#budgets/estimate.ts';
import { multiply, type UsdMicros, ZERO_USD } from '#budgets/money.ts';
import type { PriceWarning } from '#budgets/price-rules.ts';
import type { Substitute } from '#budgets/prices.ts';
import {
  emptyDraws,
  overheadUs,
  type Pricing,
  type PricingInput,
  packingOf,
  pricingOf,
  type RowShape,
  riskLine,
  runCost,
  usageOf,
} from '#budgets/pricing.ts';
import { defaultRisks, type RiskModel } from '#budgets/risk.ts';
import { type CostLine, crossZoneCost, HOUR_US, minutesUs, stretchLines } from '#budgets/run-cost.ts';
import {
  addDeploy,
  addRun,
  defaultSampling,
  quantiles,
  remainder,
  type Sampling,
} from '#budgets/sampled-cost.ts';
import { allRates, type Rate, type StackRates } from '#budgets/stack-rates.ts';
import { type CloudStack, type CostComponent, costComponents, type Stack } from '#budgets/stacks.ts';

export interface ForecastRowInput extends RowShape {
  readonly rowId: string;
  readonly scenarioId: string;
  readonly label: string;
  readonly repetitions: number;
}

export interface ForecastInput extends PricingInput {
  readonly campaign: string;
  readonly phase: string;
  readonly stack: Stack;
  readonly rows: readonly ForecastRowInput[];
}

export interface ForecastRow {
  readonly rowId: string;
  readonly scenarioId: string;
  readonly label: string;
  readonly nodes: number;
  readonly repetitions: number;
  readonly vms: number;
  readonly nodesPerVm: number;
  readonly runUs: number;
  /** Run and reset: what the window bills for one repetition. */
  readonly billedUs: number;
  /** Of all repetitions. Quantities, not money. */
  readonly vmHours: number;
  readonly nodeHours: number;
  readonly trafficGB: number;
  readonly trafficBasis: 'simulated' | 'assumed';
  /** One repetition in the shared window; the last line, "risk", is what sampling adds: all lines add up to perRun. */
  readonly lines: readonly CostLine[];
  /** Quantiles of one repetition. */
  readonly perRun: Estimate;
  /** Quantiles of one repetition deployed for itself: with deploy and teardown of its own pool. */
  readonly alone: Estimate;
  /** perRun x repetitions: adds up, and so assumes that all repetitions go wrong together. */
  readonly total: Estimate;
  /** Quantiles of all repetitions together. */
  readonly sampled: Estimate;
  /** P50 of perRun per 1,000 node-hours of the run. */
  readonly perThousandNodeHours: UsdMicros;
}

export interface ForecastOverhead {
  readonly label: string;
  readonly us: number;
  readonly vms: number;
  readonly lines: readonly CostLine[];
  readonly total: Estimate;
}

export interface Forecast {
  readonly version: 1;
  readonly campaign: string;
  readonly phase: string;
  readonly stack: Stack;
  readonly asOf: string;
  readonly priceSheetDate: string;
  /** Null for a local stack. */
  readonly packingArithmetic: string | null;
  readonly interruptionBasis: string | null;
  readonly rows: readonly ForecastRow[];
  readonly overhead: ForecastOverhead | null;
  /** total - rows - overhead: not everything goes wrong together. Negative at P90 as a rule. */
  readonly portfolio: Estimate;
  /** Quantiles of the whole window. */
  readonly total: Estimate;
  readonly sampling: Sampling;
  readonly risks: RiskModel;
  readonly byComponent: readonly { readonly component: CostComponent; readonly amount: Estimate }[];
  readonly byScenario: readonly {
    readonly scenarioId: string;
    /** Sum of its rows. */
    readonly amount: Estimate;
    /** Quantiles of all its runs together. */
    readonly sampled: Estimate;
    readonly runs: number;
  }[];
  readonly windowUs: number;
  readonly vmHours: number;
  readonly nodeHours: number;
  /** What the traffic would add if the pool spanned three zones instead of one. */
  readonly threeZoneTraffic: Estimate;
  readonly rates: readonly Rate[];
  readonly unpriced: readonly Substitute[];
  readonly warnings: readonly PriceWarning[];
}

export const ZERO_ESTIMATE: Estimate = estimate(ZERO_USD, ZERO_USD, ZERO_USD);

function checkRow(row: ForecastRowInput): void {
  const whole = [row.nodes, row.repetitions, row.runUs, row.bytesPerNodeSecond ?? 0];
  if (whole.every((value) => Number.isSafeInteger(value) && value >= 0) && row.nodes > 0 && row.runUs > 0)
    return;
  throw new BudgetError(
    'bad-forecast-input',
    `${row.rowId}: nodes, repetitions, run time (us) and traffic (bytes/s) must be whole numbers, nodes and run time positive`,
  );
}

interface RowInPlace {
  readonly row: ForecastRowInput;
  readonly vms: number;
  /** Of its first repetition in the campaign. */
  readonly index: number;
}

/** Adds every repetition of a row to `into`. */
function addRow(into: Float64Array, pricing: Pricing, { row, vms, index }: RowInPlace): void {
  const { stack, rates, market, risks } = pricing;
  const usage = usageOf(stack, row, vms);
  const lines = stretchLines(stack, rates, usage);
  for (let repetition = 0; repetition < row.repetitions; repetition += 1) {
    const run = { vms, runUs: row.runUs, us: usage.us, lines, index: index + repetition };
    addRun(into, market, stack, risks, run);
  }
}

function sampledSum(
  pricing: Pricing,
  rows: readonly RowInPlace[],
  overhead: ForecastOverhead | null,
): Estimate {
  const draws = emptyDraws(pricing);
  for (const place of rows) addRow(draws, pricing, place);
  if (overhead !== null) {
    const lines = overhead.lines.filter(({ component }) => component !== 'risk');
    addDeploy(draws, pricing.market, pricing.risks, { ...overhead, lines });
  }
  return quantiles(draws);
}

function forecastRow(pricing: Pricing, packing: Packing, place: RowInPlace): ForecastRow {
  const { row, vms } = place;
  const { stack } = pricing;
  const { lines, perRun, alone } = runCost(pricing, row, vms, place.index);
  const billedUs = row.runUs + minutesUs(stack.resetMinutes);
  const bytes = row.bytesPerNodeSecond ?? stack.assumedBytesPerNodeSecond;
  return {
    rowId: row.rowId,
    scenarioId: row.scenarioId,
    label: row.label,
    nodes: row.nodes,
    repetitions: row.repetitions,
    vms,
    nodesPerVm: packing.nodesPerVm,
    runUs: row.runUs,
    billedUs,
    vmHours: (vms * billedUs * row.repetitions) / HOUR_US,
    nodeHours: (row.nodes * row.runUs * row.repetitions) / HOUR_US,
    trafficGB: (bytes * row.nodes * billedUs * row.repetitions) / 1e15,
    trafficBasis: row.bytesPerNodeSecond === null ? 'assumed' : 'simulated',
    lines,
    perRun,
    alone,
    total: timesEstimate(perRun, row.repetitions),
    sampled: sampledSum(pricing, [place], null),
    perThousandNodeHours: multiply(perRun.p50.usdMicros, {
      times: 1_000n * BigInt(HOUR_US),
      over: BigInt(row.nodes) * BigInt(row.runUs),
    }),
  };
}

function overheadOf(pricing: Pricing, vms: number, nodes: number): ForecastOverhead {
  const { stack, rates, market, risks } = pricing;
  const us = overheadUs(stack);
  const quoted = stretchLines(stack, rates, { vms, nodes, us, bytesPerNodeSecond: 0 });
  const draws = emptyDraws(pricing);
  addDeploy(draws, market, risks, { vms, us, lines: quoted });
  const total = quantiles(draws);
  const risk = riskLine('failed deploys and deploy time as drawn', total, quoted, market.sampling);
  const label = `Deploy (${stack.deployMinutes} min) and teardown (${stack.teardownMinutes} min), once for the window`;
  return { label, us, vms, lines: [...quoted, risk], total };
}

/** Components add up to the total: what sampling the whole adds or takes is under "risk". */
function componentSums(
  rows: readonly ForecastRow[],
  overhead: ForecastOverhead,
  portfolio: Estimate,
): Forecast['byComponent'] {
  return costComponents.map((component) => {
    const mine = (lines: readonly CostLine[]): Estimate =>
      addEstimates(lines.filter((line) => line.component === component).map((line) => line.amount));
    const parts = rows.map((row) => timesEstimate(mine(row.lines), row.repetitions));
    return {
      component,
      amount: addEstimates([...parts, mine(overhead.lines), ...(component === 'risk' ? [portfolio] : [])]),
    };
  });
}

function scenarioSums(
  pricing: Pricing,
  rows: readonly ForecastRow[],
  places: readonly RowInPlace[],
): Forecast['byScenario'] {
  const ids = [...new Set(rows.map((row) => row.scenarioId))];
  return ids.map((scenarioId) => {
    const mine = rows.filter((row) => row.scenarioId === scenarioId);
    return {
      scenarioId,
      amount: addEstimates(mine.map((row) => row.total)),
      sampled: sampledSum(
        pricing,
        places.filter(({ row }) => row.scenarioId === scenarioId),
        null,
      ),
      runs: mine.reduce((runs, row) => runs + row.repetitions, 0),
    };
  });
}

/** Nothing is bought: zero because there is no purchase, not because a price is unknown. */
function localForecast(input: ForecastInput): Forecast {
  return {
    version: 1,
    campaign: input.campaign,
    phase: input.phase,
    stack: input.stack,
    asOf: input.asOf,
    priceSheetDate: input.sheet.date,
    packingArithmetic: null,
    interruptionBasis: null,
    rows: [],
    overhead: null,
    portfolio: ZERO_ESTIMATE,
    total: ZERO_ESTIMATE,
    sampling: input.sampling ?? defaultSampling,
    risks: input.risks ?? defaultRisks,
    byComponent: [],
    byScenario: [],
    windowUs: 0,
    vmHours: 0,
    nodeHours: 0,
    threeZoneTraffic: ZERO_ESTIMATE,
    rates: [],
    unpriced: [],
    warnings: [],
  };
}

function threeZones(stack: CloudStack, rates: StackRates, rows: readonly ForecastRowInput[]): Estimate {
  const parts = rows.map((row) => {
    const us = row.runUs + minutesUs(stack.resetMinutes);
    const bytesPerNodeSecond = row.bytesPerNodeSecond ?? stack.assumedBytesPerNodeSecond;
    const one = crossZoneCost(rates, { vms: 0, nodes: row.nodes, us, bytesPerNodeSecond }, 3);
    return timesEstimate(one, row.repetitions);
  });
  return addEstimates(parts);
}

function placed(rows: readonly ForecastRowInput[], packing: Packing): readonly RowInPlace[] {
  let index = 0;
  return rows.map((row) => {
    checkRow(row);
    const place = { row, vms: vmsFor(row.nodes, packing).vms, index };
    index += row.repetitions;
    return place;
  });
}

/** Quantiles of the whole window alone, for comparing hundreds of stacks. Throws what `forecast` throws. */
export function forecastTotal(input: ForecastInput): Estimate {
  const { stack } = input;
  if (stack.kind === 'local' || input.rows.length === 0) return ZERO_ESTIMATE;
  const pricing = pricingOf(stack, input);
  const places = placed(input.rows, packingOf(stack));
  const largest = places.reduce((most, place) => (place.vms > most.vms ? place : most));
  return sampledSum(pricing, places, overheadOf(pricing, largest.vms, largest.row.nodes));
}

/**
 * Forecasts a phase. Pure: the same input gives the same amounts to the micro-dollar.
 * Throws `bad-forecast-input`, `unknown-instance`, `node-does-not-fit`, `unpriceable`.
 */
export function forecast(input: ForecastInput): Forecast {
  const { stack, sheet, asOf } = input;
  if (stack.kind === 'local' || input.rows.length === 0) return localForecast(input);
  const pricing = pricingOf(stack, input);
  const { rates, risks, market } = pricing;
  const packing = packingOf(stack);
  const places = placed(input.rows, packing);
  const rows = places.map((place) => forecastRow(pricing, packing, place));
  const largest = rows.reduce((most, row) => (row.vms > most.vms ? row : most));
  const overhead = overheadOf(pricing, largest.vms, largest.nodes);
  const total = sampledSum(pricing, places, overhead);
  const portfolio = remainder(total, addEstimates([...rows.map((row) => row.total), overhead.total]));
  const used = allRates(rates);
  const add = (pick: (row: ForecastRow) => number): number =>
    rows.reduce((total, row) => total + pick(row), 0);
  return {
    version: 1,
    campaign: input.campaign,
    phase: input.phase,
    stack,
    asOf,
    priceSheetDate: sheet.date,
    packingArithmetic: packing.arithmetic,
    interruptionBasis: rates.interruptionBasis,
    rows,
    overhead,
    portfolio,
    total,
    sampling: market.sampling,
    risks,
    byComponent: componentSums(rows, overhead, portfolio),
    byScenario: scenarioSums(pricing, rows, places),
    windowUs: overhead.us + add((row) => row.billedUs * row.repetitions),
    vmHours: (overhead.vms * overhead.us) / HOUR_US + add((row) => row.vmHours),
    nodeHours: add((row) => row.nodeHours),
    threeZoneTraffic: threeZones(stack, rates, input.rows),
    rates: used,
    unpriced: rates.unpriced,
    warnings: used.flatMap((rate) => rate.price.warnings),
  };
}
