/**
 * From a plan to its forecast, and from the forecast to what feasibility compares with the limits: measured hours from the specs, repetitions from the cells, traffic from what was simulated.
 * Owns: the mapping. Does not own: prices, stacks or arithmetic (budgets), or the plan.
 */
import { readAccuracy, risksFrom } from '#budgets/accuracy.ts';
import { type CampaignForecast, type ForecastAround, forecastCampaign } from '#budgets/campaign-forecast.ts';
import type { ForecastInput, ForecastRowInput } from '#budgets/forecast.ts';
import { defaultLimits, type Limits } from '#budgets/limits.ts';
import type { PriceSheet } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { pricedBy, sheetInForce } from '#budgets/sheet-store.ts';
import { type CloudStack, cloudStackFor, type Stack, stackNamed, stacks } from '#budgets/stacks.ts';
import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import type { CampaignMoney, RowMoney } from '#campaigns/feasibility/money.ts';
import type { PhaseOutline } from '#campaigns/phase-outline.ts';
import { type Plan, type PlannedRow, plannedOnly, targetOf } from '#campaigns/plan-record.ts';
import type { RunResult } from '#campaigns/results/schema.ts';

/** Results by cell id, as far as they exist. */
export type ResultsByCell = ReadonlyMap<string, RunResult>;

export interface ForecastPlanOptions {
  readonly limits?: Limits;
  readonly sheet?: PriceSheet;
  /** The day the prices are used, ISO date; the sheet's own date by default, so that a report does not depend on the clock. */
  readonly asOf?: string;
}

/** Mean over the repetitions of what a node sent, bytes per second; null before anything was simulated. */
function simulatedBytes(row: PlannedRow, results: ResultsByCell | null): number | null {
  const sent: number[] = [];
  for (const cell of row.cells) {
    const mbps = results?.get(cell.id)?.results.resource_usage.avg_network_mbps;
    if (mbps !== undefined && Number.isFinite(mbps)) sent.push((mbps * 1e6) / 8);
  }
  return sent.length === 0 ? null : Math.round(sent.reduce((total, one) => total + one, 0) / sent.length);
}

/**
 * The planned duration, not the compressed one: the cluster runs in real time. What this machine measures costs nothing, and neither
 * does what is only compared with.
 */
function rowInput(row: PlannedRow, results: ResultsByCell | null): ForecastRowInput | null {
  if (targetOf(row) !== 'simulator' || isComparison(row)) return null;
  const [first] = row.cells;
  if (first === undefined) return null;
  const longest = Math.max(
    ...row.cells.map(
      ({ spec }) => spec.duration.warmupUs + spec.duration.measureUs + spec.duration.cooldownUs,
    ),
  );
  return {
    rowId: row.rowId,
    scenarioId: row.scenarioId,
    label: row.label,
    nodes: first.spec.nodes,
    repetitions: row.cells.length,
    runUs: longest,
    bytesPerNodeSecond: simulatedBytes(row, results),
  };
}

/** By the plan's stack, else by its phase. Throws `unknown-stack` when neither is known. */
export function stackOf(plan: Pick<Plan, 'stack' | 'phase'>): Stack {
  return stacks.find((one) => one.name === plan.stack) ?? stackNamed(plan.phase);
}

/** Rows that have cells; a row that was skipped on the simulator would still run, and cost, on the cluster. */
export function forecastInputOf(
  plan: Plan,
  results: ResultsByCell | null,
  sheet: PriceSheet,
  asOf: string,
): ForecastInput {
  const rows = plannedOnly(plan)
    .rows.map((row) => rowInput(row, results))
    .filter((row) => row !== null);
  const risks = risksFrom(readAccuracy());
  return { campaign: plan.campaign, phase: plan.phase, stack: stackOf(plan), sheet, asOf, rows, risks };
}

/** What a phase would cost that nobody has planned yet: its campaign has no name. */
export function outlineInput(outline: PhaseOutline, sheet: PriceSheet): ForecastInput {
  const { phase, rows } = outline;
  const risks = risksFrom(readAccuracy());
  return { campaign: phase, phase, stack: stackOf(outline), sheet, asOf: sheet.date, rows, risks };
}

function comparisonStack(rows: readonly ForecastRowInput[]): CloudStack {
  return cloudStackFor(Math.max(1, ...rows.map((row) => row.nodes)));
}

/** Forecast of a plan with its breaches, levers, savings and sensitivities. Throws BudgetError. */
export function forecastPlan(
  plan: Plan,
  results: ResultsByCell | null,
  options: ForecastPlanOptions = {},
): CampaignForecast {
  const { limits = defaultLimits, sheet: given } = options;
  const priced = (sheet: PriceSheet, around: ForecastAround): CampaignForecast => {
    const input = forecastInputOf(plan, results, sheet, options.asOf ?? sheet.date);
    return forecastCampaign(input, limits, { ...around, whatIfStack: comparisonStack(input.rows) });
  };
  if (given !== undefined) return priced(given, {});
  const inForce = sheetInForce();
  return pricedBy(inForce, () => priced(inForce.sheet, { sheetSha256: inForce.sha256 }));
}

/** The same of an outline, at the prices in force: what a campaign started now would be forecast to cost. Throws BudgetError. */
export function forecastOutline(outline: PhaseOutline): CampaignForecast {
  const inForce = sheetInForce();
  const input = outlineInput(outline, inForce.sheet);
  const around = { whatIfStack: comparisonStack(input.rows), sheetSha256: inForce.sha256 };
  return pricedBy(inForce, () => forecastCampaign(input, outline.limits, around));
}

/** The P50 amounts that feasibility holds against the limits; null where nothing is bought. */
export function moneyOf({ forecast, limits }: CampaignForecast): CampaignMoney | null {
  if (forecast.stack.kind === 'local') return null;
  const rows = forecast.rows.map((row): [string, RowMoney] => {
    const hours = row.runUs / HOUR_US;
    return [
      row.rowId,
      {
        runForecastUsdMicros: BigInt(row.alone.p50.usdMicros),
        perRunCapUsdMicros: BigInt(limits.perRun),
        repetitions: row.repetitions,
        hours,
        vmHours: row.vms * hours,
        nodesPerVm: row.nodesPerVm,
      },
    ];
  });
  return {
    campaignForecastUsdMicros: BigInt(forecast.total.p50.usdMicros),
    campaignCapUsdMicros: BigInt(limits.campaign),
    rows: new Map(rows),
  };
}

/** Money of a plan before anything was simulated. Throws BudgetError. */
export function plannedMoney(plan: Plan, limits: Limits): CampaignMoney | null {
  return moneyOf(forecastPlan(plan, null, { limits }));
}
