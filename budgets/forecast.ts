/**
 * The forecast of a phase: what its rows cost on its stack, per run, per row and for the whole window.
 * Owns: the window definition and the sums. Does not own: lines of a stretch (run-cost.ts), limits, levers or the report.
 *
 * One definition: all rows of a phase share one window of warm VMs. The window pays deploy and teardown once, at its largest pool;
 * a run pays its own warm-up, measurement, cool-down and the reset before the next one, on the VMs its nodes need.
 * Beside it, `alone` says what one run costs when it is deployed for itself: the figure that the limit per run is held against.
 */
import { BudgetError } from '#budgets/budget-error.ts';
import { awsAllocatable, type Packing, packOneVm, vmsFor } from '#budgets/capacity.ts';
import { addEstimates, type Estimate, estimate, timesEstimate } from '#budgets/estimate.ts';
import { multiply, type UsdMicros, ZERO_USD } from '#budgets/money.ts';
import type { PriceWarning } from '#budgets/price-rules.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import type { Substitute } from '#budgets/prices.ts';
import {
  type CostLine,
  crossZoneCost,
  HOUR_US,
  minutesUs,
  runLines,
  stretchLines,
  totalOf,
} from '#budgets/run-cost.ts';
import { allRates, type Rate, ratesOf, type StackRates } from '#budgets/stack-rates.ts';
import { type CloudStack, type CostComponent, costComponents, type Stack } from '#budgets/stacks.ts';

export interface ForecastRowInput {
  readonly rowId: string;
  readonly scenarioId: string;
  readonly label: string;
  readonly nodes: number;
  readonly repetitions: number;
  /** Warm-up + measured window + cool-down of one repetition, microseconds. */
  readonly runUs: number;
  /** Sent per node, bytes per second; null = not measured, the stack's assumption is used. */
  readonly bytesPerNodeSecond: number | null;
}

export interface ForecastInput {
  readonly campaign: string;
  readonly phase: string;
  readonly stack: Stack;
  readonly sheet: PriceSheet;
  /** The day the prices are used, ISO date; the sheet's own date when nobody re-quoted. */
  readonly asOf: string;
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
  /** One repetition in the shared window. */
  readonly lines: readonly CostLine[];
  readonly perRun: Estimate;
  /** One repetition deployed for itself: perRun + deploy and teardown of its own pool. */
  readonly alone: Estimate;
  /** All repetitions in the shared window = perRun x repetitions. */
  readonly total: Estimate;
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
  readonly total: Estimate;
  readonly byComponent: readonly { readonly component: CostComponent; readonly amount: Estimate }[];
  readonly byScenario: readonly {
    readonly scenarioId: string;
    readonly amount: Estimate;
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

/** Throws `unknown-instance` for a type whose allocatable figures are not known. */
export function packingOf(stack: CloudStack): Packing {
  const { sku, vcpu, memGiB } = stack.pool;
  const allocatable = stack.provider === 'aws' ? awsAllocatable(sku, vcpu, memGiB) : null;
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

/** One repetition on `vms` VMs, in the window and deployed alone. */
export function runCost(
  stack: CloudStack,
  rates: StackRates,
  row: Pick<ForecastRowInput, 'nodes' | 'runUs' | 'bytesPerNodeSecond'>,
  vms: number,
): RunCost {
  const bytesPerNodeSecond = row.bytesPerNodeSecond ?? stack.assumedBytesPerNodeSecond;
  const usage = { vms, nodes: row.nodes, us: row.runUs + minutesUs(stack.resetMinutes), bytesPerNodeSecond };
  const lines = runLines(stack, rates, usage, row.runUs);
  const perRun = totalOf(lines);
  const around = stretchLines(stack, rates, { ...usage, us: overheadUs(stack), bytesPerNodeSecond: 0 });
  return { lines, perRun, alone: addEstimates([perRun, totalOf(around)]) };
}

function checkRow(row: ForecastRowInput): void {
  const whole = [row.nodes, row.repetitions, row.runUs, row.bytesPerNodeSecond ?? 0];
  if (whole.every((value) => Number.isSafeInteger(value) && value >= 0) && row.nodes > 0 && row.runUs > 0)
    return;
  throw new BudgetError(
    'bad-forecast-input',
    `${row.rowId}: nodes, repetitions, run time (us) and traffic (bytes/s) must be whole numbers, nodes and run time positive`,
  );
}

function forecastRow(
  stack: CloudStack,
  rates: StackRates,
  packing: Packing,
  row: ForecastRowInput,
): ForecastRow {
  checkRow(row);
  const { vms } = vmsFor(row.nodes, packing);
  const { lines, perRun, alone } = runCost(stack, rates, row, vms);
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
    perThousandNodeHours: multiply(perRun.p50.usdMicros, {
      times: 1_000n * BigInt(HOUR_US),
      over: BigInt(row.nodes) * BigInt(row.runUs),
    }),
  };
}

function overheadOf(stack: CloudStack, rates: StackRates, vms: number, nodes: number): ForecastOverhead {
  const us = overheadUs(stack);
  const lines = stretchLines(stack, rates, { vms, nodes, us, bytesPerNodeSecond: 0 });
  const label = `Deploy (${stack.deployMinutes} min) and teardown (${stack.teardownMinutes} min), once for the window`;
  return { label, us, vms, lines, total: totalOf(lines) };
}

function componentSums(rows: readonly ForecastRow[], overhead: ForecastOverhead): Forecast['byComponent'] {
  return costComponents.map((component) => {
    const mine = (lines: readonly CostLine[]): Estimate =>
      addEstimates(lines.filter((line) => line.component === component).map((line) => line.amount));
    const parts = rows.map((row) => timesEstimate(mine(row.lines), row.repetitions));
    return { component, amount: addEstimates([...parts, mine(overhead.lines)]) };
  });
}

function scenarioSums(rows: readonly ForecastRow[]): Forecast['byScenario'] {
  const ids = [...new Set(rows.map((row) => row.scenarioId))];
  return ids.map((scenarioId) => {
    const mine = rows.filter((row) => row.scenarioId === scenarioId);
    return {
      scenarioId,
      amount: addEstimates(mine.map((row) => row.total)),
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
    total: ZERO_ESTIMATE,
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

/**
 * Forecasts a phase. Pure: the same input gives the same amounts to the micro-dollar.
 * Throws `bad-forecast-input`, `unknown-instance`, `node-does-not-fit`, `unpriceable`.
 */
export function forecast(input: ForecastInput): Forecast {
  const { stack, sheet, asOf } = input;
  if (stack.kind === 'local' || input.rows.length === 0) return localForecast(input);
  const rates = ratesOf(stack, sheet, asOf);
  const packing = packingOf(stack);
  const rows = input.rows.map((row) => forecastRow(stack, rates, packing, row));
  const largest = rows.reduce((most, row) => (row.vms > most.vms ? row : most));
  const overhead = overheadOf(stack, rates, largest.vms, largest.nodes);
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
    total: addEstimates([...rows.map((row) => row.total), overhead.total]),
    byComponent: componentSums(rows, overhead),
    byScenario: scenarioSums(rows),
    windowUs: overhead.us + add((row) => row.billedUs * row.repetitions),
    vmHours: (overhead.vms * overhead.us) / HOUR_US + add((row) => row.vmHours),
    nodeHours: add((row) => row.nodeHours),
    threeZoneTraffic: threeZones(stack, rates, input.rows),
    rates: used,
    unpriced: rates.unpriced,
    warnings: used.flatMap((rate) => rate.price.warnings),
  };
}
