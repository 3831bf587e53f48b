/**
 * Tables for terminals: columns as wide as their longest cell, numbers to the right.
 * Owns: the layout. Does not own: what is in it. Colours are applied after the width is known.
 */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are cut with an ellipsis. */
  readonly most?: number;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** `paint` styles a whole cell after padding; by default it does nothing. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const texts = rows.map((row) => row.map((cell, index) => cut(cell, columns[index]?.most ?? 80)));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[], style: (cell: string, column: number) => string): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return style(columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width), index);
      })
      .join('  ')
      .trimEnd();
  const head = line(
    columns.map((column) => column.title),
    (cell) => cell,
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return `${[head, rule, ...texts.map((row, number) => line(row, (cell, column) => paint(cell, number, column)))].join('\n')}\n`;
}

/** Four significant digits, grouped thousands, no exponent: 12,345 or 0.01234. */
export function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'later than the run' : String(value);
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(4)).toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
