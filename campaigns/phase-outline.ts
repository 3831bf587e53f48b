/**
 * What a phase buys: its rows with nodes, repetitions and hours, and its limits, without the specification of any repetition.
 * Owns: that short way from a phase to the input of a forecast. Does not own: rows (matrix.ts), prices or arithmetic (budgets).
 * A plan says the same (forecast-plan.ts); resolving every repetition for it takes longer than the forecast itself.
 */
import type { ForecastRowInput } from '#budgets/forecast.ts';
import type { Limits } from '#budgets/limits.ts';
import { type UsdMicros, usdMicros } from '#budgets/money.ts';
import {
  checkOptions,
  labelOf,
  type MatrixOptions,
  matrix,
  overlapEntries,
  phaseEntries,
  repetitionsOf,
  rowIdOf,
  wantedOf,
} from '#campaigns/matrix.ts';
import { simulatedRowId } from '#campaigns/overlap.ts';
import { applyOverrides } from '#campaigns/overrides.ts';
import { loadCatalogue, loadPhase } from '#campaigns/scenario-file.ts';
import type { Phase } from '#campaigns/schema/phase.ts';
import type { Scenario } from '#campaigns/schema.ts';

export interface PhaseOutline {
  readonly phase: string;
  /** Name of a stack. */
  readonly stack: string;
  readonly limits: Limits;
  readonly rows: readonly ForecastRowInput[];
}

export interface OutlineOptions extends MatrixOptions {
  /** In place of the phase's own limit for the whole campaign. */
  readonly budget?: UsdMicros | undefined;
}

/** The limits of a phase; `campaign` in place of its own. */
export function phaseLimits(phase: Phase, campaign: UsdMicros | undefined): Limits {
  const whole = campaign ?? usdMicros(phase.budget.campaign);
  return {
    campaign: whole,
    perRun: usdMicros(Math.min(phase.budget.run, whole)),
    alerts: phase.budget.alerts.map((alert) => usdMicros(alert)),
  };
}

/** None for a benchmark: it measures the machine that it runs on. */
function rowsOf(
  base: Scenario,
  scenario: Scenario,
  options: MatrixOptions,
  reason: string | null,
): readonly ForecastRowInput[] {
  if (scenario.kind === 'benchmark' || base.kind === 'benchmark') return [];
  const { warmup, measure, cooldown } = scenario.duration;
  const repetitions = repetitionsOf(scenario, options);
  return matrix(scenario).map((point) => ({
    rowId: rowIdOf(base, point),
    scenarioId: scenario.id,
    label: reason === null ? labelOf(scenario, point) : `${labelOf(scenario, point)} (${reason})`,
    nodes: point.nodes,
    repetitions,
    runUs: warmup + measure + cooldown,
    bytesPerNodeSecond: null,
  }));
}

/** Throws ConfigError (exit 20). */
export function outlinePhase(name: string, options: OutlineOptions): PhaseOutline {
  checkOptions(options);
  const catalogue = loadCatalogue();
  const phase = loadPhase(name, catalogue);
  const wanted = wantedOf(phase, options);
  const own = phaseEntries(phase, catalogue, options, wanted).flatMap(
    ({ base, scenario, reason, isComparison }) =>
      isComparison ? [] : rowsOf(base, scenario, options, reason),
  );
  const overlap = overlapEntries(phase, catalogue, wanted).flatMap(({ base }) => {
    const rows = rowsOf(base, applyOverrides(base, options), options, null);
    return rows.map((row) => ({ ...row, rowId: simulatedRowId(row.rowId) }));
  });
  const limits = phaseLimits(phase, options.budget);
  // In the order of a plan: a run's place decides which draws are its own.
  const rows = [...own, ...overlap].sort((a, b) => a.nodes - b.nodes);
  return { phase: phase.id, stack: phase.stack, limits, rows };
}
