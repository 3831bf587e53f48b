/**
 * Writes the cost report of a campaign: HTML, JSON and CSV from one record, so that all say the same.
 * Owns: which files there are and their order of sections. Does not own: any figure, or when it is written.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assumptionsSection, rateSection, savingsSection } from '#reports/finance/basis-section.ts';
import { budgetSection, limitsSection } from '#reports/finance/budget-section.ts';
import { coverSection, summarySection } from '#reports/finance/cover-section.ts';
import { detailSection, unitSection } from '#reports/finance/detail-section.ts';
import { costCsv, ratesCsv } from '#reports/finance/finance-csv.ts';
import type { FinanceReportInput } from '#reports/finance/finance-input.ts';
import { financeJson } from '#reports/finance/finance-json.ts';
import { join as joinHtml, page } from '#reports/html.ts';

const CSS = `@page{size:A4 landscape;margin:16mm 12mm 14mm}
dl.facts{display:grid;grid-template-columns:170px 1fr;margin:8px 0 14px;font-size:13px}dl.facts dt{color:var(--muted);padding:4px 0;border-bottom:1px solid var(--line-soft)}
dl.facts dd{margin:0;padding:4px 0;border-bottom:1px solid var(--line-soft)}.dense table{font-size:11px}.dense th{font-size:10px}.dense td,.dense th{padding:5px 4px}.dense td:first-child{white-space:nowrap}#budget td:first-child{min-width:150px}.source{display:inline-block;min-width:300px;overflow-wrap:anywhere}.sign{display:inline-block;min-width:110px;height:22px}
@media print{#cover{break-after:page}}`;

/** The whole report as one HTML document. Same input, same bytes. */
export function financeHtml(input: FinanceReportInput): string {
  const body = joinHtml([
    coverSection(input),
    summarySection(input),
    budgetSection(input),
    limitsSection(input),
    detailSection(input),
    unitSection(input),
    rateSection(input),
    savingsSection(input),
    assumptionsSection(input),
  ]);
  return page({
    title: `Cost report, ${input.phase}`,
    provenance: 'FORECAST',
    subtitle: `Forecast before spending. Campaign ${input.campaign}, prices of ${input.forecast.priceSheet.date}.`,
    body,
    css: CSS,
    reference: input.campaign,
    footer:
      'FORECAST: no figure in this report was metered, billed or invoiced. Rebuild it from the campaign folder: the same inputs give the same bytes.',
  });
}

/**
 * Writes cost-report.html, cost-report.json, cost-report.csv and rates.csv into `outDir` (created when missing).
 * Returns the paths in that order. Rejects with the file system's error.
 */
export async function writeFinanceReport(input: FinanceReportInput, outDir: string): Promise<string[]> {
  await mkdir(outDir, { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    ['cost-report.html', financeHtml(input)],
    ['cost-report.json', financeJson(input)],
    ['cost-report.csv', costCsv(input)],
    ['rates.csv', ratesCsv(input)],
  ];
  const written: string[] = [];
  for (const [name, text] of files) {
    const path = join(outDir, name);
    await writeFile(path, text);
    written.push(path);
  }
  return written;
}
