/**
 * The verdict as text: one block per row, one line per criterion with observed, limit, margin and interval.
 * Owns: the words. Does not own: the judging (campaigns/analysis).
 */

import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import type { CampaignVerdict, CriterionVerdict, RowVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { Styles } from '#campaigns/commands/command-output.ts';
import { formatFigure, textTable } from '#campaigns/commands/text-table.ts';
import { extendedWords, type Plan, targetOf } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';

function styleOf(status: TestStatus, styles: Styles): (text: string) => string {
  switch (status) {
    case 'PASSED':
      return styles.good;
    case 'FAILED':
      return styles.bad;
    case 'INCONCLUSIVE':
    case 'ABORTED':
    case 'SKIPPED':
      return styles.doubtful;
  }
}

function cells(criterion: CriterionVerdict): string[] {
  const { observed, interval, margin, unit } = criterion;
  const spread = interval === null ? '' : `${formatFigure(interval[0])} .. ${formatFigure(interval[1])}`;
  return [
    '',
    criterion.metric,
    observed === null ? '-' : `${formatFigure(observed)} ${unit}`.trim(),
    criterion.written,
    margin === null ? '-' : formatFigure(margin),
    String(criterion.repetitions),
    spread,
    criterion.status,
  ];
}

const columns = [
  { title: 'row', most: 40 },
  { title: 'criterion', most: 32 },
  { title: 'observed', align: 'right' as const, most: 28 },
  { title: 'limit', most: 24 },
  { title: 'margin', align: 'right' as const },
  { title: 'runs', align: 'right' as const },
  { title: '95 % interval', most: 28 },
  { title: 'status' },
];
const statusColumn = columns.length - 1;

/** Why a row is not green: broken assumptions first, then its criteria, those with the same reason together. */
export function reasonsOf(row: RowVerdict): string[] {
  const broken = row.validity
    .filter((check) => !check.holds)
    .map((check) => `${check.name}: ${check.observed}, required ${check.required}`);
  const metrics = new Map<string, string[]>();
  for (const { metric, status, reason, wouldAnswer } of row.criteria) {
    if (status === 'PASSED' || reason === '') continue;
    const words = wouldAnswer === '' ? reason : `${reason}; would answer it: ${wouldAnswer}`;
    metrics.set(words, [...(metrics.get(words) ?? []), metric]);
  }
  const criteria = [...metrics].map(([words, names]) => `${names.join(', ')}: ${words}`);
  // The row's own reason repeats the worst criterion's.
  const said = row.criteria.some(({ reason }) => reason !== '' && row.reason.endsWith(reason));
  const repeats = said || broken.some((words) => row.reason.endsWith(words));
  return [...broken, ...(row.reason === '' || repeats ? [] : [row.reason]), ...criteria];
}

/** "on the simulator", "on the simulator; 4 rows measured on processes": who reads a verdict must know what was run. */
function whereWords(plan: Plan): string {
  const benchmarks = plan.rows.filter((row) => targetOf(row) === 'benchmark').length;
  const measured = plan.rows.filter((row) => targetOf(row) !== 'simulator').length - benchmarks;
  const where = plan.target === 'kubernetes' ? 'on the simulator, as a prediction' : 'on the simulator';
  const parts = [
    ...(measured === 0 ? [] : [`${measured} of ${plan.rows.length} rows MEASURED on processes`]),
    ...(benchmarks === 0 ? [] : [`${benchmarks} MEASURED as a benchmark`]),
  ];
  if (measured + benchmarks < plan.rows.length) return [where, ...parts].join(', ');
  if (benchmarks === 0) return 'measured on processes';
  return measured === 0 ? 'measured as a benchmark' : parts.join(', ');
}

/** The whole table, the reasons below it, the sum of each status. Ends with a newline. */
export function verdictText(plan: Plan, verdict: CampaignVerdict, styles: Styles): string {
  const statuses: TestStatus[] = [];
  const wordOf = new Map(
    plan.rows.map((row) => [row.rowId, targetOf(row) !== 'simulator' ? 'MEASURED' : 'SIMULATED']),
  );
  const lines = verdict.rows.flatMap((row) => {
    statuses.push(row.status, ...row.criteria.map((criterion) => criterion.status));
    return [
      [row.rowId, wordOf.get(row.rowId) ?? '', '', '', '', '', '', row.status],
      ...row.criteria.map(cells),
    ];
  });
  const table = textTable(columns, lines, (cell, row, column) => {
    if (column === statusColumn) return styleOf(statuses[row] ?? 'SKIPPED', styles)(cell);
    return column === 0 ? styles.bold(cell) : cell;
  });
  const reasons = verdict.rows.flatMap((row) =>
    row.status === 'PASSED'
      ? []
      : [`${row.rowId} ${row.status}`, ...reasonsOf(row).map((reason) => `  ${reason}`)],
  );
  const counts = new Map<TestStatus, number>();
  for (const row of verdict.rows) counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
  const compared = plan.rows.filter(isComparison).length;
  const sum = [
    ...[...counts].map(([status, count]) => `${count} ${status}`),
    ...(compared === 0 ? [] : [`${compared} only simulated, to compare with`]),
  ].join(', ');
  const about = `${plan.phase} ${whereWords(plan)}`;
  const total = `${about}: ${styleOf(verdict.status, styles)(verdict.status)} (${sum})`;
  const isOpen = (id: string): boolean =>
    verdict.rows.some(({ rowId, status }) => rowId === id && status === 'INCONCLUSIVE');
  const further = plan.rows.flatMap(({ rowId, cells, extended }) =>
    extended === undefined || (extended.steps.length === 0 && !isOpen(rowId))
      ? []
      : [`${rowId} repetitions: ${extendedWords(cells.length, extended)}`],
  );
  if (further.length > 0) reasons.push(...further);
  return `${[table.trimEnd(), '', ...reasons, ...(reasons.length > 0 ? [''] : []), total].join('\n')}\n`;
}
