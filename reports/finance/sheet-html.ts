/**
 * A sheet of the workbook as a section of the page: the same figures, printed.
 * Owns: figures as text. Does not own: figures (sheet-model.ts), the look of a table (html.ts).
 */
import { formatUnitPrice, formatUsd } from '#budgets/money.ts';
import { quantity } from '#reports/finance/finance-input.ts';
import {
  type CellFigure,
  type ColumnKind,
  figureOf,
  type ReportSheet,
  type SheetTable,
  totalOfColumn,
} from '#reports/finance/sheet-model.ts';
import { type Cell, type Html, html, section, table } from '#reports/html.ts';

const decimals: Readonly<Record<ColumnKind, number>> = {
  text: 0,
  usd: 2,
  price: 5,
  count: 0,
  hours: 2,
  percent: 2,
};

/** "$1,234.56", "97.00 %", "3": what every printed format shows of a figure. */
export function printed(figure: CellFigure, kind: ColumnKind): string | null {
  if (figure === null) return null;
  if ('text' in figure) return figure.text;
  if ('usd' in figure) return kind === 'price' ? formatUnitPrice(figure.usd) : formatUsd(figure.usd);
  const plain = quantity(Math.abs(figure.value), decimals[kind]);
  const signed =
    figure.value < 0
      ? `(${plain}${kind === 'percent' ? ' %' : ''})`
      : `${plain}${kind === 'percent' ? ' %' : ''}`;
  return signed;
}

/** A hash in full takes the page's width; its beginning tells it apart, the workbook and the JSON hold all of it. */
function onPage(text: string | null): string | null {
  return text !== null && /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}\u2026` : text;
}

function tableHtml(spec: SheetTable): Html {
  const columns = spec.columns.map(({ label, kind }) => ({
    label,
    align: kind === 'text' ? ('left' as const) : ('right' as const),
  }));
  const rows = spec.rows.map((row) =>
    spec.columns.map(({ kind }, i): Cell => onPage(printed(figureOf(row, i), kind))),
  );
  const total = spec.columns.map(
    ({ kind }, i): Cell =>
      spec.totals.includes(i) ? printed(totalOfColumn(spec, i), kind) : i === 0 ? 'Total' : '',
  );
  const alarmed = (i: number): boolean =>
    spec.rows[i]?.some((cell) => cell !== null && cell.is === 'text' && cell.alarm === true) ?? false;
  return table({
    caption: spec.title,
    columns,
    rows,
    rowClass: (i) => (alarmed(i) ? 'over' : ''),
    ...(spec.totals.length > 0 && rows.length > 0 ? { foot: [total] } : {}),
  });
}

/** `picture` stands between the note and the tables. Tables without rows are left out: the note says why. */
export function sheetSection(sheet: ReportSheet, picture: Html | null = null): Html {
  const tables = sheet.tables.filter(({ rows }) => rows.length > 0).map(tableHtml);
  return section(
    sheet.id,
    `${sheet.number} ${sheet.name}`,
    html`<p>${sheet.note}</p>${picture}<div class="dense">${tables}</div>`,
  );
}
