/**
 * The shared page of every HTML report: markup that escapes by default, header, footer, sections, tables, badges, styles.
 * Owns: how a report looks on screen and on A4 paper, and that it opens from disk (no scripts, no network, a CSP that says so).
 * Does not own: what a report says. No wall clock here: the same arguments give the same bytes.
 */

/** Markup that is already safe. Everything else that reaches a template is text and gets escaped. */
export interface Html {
  readonly markup: string;
  toString(): string;
}

/** Markup: `Html`, or a string which the caller vouches for as markup (`page`, `section` bodies only). */
export type Markup = Html | string;

class SafeHtml implements Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for element content and for quoted attribute values. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Vouches that `markup` holds no unescaped outside text. */
export function raw(markup: string): Html {
  return new SafeHtml(markup);
}

type Piece = string | number | Html | readonly Html[] | null;

function render(piece: Piece): string {
  if (piece === null) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return escapeHtml(String(piece));
  if (piece instanceof SafeHtml) return piece.markup;
  if (Array.isArray(piece)) return piece.map((one: Html) => one.markup).join('');
  return '';
}

/** Tagged template: interpolated strings and numbers are escaped, `Html` (and lists of it) are kept, null is nothing. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let out = strings[0] ?? '';
  for (const [i, piece] of pieces.entries()) out += render(piece) + (strings[i + 1] ?? '');
  return new SafeHtml(out);
}

export function join(parts: readonly Html[], separator = ''): Html {
  return new SafeHtml(parts.map((part) => part.markup).join(separator));
}

/** The sign in front of the word carries the meaning when colour does not (print, colour blindness). */
export type BadgeKind =
  | 'passed'
  | 'failed'
  | 'inconclusive'
  | 'aborted'
  | 'skipped'
  | 'provenance'
  | 'neutral'
  | 'warning';

const SIGN: Readonly<Record<BadgeKind, string>> = {
  passed: '\u2713 ',
  failed: '\u2717 ',
  inconclusive: '? ',
  aborted: '\u25a0 ',
  skipped: '\u2013 ',
  provenance: '',
  neutral: '',
  warning: '! ',
};

export function badge(text: string, kind: BadgeKind): Html {
  return html`<span class="badge badge-${kind}">${SIGN[kind]}${text}</span>`;
}

/** Strings and numbers are text (escaped); `Html` is kept; null prints an en dash. */
export type Cell = string | number | Html | null;

export interface Column {
  readonly label: string;
  readonly align: 'left' | 'right' | 'center';
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly caption?: string;
  /** Totals: printed as the table's foot. */
  readonly foot?: readonly (readonly Cell[])[];
  /** Class of row i, e.g. "over" (left rule and bold) or "sub" (group heading). */
  readonly rowClass?: (index: number) => string;
}

function tableRow(cells: readonly Cell[], columns: readonly Column[], rowClass: string): Html {
  const tds = columns.map(({ align }, i) => html`<td class="${align}">${cells[i] ?? '\u2013'}</td>`);
  return html`<tr class="${rowClass}">${tds}</tr>\n`;
}

export function table(spec: Table): Html {
  const { columns, rows, caption, foot, rowClass } = spec;
  const heads = columns.map(({ label, align }) => html`<th scope="col" class="${align}">${label}</th>`);
  const body = rows.map((cells, i) => tableRow(cells, columns, rowClass?.(i) ?? ''));
  const feet = (foot ?? []).map((cells) => tableRow(cells, columns, 'total'));
  return html`<div class="table-wrap"><table>${caption === undefined ? null : html`<caption>${caption}</caption>`}
<thead><tr>${heads}</tr></thead>
<tbody>
${body}</tbody>${feet.length === 0 ? null : html`<tfoot>${feet}</tfoot>`}
</table></div>\n`;
}

/** A section starts with an anchor and a heading; the page's provenance is repeated beside it by CSS. */
export function section(id: string, title: string, body: Markup): Html {
  return html`<section id="${id}"><h2>${title}</h2>
${raw(String(body))}
</section>\n`;
}

/** Key figures in a row of boxes. `note` is the small print under the figure. */
export function figures(
  items: readonly { readonly label: string; readonly value: Cell; readonly note?: Cell }[],
): Html {
  const boxes = items.map(
    ({ label, value, note }) =>
      html`<div class="figure"><div class="figure-label">${label}</div><div class="figure-value">${value}</div>${
        note === undefined ? null : html`<div class="figure-note">${note}</div>`
      }</div>`,
  );
  return html`<div class="figures">${boxes}</div>\n`;
}

export const CSS_VARIABLES = `:root{--ink:#16202b;--muted:#5a6775;--faint:#8a95a1;--line:#d5dbe1;--line-soft:#e9edf0;--wash:#f5f7f9;
--paper:#fff;--accent:#1f4e79;--accent-soft:#dbe6f0;--accent-2:#5f8fb8;--accent-3:#a9c3da;--good:#1d6b43;--bad:#a3231f;--bad-soft:#fbeceb;
--warn:#8a5a00;--warn-soft:#fdf4e0;--font:"Inter","Segoe UI","Helvetica Neue",Arial,"Liberation Sans",sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}`;

const CSS_BODY = `*{box-sizing:border-box}html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{margin:0;background:#eceff2;color:var(--ink);font:14px/1.5 var(--font);font-variant-numeric:tabular-nums}
main,header.top,footer.end{max-width:1160px;margin:0 auto;background:var(--paper);padding:0 48px}
header.top{padding-top:40px;border-top:6px solid var(--accent)}header.top{padding-bottom:1px}main{padding-top:1px;padding-bottom:24px}footer.end{padding-bottom:40px}
.brand{display:flex;justify-content:space-between;align-items:center;color:var(--muted);font-size:12px;letter-spacing:.06em;text-transform:uppercase}
h1{font-size:30px;line-height:1.2;font-weight:600;margin:18px 0 4px;letter-spacing:-.01em}
.subtitle{color:var(--muted);font-size:15px;margin:0 0 20px}
section{border-top:1px solid var(--line);padding-top:4px;margin-top:28px}main>section:first-child{margin-top:8px}
h2{font-size:19px;font-weight:600;margin:14px 0 10px;color:var(--accent);display:flex;justify-content:space-between;align-items:baseline;gap:16px}
section>h2::after{content:var(--provenance);font:600 10px/1 var(--font);letter-spacing:.1em;color:var(--muted);border:1px solid var(--line);border-radius:2px;padding:3px 6px}
h3{font-size:14px;font-weight:600;margin:22px 0 6px}p{margin:0 0 10px;max-width:86ch}ul,ol{margin:0 0 10px;padding-left:20px}li{max-width:84ch;margin-bottom:3px}
.muted{color:var(--muted)}.small{font-size:12px}code,.mono{font-family:var(--mono);font-size:.88em;overflow-wrap:anywhere}
.table-wrap{overflow-x:auto;margin:8px 0 16px}table{border-collapse:collapse;width:100%;font-size:12.5px;line-height:1.4}
caption{text-align:left;color:var(--muted);font-size:12px;padding:0 0 6px}
th{font-weight:600;color:var(--muted);font-size:11px;text-align:left;vertical-align:bottom;border-bottom:1.5px solid var(--ink);padding:6px 8px;line-height:1.25}
td{border-bottom:1px solid var(--line-soft);padding:6px 8px;vertical-align:top}
th:first-child,td:first-child{padding-left:6px}.right{text-align:right}td.right,td:first-child .badge{white-space:nowrap}.center{text-align:center}
tbody tr:nth-child(even){background:#fafbfc}
tfoot td,tr.total td{border-top:1.5px solid var(--ink);border-bottom:0;font-weight:600;background:var(--paper)}
tr.sub td{background:var(--wash);font-weight:600}tr.over td{font-weight:600;background:var(--bad-soft)}tr.over td:first-child{box-shadow:inset 4px 0 0 var(--bad)}
.badge{display:inline-block;border:1px solid var(--line);border-radius:2px;padding:1px 7px;font-size:11px;font-weight:600;letter-spacing:.03em;white-space:nowrap;color:var(--muted);background:var(--paper)}
.badge-passed{color:var(--good);border-color:var(--good)}.badge-failed{color:var(--bad);border-color:var(--bad);background:var(--bad-soft)}
.badge-inconclusive,.badge-warning{color:var(--warn);border-color:var(--warn);background:var(--warn-soft)}.badge-aborted{color:var(--paper);background:var(--bad);border-color:var(--bad)}
.badge-skipped{border-style:dashed}.badge-provenance{color:var(--paper);background:var(--accent);border-color:var(--accent);letter-spacing:.12em}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));border:1px solid var(--line);border-radius:3px;margin:12px 0 16px}
.figure{padding:12px 16px;border-right:1px solid var(--line)}.figure:last-child{border-right:0}
.figure-label{font-size:11px;color:var(--muted)}.figure-value{font-size:22px;font-weight:600;letter-spacing:-.01em;line-height:1.3}.figure-note{font-size:11.5px;color:var(--muted)}
.note{border-left:3px solid var(--accent-2);background:var(--wash);padding:10px 14px;margin:10px 0 14px}.note p:last-child{margin:0}
.note.bad{border-color:var(--bad);background:var(--bad-soft)}.note.warn{border-color:var(--warn);background:var(--warn-soft)}
svg{max-width:100%;height:auto;display:block}svg text{font-family:var(--font)}figure{margin:12px 0 18px;break-inside:avoid}figcaption{font-size:12px;color:var(--muted);margin-top:4px}
nav.contents{columns:2;font-size:13px;margin:6px 0 0}nav.contents a{display:block;padding:2px 0;color:var(--ink);text-decoration:none;border-bottom:1px dotted var(--line)}
a{color:var(--accent)}footer.end{color:var(--muted);font-size:11.5px}footer.end p{border-top:1px solid var(--line);padding-top:12px;max-width:none}`;

function printCss(provenance: string, title: string): string {
  const text = (value: string): string => `"${value.replace(/["\\\n<]/g, ' ')}"`;
  return `:root{--provenance:${text(provenance)}}
@page{size:A4;margin:18mm 14mm 16mm;
@top-left{content:${text(title)};font:8pt "Helvetica Neue",Arial,sans-serif;color:#5a6775}
@top-right{content:${text(provenance)};font:bold 8pt "Helvetica Neue",Arial,sans-serif;letter-spacing:.1em;color:#1f4e79}
@bottom-right{content:counter(page) " / " counter(pages);font:8pt "Helvetica Neue",Arial,sans-serif;color:#5a6775}}
@media print{body{background:none;font-size:9.5pt}main,header.top,footer.end{max-width:none;padding-left:0;padding-right:0}header.top{padding-top:14px}
table{font-size:8pt}th{font-size:7.5pt}td,th{padding:3px 5px}.table-wrap{overflow:visible}thead{display:table-header-group}tfoot{display:table-row-group}
tr,.figures,.note{break-inside:avoid}h2,h3{break-after:avoid}section{margin-top:18px}a{color:inherit;text-decoration:none}.figure-value{font-size:15pt}}`;
}

export interface Page {
  readonly title: string;
  /** The word every page carries: SIMULATED, FORECAST, METERED, ... */
  readonly provenance: string;
  readonly subtitle: string;
  readonly body: Markup;
  /** Extra rules, after the shared ones. */
  readonly css?: string;
  /** Right of the product's name, e.g. the campaign's id. */
  readonly reference?: string;
  /** Last line of the document. */
  readonly footer?: string;
}

/** A whole document that opens from disk: no script, no network (the CSP forbids both). Returns text ending in a newline. */
export function page(spec: Page): string {
  const { title, provenance, subtitle, body, css, reference, footer } = spec;
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(`${CSS_VARIABLES}\n${CSS_BODY}\n${printCss(provenance, title)}\n${css ?? ''}`)}</style></head>
<body>
<header class="top"><div class="brand"><span>bft-scale${reference === undefined ? null : html` &middot; ${reference}`}</span>${badge(provenance, 'provenance')}</div>
<h1>${title}</h1><p class="subtitle">${subtitle}</p></header>
<main>
${raw(String(body))}</main>
<footer class="end"><p>${footer ?? `${title}. Every figure is ${provenance} unless it says otherwise.`}</p></footer>
</body></html>
`;
  return document.markup;
}
