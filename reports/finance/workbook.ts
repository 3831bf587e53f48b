/**
 * The cost report as an Excel workbook: live formulas with cached values, checks, print set-up.
 * Owns: the only contact with hucre, cell addresses, number formats. Does not own: what a sheet says (sheets/).
 *
 * Money cells hold dollars rounded to a micro-dollar; a formula's cached value is computed in whole micro-dollars, never by floats.
 */
import { type Cell, type CellStyle, colToLetter, type WriteSheet, writeXlsx } from 'hucre/xlsx';
import {
  type CellFigure,
  type ColumnKind,
  figureOf,
  type ReportSheet,
  type SheetCell,
  type SheetTable,
  totalOfColumn,
} from '#reports/finance/sheet-model.ts';

const INK = '16202B';
const ACCENT = '1F4E79';
const FORMAT: Readonly<Record<ColumnKind, string | undefined>> = {
  text: undefined,
  usd: '$#,##0.00;[Red]($#,##0.00)',
  price: '$#,##0.00000##;[Red]($#,##0.00000##)',
  count: '#,##0',
  hours: '#,##0.00',
  percent: '0.00" %";[Red](0.00" %")',
};

type Put = Partial<Cell>;

function style(kind: ColumnKind, more: CellStyle = {}): CellStyle {
  const numFmt = FORMAT[kind];
  const alignment = {
    vertical: 'top' as const,
    wrapText: kind === 'text',
    ...(kind === 'text' ? {} : { horizontal: 'right' as const }),
  };
  return {
    ...(numFmt === undefined ? {} : { numFmt }),
    alignment,
    font: { size: 10, name: 'Calibri', color: { rgb: INK } },
    ...more,
  };
}

function plainValue(figure: CellFigure): number | string | null {
  if (figure === null) return null;
  if ('usd' in figure) return figure.usd / 1_000_000;
  return 'value' in figure ? figure.value : figure.text;
}

/** `line`: 1-based row of the sheet. */
function formulaOf(cell: SheetCell, line: number): string | null {
  if (cell === null) return null;
  const at = (column: number): string => `${colToLetter(column)}${line}`;
  switch (cell.is) {
    case 'difference':
      return `ROUND(N(${at(cell.of)})-N(${at(cell.less)}),6)`;
    case 'sum':
      // SUM, not +: a cell that says "none yet" counts as nothing.
      return `ROUND(SUM(${cell.columns.map(at).join(',')}),6)`;
    case 'share':
      return `IF(N(${at(cell.whole)})=0,"",ROUND(N(${at(cell.part)})/${at(cell.whole)}*100,2))`;
    case 'text':
    case 'usd':
    case 'number':
      return null;
  }
}

function cellOf(cell: SheetCell, figure: CellFigure, kind: ColumnKind, line: number): Put {
  const formula = formulaOf(cell, line);
  const alarm = cell !== null && cell.is === 'text' && cell.alarm === true;
  const look = style(
    kind,
    alarm
      ? {
          fill: { type: 'pattern', pattern: 'solid', fgColor: { rgb: 'FBECEB' } },
          font: { size: 10, name: 'Calibri', bold: true, color: { rgb: 'A3231F' } },
        }
      : {},
  );
  const value = plainValue(figure);
  if (formula === null) return { value, style: look };
  return { value: value ?? '', type: 'formula', formula, formulaResult: value ?? '', style: look };
}

class Grid {
  readonly cells = new Map<string, Put>();
  readonly widths: number[] = [];
  line = 0;

  put(column: number, cell: Put): void {
    this.cells.set(`${this.line},${column}`, cell);
  }
  next(lines = 1): void {
    this.line += lines;
  }
}

const heading: CellStyle = {
  font: { size: 15, bold: true, name: 'Calibri', color: { rgb: ACCENT } },
  alignment: { vertical: 'top' },
};
const small: CellStyle = {
  font: { size: 9, italic: true, name: 'Calibri', color: { rgb: '5A6775' } },
  alignment: { vertical: 'top' },
};
const head: CellStyle = {
  font: { size: 10, bold: true, name: 'Calibri', color: { rgb: 'FFFFFF' } },
  fill: { type: 'pattern', pattern: 'solid', fgColor: { rgb: ACCENT } },
  alignment: { wrapText: true, vertical: 'top' },
};
const totalLook = {
  border: { top: { style: 'thin' as const, color: { rgb: INK } } },
  font: { size: 10, bold: true, name: 'Calibri', color: { rgb: INK } },
};

function putTotals(grid: Grid, table: SheetTable, first: number, last: number): void {
  if (table.totals.length === 0 || table.rows.length === 0) return;
  grid.put(0, { value: 'Total', style: style('text', totalLook) });
  for (const column of table.totals) {
    const kind = table.columns[column]?.kind ?? 'usd';
    const value = plainValue(totalOfColumn(table, column)) ?? 0;
    const letter = colToLetter(column);
    const formula = `ROUND(SUM(${letter}${first}:${letter}${last}),6)`;
    grid.put(column, {
      value,
      type: 'formula',
      formula,
      formulaResult: value,
      style: style(kind, totalLook),
    });
  }
  const totalLine = grid.line + 1;
  grid.next();
  for (const { column, expected, what } of table.checks) {
    const total = totalOfColumn(table, column);
    const off = (total !== null && 'usd' in total ? total.usd : 0) - expected;
    grid.put(0, {
      value: `Check: ${table.columns[column]?.label ?? ''} less ${what} (must be 0)`,
      style: style('text', small),
    });
    const formula = `ROUND(${colToLetter(column)}${totalLine}-${expected / 1_000_000},6)`;
    grid.put(column, {
      value: off / 1_000_000,
      type: 'formula',
      formula,
      formulaResult: off / 1_000_000,
      style: style('usd', small),
    });
    grid.next();
  }
}

function putTable(grid: Grid, table: SheetTable): { readonly first: number; readonly last: number } {
  grid.put(0, {
    value: table.title,
    style: { font: { size: 11, bold: true, name: 'Calibri', color: { rgb: INK } } },
  });
  grid.next();
  for (const [i, { label, kind, width }] of table.columns.entries()) {
    grid.put(i, { value: label, style: head });
    grid.widths[i] = Math.max(grid.widths[i] ?? 0, width ?? (kind === 'text' ? 18 : 14));
  }
  const header = grid.line;
  grid.next();
  const first = grid.line + 1;
  for (const row of table.rows) {
    for (const [i, { kind }] of table.columns.entries())
      grid.put(i, cellOf(row[i] ?? null, figureOf(row, i), kind, grid.line + 1));
    grid.next();
  }
  const last = grid.line;
  putTotals(grid, table, first, last);
  grid.next();
  return { first: header, last };
}

function sheetOf(sheet: ReportSheet, provenance: string): WriteSheet {
  const grid = new Grid();
  grid.put(0, { value: `${sheet.number} ${sheet.name}`, style: heading });
  grid.next();
  grid.put(0, { value: `${provenance}. ${sheet.note}`, style: small });
  grid.next(2);
  const places = sheet.tables.map((table) => putTable(grid, table));
  const [place] = places;
  const wide = Math.max(1, ...sheet.tables.map(({ columns }) => columns.length));
  const single = sheet.tables.length === 1 && place !== undefined && place.last > place.first;
  return {
    name: `${sheet.number} ${sheet.name}`.slice(0, 31),
    columns: Array.from({ length: wide }, (_, i) => ({ width: grid.widths[i] ?? 14 })),
    cells: grid.cells,
    rows: Array.from({ length: grid.line }, () => []),
    ...(place === undefined ? {} : { freezePane: { rows: place.first + 1 } }),
    ...(single ? { autoFilter: { range: `A${place.first + 1}:${colToLetter(wide - 1)}${place.last}` } } : {}),
    pageSetup: {
      paperSize: 'a4',
      orientation: 'landscape',
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: 0,
      ...(place === undefined ? {} : { printTitlesRow: `$${place.first + 1}:$${place.first + 1}` }),
    },
    headerFooter: {
      oddHeader: `&L&8bft-scale cost report&R&"-,Bold"&8${provenance}`,
      oddFooter: '&L&8&A&R&8&P / &N',
    },
  };
}

/** Bytes of the workbook, the same for the same sheets. `at`: ISO moment that the file's properties carry. */
export async function workbookBytes(
  sheets: readonly ReportSheet[],
  title: string,
  provenance: string,
  at: string,
): Promise<Uint8Array> {
  const created = new Date(at);
  return writeXlsx({
    sheets: sheets.map((sheet) => sheetOf(sheet, provenance)),
    properties: { title, creator: 'bft-scale', created, modified: created },
  });
}
