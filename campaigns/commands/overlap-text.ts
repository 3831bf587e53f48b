/**
 * Simulated beside measured, as text: one table per pair, the error of every figure, the causes below.
 * Owns: the words. Does not own: the comparison (analysis/overlap.ts).
 */
import type { OverlapComparison, OverlapFigure } from '#campaigns/analysis/overlap.ts';
import { formatFigure, textTable } from '#campaigns/commands/text-table.ts';

const columns = [
  { title: 'figure', most: 32 },
  { title: 'SIMULATED', align: 'right' as const },
  { title: 'MEASURED', align: 'right' as const },
  { title: 'error', align: 'right' as const },
  { title: '' },
];

function cells({ name, unit, simulated, measured, errorPercent, isTrusted }: OverlapFigure): string[] {
  const figure = (value: number | null): string => (value === null ? '-' : `${formatFigure(value)} ${unit}`);
  const sign = errorPercent !== null && errorPercent > 0 ? '+' : '';
  return [
    name,
    figure(simulated),
    figure(measured),
    errorPercent === null ? '-' : `${sign}${errorPercent.toFixed(1)} %`,
    isTrusted ? '' : 'not to be trusted: CPU',
  ];
}

export function overlapText(comparisons: readonly OverlapComparison[]): string {
  return comparisons
    .map(({ rowId, label, figures, causes }) => {
      const table = textTable(columns, figures.map(cells));
      return `${rowId}: ${label}\n${table}${causes.map((cause) => `  ${cause}\n`).join('')}`;
    })
    .join('\n');
}
