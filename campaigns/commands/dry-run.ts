/**
 * What a campaign would do, without doing it: rows, message budgets, feasibility, forecast, what is missing.
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
import { type Plan, targetOf } from '#campaigns/plan-record.ts';

const million = 1_000_000;

/** One line for each row in the order in which they run. */
export function planText(plan: Plan): string {
  const columns = [
    { title: 'row', most: 44 },
    { title: 'configuration', most: 60 },
    { title: 'runs', align: 'right' as const },
    { title: 'messages at most', align: 'right' as const },
    { title: 'criteria', align: 'right' as const },
  ];
  const rows = plan.rows.map((row) => {
    const budget = row.cells.reduce((sum, cell) => sum + cell.spec.messageBudget, 0);
    const what = row.skip === null ? row.label : `skipped: ${row.skip}`;
    return [
      row.rowId,
      what,
      String(row.cells.length),
      targetOf(row) === 'benchmark' ? '-' : `${Math.round(budget / million)} M`,
      String(row.criteria.length),
    ];
  });
  const runs = plan.rows.reduce((sum, row) => sum + row.cells.length, 0);
  return `${textTable(columns, rows)}\n${plan.rows.length} rows, ${runs} runs, seed ${plan.seed}, code ${plan.codeVersion}\n`;
}

export function dryRunAnswer(plan: Plan, money: MoneyOptions): Answer {
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
      planText(plan),
      renderFindings(feasibility),
      forecastText(forecast),
      ...notes,
      '\ndry run: nothing was run, nothing was written',
    ].join('\n'),
    document: { dry_run: true, plan, feasibility, forecast, missing },
    exitCode: exitCodes.passed,
  };
}
