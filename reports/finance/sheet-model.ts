/**
 * A section of the cost report as a table: typed cells, totals that are formulas, a check. One model feeds page, workbook, JSON and CSV,
 * so that they cannot say different things.
 * Owns: the shapes and the arithmetic of a formula. Does not own: what a section says (sheets/), how it looks (workbook.ts, sheet-html.ts).
 */
import { divide, sum, type UsdMicros, usdMicros } from '#budgets/money.ts';

export type ColumnKind =
  | 'text'
  /** Money, cents. */
  | 'usd'
  /** A unit price: five decimals and more. */
  | 'price'
  | 'count'
  | 'hours'
  | 'percent';

export interface SheetColumn {
  readonly label: string;
  readonly kind: ColumnKind;
  /** Width in characters on paper. */
  readonly width?: number;
}

/** Money is whole micro-dollars, percent is in percent with two decimals, hours and counts are quantities. */
export type SheetCell =
  | { readonly is: 'text'; readonly text: string; readonly alarm?: boolean }
  | { readonly is: 'usd'; readonly micros: UsdMicros }
  | { readonly is: 'number'; readonly value: number }
  /** minuend - subtrahend, or part / whole in percent; columns are indices of the same row. */
  | { readonly is: 'difference'; readonly of: number; readonly less: number }
  | { readonly is: 'share'; readonly part: number; readonly whole: number }
  /** Sum of columns of the same row. */
  | { readonly is: 'sum'; readonly columns: readonly number[] }
  | null;

export interface SheetTable {
  readonly title: string;
  readonly columns: readonly SheetColumn[];
  readonly rows: readonly (readonly SheetCell[])[];
  /** Columns whose total is written below, as a formula. */
  readonly totals: readonly number[];
  /** What the total of a column must be: the figure the forecast or the ledger gives for it. */
  readonly checks: readonly {
    readonly column: number;
    readonly expected: UsdMicros;
    readonly what: string;
  }[];
}

export interface ReportSheet {
  /** As finance numbers them: 0 cover ... 15 line items. */
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** What this section says, in a sentence or two. */
  readonly note: string;
  readonly tables: readonly SheetTable[];
}

export const text = (value: string, alarm = false): SheetCell =>
  alarm ? { is: 'text', text: value, alarm } : { is: 'text', text: value };
export const usd = (micros: UsdMicros): SheetCell => ({ is: 'usd', micros });
export const number = (value: number): SheetCell => ({ is: 'number', value });
export const difference = (of: number, less: number): SheetCell => ({ is: 'difference', of, less });
export const share = (part: number, whole: number): SheetCell => ({ is: 'share', part, whole });
export const sumOf = (...columns: readonly number[]): SheetCell => ({ is: 'sum', columns });
export const column = (label: string, kind: ColumnKind = 'text', width?: number): SheetColumn =>
  width === undefined ? { label, kind } : { label, kind, width };

/** Hundredths of a percent, half-even; null when there is no whole. */
function percent(part: UsdMicros, whole: UsdMicros): number | null {
  if (whole === 0) return null;
  const over = whole < 0 ? -BigInt(whole) : BigInt(whole);
  return Number(divide(BigInt(part) * (whole < 0 ? -10_000n : 10_000n), over, 'half-even')) / 100;
}

export type CellFigure =
  | { readonly usd: UsdMicros }
  | { readonly value: number }
  | { readonly text: string }
  | null;

function micros(row: readonly SheetCell[], at: number): UsdMicros {
  const figure = figureOf(row, at);
  return figure !== null && 'usd' in figure ? figure.usd : usdMicros(0);
}

/** The figure of a cell, formulas computed: what the workbook caches and every other format prints. */
export function figureOf(row: readonly SheetCell[], at: number): CellFigure {
  const cell = row[at] ?? null;
  if (cell === null) return null;
  switch (cell.is) {
    case 'text':
      return { text: cell.text };
    case 'usd':
      return { usd: cell.micros };
    case 'number':
      return { value: cell.value };
    case 'difference':
      return { usd: usdMicros(micros(row, cell.of) - micros(row, cell.less)) };
    case 'sum':
      return { usd: sum(cell.columns.map((one) => micros(row, one))) };
    case 'share': {
      const value = percent(micros(row, cell.part), micros(row, cell.whole));
      return value === null ? null : { value };
    }
  }
}

/** Total of a column: money exactly, quantities as they add up. */
export function totalOfColumn(table: SheetTable, at: number): CellFigure {
  const figures = table.rows.map((row) => figureOf(row, at));
  if (table.columns[at]?.kind === 'usd')
    return {
      usd: sum(figures.map((figure) => (figure !== null && 'usd' in figure ? figure.usd : usdMicros(0)))),
    };
  return {
    value: figures.reduce(
      (total, figure) => total + (figure !== null && 'value' in figure ? figure.value : 0),
      0,
    ),
  };
}
