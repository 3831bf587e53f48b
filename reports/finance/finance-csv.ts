/**
 * The cost report as CSV: one file of cost lines, one of rates.
 * Owns: columns, quoting, and neutralising text that a spreadsheet would run as a formula. Does not own: figures.
 */
import type { Forecast } from '#budgets/forecast.ts';
import { decimalUsd } from '#budgets/money.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { type CostComponent, costComponents } from '#budgets/stacks.ts';
import { componentP50 } from '#reports/finance/detail-section.ts';
import { type FinanceReportInput, shownForecast } from '#reports/finance/finance-input.ts';

const NUMBER = /^-?\d+(\.\d+)?$/;
/** Also behind blanks, tabs and line ends: spreadsheets skip them. */
const FORMULA = /^[\s\p{Cc}]*[=+\-@|%]/u;

/** One field. Text that could start a formula gets an apostrophe in front; plain numbers are left alone. */
export function csvField(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return `${rows.map((row) => row.map(csvField).join(',')).join('\r\n')}\r\n`;
}

const COST_COLUMNS = [
  'campaign',
  'phase',
  'stack',
  'kind',
  'planned',
  'line',
  'scenario',
  'nodes',
  'runs',
  'run_hours',
  'billed_hours_per_run',
  'vms',
  'vm_hours',
  'node_hours',
  ...costComponents.map((component) => `${component.replaceAll('-', '_')}_p50_usd_per_run`),
  'per_run_low_usd',
  'per_run_p50_usd',
  'per_run_p90_usd',
  'alone_p50_usd',
  'alone_p90_usd',
  'total_low_usd',
  'total_p50_usd',
  'total_p90_usd',
  'per_1000_node_hours_usd',
  'actual_usd',
  'simulated_status',
];

function hours(us: number): string {
  return String(Number((us / HOUR_US).toFixed(6)));
}

function head(input: FinanceReportInput, shown: Forecast, isWhatIf: boolean): string[] {
  return [
    input.campaign,
    input.phase,
    shown.stack.name,
    'FORECAST',
    isWhatIf ? 'no, comparison only' : 'yes',
  ];
}

/** `cost-report.csv`: a line per row, one for deploy and teardown, one total. Money in dollars with up to six decimals. */
export function costCsv(input: FinanceReportInput): string {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const first = head(input, shown, isWhatIf);
  const usd = decimalUsd;
  const only = (component: CostComponent): readonly CostComponent[] => [component];
  const rows = shown.rows.map((row) => [
    ...first,
    row.rowId,
    row.scenarioId,
    row.nodes,
    row.repetitions,
    hours(row.runUs),
    hours(row.billedUs),
    row.vms,
    Number(row.vmHours.toFixed(6)),
    Number(row.nodeHours.toFixed(6)),
    ...costComponents.map((component) => usd(componentP50(row, only(component)))),
    usd(row.perRun.low.usdMicros),
    usd(row.perRun.p50.usdMicros),
    usd(row.perRun.p90.usdMicros),
    usd(row.alone.p50.usdMicros),
    usd(row.alone.p90.usdMicros),
    usd(row.total.low.usdMicros),
    usd(row.total.p50.usdMicros),
    usd(row.total.p90.usdMicros),
    usd(row.perThousandNodeHours),
    null,
    input.statuses?.[row.rowId] ?? null,
  ]);
  const totals = (line: string, of: Forecast['total']): (string | number | null)[] => {
    const cells: (string | number | null)[] = [...first, line];
    while (cells.length < COST_COLUMNS.indexOf('total_low_usd')) cells.push(null);
    return [...cells, usd(of.low.usdMicros), usd(of.p50.usdMicros), usd(of.p90.usdMicros), null, null, null];
  };
  const overhead = shown.overhead === null ? [] : [totals('deploy and teardown', shown.overhead.total)];
  return csvText([COST_COLUMNS, ...rows, ...overhead, totals('total', shown.total)]);
}

/** `rates.csv`: every price used, with source, date and age. */
export function ratesCsv(input: FinanceReportInput): string {
  const { shown, isWhatIf } = shownForecast(input.forecast);
  const columns = [
    'use',
    'item',
    'unit',
    'list_usd',
    'used_usd',
    'low_usd',
    'high_usd',
    'quoted',
    'age_days',
    'basis',
    'source',
    'planned',
  ];
  const rows = shown.rates.map(({ use, price }) => [
    use,
    price.item,
    price.unit,
    price.list === null ? null : decimalUsd(price.list, 5),
    decimalUsd(price.expected, 5),
    decimalUsd(price.low, 5),
    decimalUsd(price.high, 5),
    price.date,
    price.ageDays,
    price.basis,
    price.source,
    isWhatIf ? 'no, comparison only' : 'yes',
  ]);
  return csvText([columns, ...rows]);
}
