/**
 * What a campaign would do, without doing it: rows, CPU time, feasibility, forecast, what is missing.
 * Owns: that answer. Does not own: any of the figures.
 */

import {
  approvalOf,
  type MoneyOptions,
  overridesOf,
  overrideText,
  whatIsMissing,
} from '#campaigns/approvals.ts';
import type { Answer } from '#campaigns/commands/command-output.ts';
import { forecastText } from '#campaigns/commands/money-text.ts';
import { textTable } from '#campaigns/commands/text-table.ts';
import { exitCodes } from '#campaigns/exit-code.ts';
import { checkPlan } from '#campaigns/feasibility/check-plan.ts';
import { renderFindings } from '#campaigns/feasibility/render.ts';
import { forecastPlan, moneyOf } from '#campaigns/forecast-plan.ts';
import { type Plan, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import { defaultWorkers } from '#campaigns/pool.ts';
import { formatSeconds } from '#campaigns/progress.ts';
import { expectedSeconds, makespanSeconds } from '#campaigns/run-order.ts';
import { sameAs, twinsOf } from '#campaigns/same-simulation.ts';

/** One line for each row, smallest networks first. `pace`: seconds of this machine for an expected second. */
export function planText(plan: Plan, pace: number): string {
  const columns = [
    { title: 'row', most: 44 },
    { title: 'configuration', most: 60 },
    { title: 'runs', align: 'right' as const },
    { title: 'fidelity' },
    { title: 'CPU time', align: 'right' as const },
    { title: 'criteria', align: 'right' as const },
  ];
  const twins = twinsOf(plan);
  const expected = expectedSeconds(plan);
  const rows = plan.rows.map((row) => {
    const same = sameAs(row, twins);
    const seconds = same === null ? rowCpuSeconds(row, expected) : null;
    const what = row.skip === null ? row.label : `skipped: ${row.skip}`;
    return [
      row.rowId,
      what,
      String(row.cells.length),
      same !== null ? `runs of ${same}` : fidelityOf(row),
      seconds === null ? '-' : formatSeconds(pace * seconds),
      String(row.criteria.length),
    ];
  });
  const runs = plan.rows.reduce((sum, row) => sum + row.cells.length, 0);
  const cpuSeconds = pace * total(expected.values());
  const cores = defaultWorkers();
  const time =
    cpuSeconds === 0
      ? ''
      : `simulated in about ${formatSeconds(pace * makespanSeconds(expected.values(), cores))} on ${cores} cores that do nothing else (FORECAST at the speed this machine has now, ${formatSeconds(cpuSeconds)} of CPU)\n`;
  return `${textTable(columns, rows)}\n${plan.rows.length} rows, ${runs} runs, seed ${plan.seed}, code ${plan.codeVersion}\n${time}`;
}

function fidelityOf(row: PlannedRow): string {
  return targetOf(row) === 'simulator' ? (row.cells[0]?.spec.tier ?? '') : targetOf(row);
}

/** CPU-seconds of all repetitions that it does not take over; null for what is measured instead of simulated. */
function rowCpuSeconds(row: PlannedRow, expected: ReadonlyMap<string, number>): number | null {
  const seconds = row.cells.flatMap(({ id }) => expected.get(id) ?? []);
  return seconds.length === 0 ? null : total(seconds);
}

function total(seconds: Iterable<number>): number {
  return [...seconds].reduce((sum, one) => sum + one, 0);
}

/** CPU-seconds of everything that a plan simulates, an estimate that is the same on every machine. */
export function simulatedSeconds(plan: Plan): number {
  return total(expectedSeconds(plan).values());
}

export function dryRunAnswer(plan: Plan, money: MoneyOptions, pace: number): Answer {
  const forecast = forecastPlan(plan, null, { limits: money.limits });
  const feasibility = checkPlan(plan, moneyOf(forecast));
  const approval = approvalOf(plan, forecast, money);
  const overrides = overridesOf(approval).map(overrideText);
  const missing = whatIsMissing(plan, approval, forecast, money);
  const notes =
    missing.length === 0
      ? []
      : ['', ...overrides, 'before anything could be deployed:', ...missing.map((note) => `  ${note}`)];
  return {
    text: [
      planText(plan, pace),
      renderFindings(feasibility),
      forecastText(forecast),
      ...notes,
      '\ndry run: nothing was run, nothing was written',
    ].join('\n'),
    document: {
      dry_run: true,
      simulated_cpu_seconds: pace * simulatedSeconds(plan),
      plan,
      feasibility,
      forecast,
      missing,
    },
    exitCode: exitCodes.passed,
  };
}
