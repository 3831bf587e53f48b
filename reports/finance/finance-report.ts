/**
 * Writes the cost report of a campaign: HTML, JSON and CSV from one record, so that all say the same.
 * Owns: which files there are and their order of sections. Does not own: any figure, or when it is written.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NOT_SET } from '#budgets/finance-settings.ts';
import { chargesByRun } from '#budgets/focus/charges.ts';
import { type FocusContext, type FocusRow, focusRow } from '#budgets/focus/focus-row.ts';
import { assumptionsSection, rateSection, savingsSection } from '#reports/finance/basis-section.ts';
import { budgetSection, limitsSection } from '#reports/finance/budget-section.ts';
import { coverSection, summarySection } from '#reports/finance/cover-section.ts';
import { detailSection, unitSection } from '#reports/finance/detail-section.ts';
import { costCsv, ratesCsv } from '#reports/finance/finance-csv.ts';
import { type FinanceReportInput, settingsOf, shownForecast } from '#reports/finance/finance-input.ts';
import { financeJson } from '#reports/finance/finance-json.ts';
import { focusCsv, focusParquet } from '#reports/finance/focus-files.ts';
import { bridgeChart, burnChart, tornadoChart } from '#reports/finance/money-charts.ts';
import { findChromium, pagePdf } from '#reports/finance/pdf.ts';
import {
  issueOf,
  manifestFile,
  manifestText,
  readManifest,
  signatureFile,
  signatureText,
} from '#reports/finance/report-manifest.ts';
import { printed, sheetSection } from '#reports/finance/sheet-html.ts';
import { totalOfColumn } from '#reports/finance/sheet-model.ts';
import { allSheets } from '#reports/finance/sheets/all-sheets.ts';
import {
  accrualSheet,
  auditSheet,
  guardSheet,
  itemSheet,
  reconciliationSheet,
} from '#reports/finance/sheets/control-sheets.ts';
import { reportId } from '#reports/finance/sheets/front-sheets.ts';
import { chargesIn, statusOf } from '#reports/finance/sheets/ledger-view.ts';
import { bridgeSheet, burnSheet } from '#reports/finance/sheets/movement-sheets.ts';
import { workbookBytes } from '#reports/finance/workbook.ts';
import { type Cell, type Html, html, join as joinHtml, page, section, table } from '#reports/html.ts';

const CSS = `@page{size:A4 landscape;margin:14mm 12mm 12mm}
dl.facts{display:grid;grid-template-columns:130px 1fr 130px 1fr;column-gap:14px;margin:8px 0 14px;font-size:12.5px}dl.facts dt{color:var(--muted);padding:4px 0;border-bottom:1px solid var(--line-soft)}
dl.facts dd{margin:0;padding:4px 0;border-bottom:1px solid var(--line-soft)}dl.facts dt.wide{grid-column:1}dl.facts dd.wide{grid-column:2/-1}.dense table{font-size:11px}.dense th{font-size:10px}.dense td,.dense th{padding:5px 4px}.dense td:first-child{white-space:nowrap}#budget td:first-child{min-width:150px}.source{display:inline-block;min-width:300px;overflow-wrap:anywhere}.sign{display:inline-block;height:22px}
.sign-off table{table-layout:fixed}.sign-off th:first-child{width:19%}.sign-off th:nth-child(3){width:16%}.sign-off th:nth-child(4){width:25%}.sign-off th,.sign-off td{border-right:1px solid var(--line);padding:7px 8px}.sign-off td{border-bottom-color:var(--line)}.sign-off th:last-child,.sign-off td:last-child{border-right:0}.sign-off tbody tr:nth-child(even){background:none}
@media print{tr,figure{break-inside:avoid}thead,caption,h2,h3{break-after:avoid}dl.facts{font-size:8.5pt}dl.facts dt,dl.facts dd{padding:2px 0}#cover h3{margin:4px 0 0}#cover .figures{margin:6px 0 8px}#cover .figure{padding:8px 14px}#cover .note{padding:7px 12px;margin:6px 0}#cover td{padding:2px 5px}#cover p{max-width:none}#cover .sign-off td{padding:4px 6px}.sign-off .table-wrap{margin:4px 0 0}.sign{height:16px}#cover .sign-off,section>h2+p{break-inside:avoid}#cover .inputs{break-before:page}section>h2+p,section>p:has(+figure){break-after:avoid}footer.end{break-before:avoid}h1{margin:8px 0 2px;font-size:22px}.subtitle{display:none}}`;

/** The whole report as one HTML document. Same input, same bytes. */
export async function financeHtml(input: FinanceReportInput): Promise<string> {
  const provenance = statusOf(input);
  const body = joinHtml([
    coverSection(input),
    summarySection(input),
    budgetSection(input),
    limitsSection(input),
    sheetSection(bridgeSheet(input), await bridgeChart(input)),
    sheetSection(burnSheet(input), await burnChart(input)),
    detailSection(input),
    unitSection(input),
    rateSection(input),
    sheetSection(accrualSheet(input)),
    sheetSection(reconciliationSheet(input)),
    sheetSection(guardSheet(input)),
    savingsSection(input),
    assumptionsSection(input, await tornadoChart(input)),
    sheetSection(auditSheet(input)),
    itemsSection(input),
  ]);
  return page({
    title: `Cost report, ${input.phase}`,
    provenance: provenance === 'FORECAST' ? 'FORECAST' : `${provenance} - ESTIMATE`,
    subtitle: `${provenance === 'FORECAST' ? 'Forecast before spending' : `Status ${provenance}`}. Campaign ${input.campaign}, prices of ${input.forecast.priceSheet.date}.`,
    body,
    css: CSS,
    reference: reportId(input),
    footer:
      provenance === 'FORECAST'
        ? 'FORECAST: no figure in this report was metered, billed or invoiced. Rebuild it from the campaign folder: the same inputs give the same bytes.'
        : `ESTIMATE until it is invoiced: each figure says whether it is FORECAST, METERED, BILLED or INVOICED. Rebuild it from the campaign folder: the same inputs give the same bytes.`,
  });
}

/** Two hundred lines are no reading: the page counts them, the workbook and the FOCUS file hold them. */
function itemsSection(input: FinanceReportInput): Html {
  const sheet = itemSheet(input);
  const rows = sheet.tables.map((one): Cell[] => [
    one.title,
    one.rows.length,
    printed(totalOfColumn(one, 10), 'usd'),
    one.totals.includes(11) ? printed(totalOfColumn(one, 11), 'usd') : null,
  ]);
  const columns = [
    { label: 'State', align: 'left' as const },
    { label: 'Lines', align: 'right' as const },
    { label: 'Total', align: 'right' as const },
    { label: 'P90', align: 'right' as const },
  ];
  return section(
    sheet.id,
    `${sheet.number} ${sheet.name}`,
    html`<p>Every line is in the workbook (sheet 15) and in the FOCUS 1.2 files, one row per charge. ${sheet.note}</p>${table({ columns, rows })}`,
  );
}

export type ReportFormat = 'xlsx' | 'focus' | 'pdf';
export const reportFormats: readonly ReportFormat[] = ['xlsx', 'focus', 'pdf'];

export interface WriteFinanceOptions {
  /** Beside HTML, JSON and CSV, which are always written. */
  readonly formats?: readonly ReportFormat[];
  /** Folder of the version before, whose manifest decides about version and changes. */
  readonly before?: string | null;
  /** PEM of an Ed25519 key that signs the manifest. */
  readonly privateKeyPem?: string | null;
}

interface ReportFile {
  readonly name: string;
  readonly bytes: string | Uint8Array;
}

function focusContext(input: FinanceReportInput): FocusContext {
  const { shown } = shownForecast(input.forecast);
  const { billingAccount, subAccount, costCentre } = settingsOf(input);
  const pool = shown.rates.find(({ use }) => use === 'node pool')?.price;
  return {
    // FOCUS asks for an id; one that nobody set says so and cannot be taken for an account.
    billingAccountId: billingAccount?.id ?? 'acct-not-set',
    billingAccountName: billingAccount?.name ?? NOT_SET,
    subAccountId: subAccount?.id ?? `sub-${input.campaign}`,
    subAccountName: subAccount?.name ?? input.campaign,
    costCentre,
    listOverPaid: pool === undefined || pool.list === null ? null : { list: pool.list, paid: pool.expected },
    isSpot: shown.stack.kind === 'cloud' && shown.stack.pool.option === 'spot',
  };
}

/** Rows of the FOCUS files: the planned charges, then whatever the ledger has metered, billed and invoiced. */
export function focusRows(input: FinanceReportInput): readonly FocusRow[] {
  const context = focusContext(input);
  const actual = (['METERED', 'BILLED', 'INVOICED'] as const).flatMap((state) => chargesIn(input, state));
  // A comparison that is not planned is no charge.
  return [...chargesByRun(input.forecast.forecast), ...actual].map((charge) => focusRow(charge, context));
}

async function extraFiles(
  input: FinanceReportInput,
  page: string,
  formats: readonly ReportFormat[],
): Promise<{ readonly files: ReportFile[]; readonly notWritten: { format: string; why: string }[] }> {
  const files: ReportFile[] = [];
  const notWritten: { format: string; why: string }[] = [];
  if (formats.includes('xlsx')) {
    const moment = `${input.forecast.forecast.asOf.slice(0, 10)}T00:00:00Z`;
    const bytes = await workbookBytes(
      allSheets(input),
      `Cost report, ${input.phase}`,
      statusOf(input),
      moment,
    );
    files.push({ name: 'cost-report.xlsx', bytes });
  }
  if (formats.includes('focus')) {
    const rows = focusRows(input);
    if (rows.length === 0) notWritten.push({ format: 'focus', why: 'nothing is bought: there is no charge' });
    else {
      files.push({ name: 'focus-1.2.csv', bytes: focusCsv(rows) });
      files.push({ name: 'focus-1.2.parquet', bytes: await focusParquet(rows) });
    }
  }
  if (formats.includes('pdf')) {
    const chromium = findChromium();
    if (chromium === null) notWritten.push({ format: 'pdf', why: 'NOT RUN: no Chromium is installed' });
    else files.push({ name: 'cost-report.pdf', bytes: await pagePdf(page, chromium) });
  }
  return { files, notWritten };
}

/**
 * Writes the report into `outDir` (created when missing): HTML, JSON, two CSV files, the formats asked for, and last the manifest with
 * the hash of each (and its signature). Returns the paths in that order. Rejects with the file system's error.
 */
export async function writeFinanceReport(
  given: FinanceReportInput,
  outDir: string,
  options: WriteFinanceOptions = {},
): Promise<string[]> {
  const before =
    options.before === undefined || options.before === null ? null : readManifest(options.before);
  const identity = issueOf(given, before);
  const input: FinanceReportInput = { ...given, identity };
  const page = await financeHtml(input);
  const extra = await extraFiles(input, page, options.formats ?? []);
  const files: ReportFile[] = [
    { name: 'cost-report.html', bytes: page },
    { name: 'cost-report.json', bytes: financeJson(input) },
    { name: 'cost-report.csv', bytes: costCsv(input) },
    { name: 'rates.csv', bytes: ratesCsv(input) },
    ...extra.files,
  ];
  const manifest = manifestText(input, identity, files, extra.notWritten);
  files.push({ name: manifestFile, bytes: manifest });
  const key = options.privateKeyPem ?? null;
  if (key !== null) files.push({ name: signatureFile, bytes: signatureText(manifest, key) });
  await mkdir(outDir, { recursive: true });
  const written: string[] = [];
  for (const { name, bytes } of files) {
    const path = join(outDir, name);
    await writeFile(path, bytes);
    written.push(path);
  }
  return written;
}
