/**
 * Budget against forecast per row and scenario, the two charts, and what breaks a limit.
 * Owns: those tables. Does not own: limits or levers (budgets).
 */
import type { BreachWithLevers } from '#budgets/campaign-forecast.ts';
import type { Forecast, ForecastOverhead, ForecastRow } from '#budgets/forecast.ts';
import { divide, formatUsd, formatWholeUsd, times, type UsdMicros, usdMicros } from '#budgets/money.ts';
import { componentChart, runCostChart } from '#reports/finance/charts.ts';
import { type FinanceReportInput, quantity, shownForecast } from '#reports/finance/finance-input.ts';
import { totalIn } from '#reports/finance/sheets/ledger-view.ts';
import { badge, type Cell, type Column, type Html, html, section, table } from '#reports/html.ts';

const left = (label: string): Column => ({ label, align: 'left' });
const right = (label: string): Column => ({ label, align: 'right' });

/** Said above every table that shows the comparison of a local phase. */
export function whatIfNote(shown: Forecast, isWhatIf: boolean): Html | null {
  if (!isWhatIf) return null;
  return html`<div class="note"><p><strong>No cloud resources.</strong> This phase runs locally and costs $0.00, because nothing is bought. The figures below
are a comparison that is <em>not planned</em>: the same runs on the ${shown.stack.name} stack.</p></div>`;
}

function percentOf(part: number, whole: number): string {
  if (whole === 0) return '\u2013';
  const tenths = divide(BigInt(part) * 1_000n, BigInt(whole), 'half-even');
  const value = `${quantity(Number(tenths < 0n ? -tenths : tenths) / 10, 1)} %`;
  return tenths < 0n ? `(${value})` : value;
}

/** The variance bands finance works with, as a word; a saving is not a variance to explain. */
function bandOf(budget: UsdMicros, spend: UsdMicros): Html {
  if (spend <= budget) return badge('within', 'passed');
  const over = budget === 0 ? 100 : ((spend - budget) / budget) * 100;
  if (over < 5) return badge('over < 5 %', 'warning');
  if (over < 10) return badge('over 5-10 %', 'warning');
  return badge(over <= 20 ? 'over 10-20 %' : 'over > 20 %', 'failed');
}

/** What was metered or billed; nothing known is not zero. */
export function spentText(spent: UsdMicros | null): string {
  return spent === null ? 'none yet' : formatUsd(spent);
}

/** A row's budget is the limit per run times its repetitions: no other split was agreed. */
function budgetRow(input: FinanceReportInput, row: ForecastRow, perRun: UsdMicros): Cell[] {
  const budget = times(perRun, row.repetitions);
  const { p50, p90 } = row.total;
  const variance = usdMicros(budget - p50.usdMicros);
  return [
    row.rowId,
    quantity(row.nodes, 0),
    row.repetitions,
    formatUsd(budget),
    formatUsd(p50.usdMicros),
    formatUsd(p90.usdMicros),
    spentText(totalIn(input, 'METERED', ({ rowId }) => rowId === row.rowId)),
    spentText(totalIn(input, 'BILLED', ({ rowId }) => rowId === row.rowId)),
    formatUsd(variance),
    percentOf(variance, budget),
    bandOf(budget, p50.usdMicros),
  ];
}

function scenarioTable(shown: Forecast): Html {
  const rows = shown.byScenario.map(({ scenarioId, amount, runs }) => [
    scenarioId,
    runs,
    formatUsd(amount.low.usdMicros),
    formatUsd(amount.p50.usdMicros),
    formatUsd(amount.p90.usdMicros),
    percentOf(amount.p50.usdMicros, shown.total.p50.usdMicros),
  ]);
  return table({
    columns: [
      left('Scenario'),
      right('Runs'),
      right('Low'),
      right('P50'),
      right('P90'),
      right('Share of P50'),
    ],
    rows,
    caption: 'By scenario, without the shared deploy and teardown.',
  });
}

const BUDGET_COLUMNS: readonly Column[] = [
  left('Row'),
  right('Nodes'),
  right('Runs'),
  right('Budget'),
  right('Forecast P50'),
  right('Forecast P90'),
  right('Metered'),
  right('Billed'),
  right('Variance'),
  right('Var. %'),
  left('Band'),
];

function budgetTable(
  input: FinanceReportInput,
  shown: Forecast,
  overhead: ForecastOverhead,
  isWhatIf: boolean,
): Html {
  const { limits } = input.forecast;
  const { total } = shown;
  const variance = usdMicros(limits.campaign - total.p50.usdMicros);
  const window = overhead.total;
  const over = (i: number): boolean => {
    const row = shown.rows[i];
    return row !== undefined && row.total.p50.usdMicros > times(limits.perRun, row.repetitions);
  };
  const overheadRow = [
    overhead.label,
    null,
    null,
    null,
    formatUsd(window.p50.usdMicros),
    formatUsd(window.p90.usdMicros),
    spentText(totalIn(input, 'METERED', ({ rowId }) => rowId === null)),
    spentText(totalIn(input, 'BILLED', ({ rowId }) => rowId === null)),
  ];
  const foot: Cell[] = [
    `${shown.phase}${isWhatIf ? ', comparison' : ''}`,
    null,
    shown.rows.reduce((runs, row) => runs + row.repetitions, 0),
    formatUsd(limits.campaign),
    formatUsd(total.p50.usdMicros),
    formatUsd(total.p90.usdMicros),
    spentText(totalIn(input, 'METERED')),
    spentText(totalIn(input, 'BILLED')),
    formatUsd(variance),
    percentOf(variance, limits.campaign),
    bandOf(limits.campaign, total.p50.usdMicros),
  ];
  return table({
    columns: BUDGET_COLUMNS,
    rows: [...shown.rows.map((row) => budgetRow(input, row, limits.perRun)), overheadRow],
    foot: [foot],
    rowClass: (i) => (over(i) ? 'over' : ''),
    caption:
      'Budget of a row: limit per run x runs. Budget of the phase: the campaign limit. Variance = budget - P50; brackets = over budget.',
  });
}

export function budgetSection(input: FinanceReportInput): Html {
  const { limits } = input.forecast;
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const title = '2 Budget against forecast and actual';
  const { overhead } = shown;
  if (overhead === null) {
    return section('budget', title, html`<p>No rows and no cloud resources: nothing to compare.</p>`);
  }
  const main = budgetTable(input, shown, overhead, isWhatIf);
  const perRun = runCostChart(shown, limits.perRun);
  return section(
    'budget',
    title,
    html`${whatIfNote(shown, isWhatIf)}${perRun}${main}${scenarioTable(shown)}${componentChart(shown)}`,
  );
}

function breachBlock(breach: BreachWithLevers, index: number): Html {
  const name =
    breach.limit === 'campaign' ? `Campaign limit, ${breach.subject}` : `Limit per run, ${breach.subject}`;
  const rows = breach.levers.map((lever) => [
    lever.text,
    formatUsd(lever.after.p50.usdMicros),
    formatUsd(lever.after.p90.usdMicros),
    lever.inside ? badge('inside', 'passed') : badge('still over', 'failed'),
    lever.risk,
  ]);
  return html`<h3>2.1.${index + 1} ${name} ${badge(breach.severity === 'over' ? 'over' : 'P90 over', breach.severity === 'over' ? 'failed' : 'warning')}</h3>
<p>${breach.sentence.charAt(0).toUpperCase()}${breach.sentence.slice(1)}.</p>
${
  rows.length === 0
    ? html`<p>No lever found in the price sheet.</p>`
    : table({
        columns: [
          left('Lever'),
          right('P50 after'),
          right('P90 after'),
          left('Against the limit'),
          left('Risk'),
        ],
        rows,
      })
}`;
}

export function limitsSection(input: FinanceReportInput): Html {
  const { breaches, limits, forecast } = input.forecast;
  const rules = `Limits: ${formatWholeUsd(limits.campaign)} for the campaign, ${formatWholeUsd(limits.perRun)} for one run deployed alone. "Over": P50 is above the limit. "P90 over": only P90 is.`;
  if (breaches.length === 0) {
    const text =
      forecast.overhead === null
        ? 'Nothing is bought, so nothing breaks a limit.'
        : 'Nothing breaks a limit, not even at P90.';
    return section('limits', '2.1 What breaks a limit', html`<p>${text}</p><p class="muted">${rules}</p>`);
  }
  const overview = table({
    columns: [
      left('Limit'),
      left('Subject'),
      right('Limit'),
      right('P50'),
      right('P90'),
      right('Above by'),
      right('Above by %'),
    ],
    rows: breaches.map((breach) => [
      breach.limit === 'campaign' ? 'campaign' : 'per run',
      breach.subject,
      formatUsd(breach.limitUsd),
      formatUsd(breach.p50),
      formatUsd(breach.p90),
      formatUsd(breach.by),
      `${quantity(breach.byPercent, 1)} %`,
    ]),
    rowClass: (i) => (breaches[i]?.severity === 'over' ? 'over' : ''),
  });
  return section(
    'limits',
    '2.1 What breaks a limit',
    html`<p class="muted">${rules}</p>${overview}${breaches.map((breach, i) => breachBlock(breach, i))}`,
  );
}
