/**
 * The scale report of a campaign: index.html, scale-report.json, scale.csv, runs.csv.
 * Owns: the order of its parts and the files. Does not own: figures, words or pictures (the other files here).
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scaleCsv } from '#campaigns/analysis/scale-csv.ts';
import { renderChart } from '#reports/charts/render.ts';
import { type Html, html, page } from '#reports/html.ts';
import { breakingSection } from '#reports/scale/breaking-section.ts';
import { byzantineBlock, byzantineCharts } from '#reports/scale/byzantine-block.ts';
import { assumptionSection, bottleneckSection, reproduceSection } from '#reports/scale/closing-sections.ts';
import { coverSection, verdictSection } from '#reports/scale/cover-section.ts';
import { feasibilitySection } from '#reports/scale/feasibility-section.ts';
import { counted, formatNumber } from '#reports/scale/figure-format.ts';
import { outlookSection } from '#reports/scale/outlook-section.ts';
import { overlapSection } from '#reports/scale/overlap-section.ts';
import { reportCss } from '#reports/scale/report-css.ts';
import { link, type Pictures } from '#reports/scale/report-parts.ts';
import { resilienceSection } from '#reports/scale/resilience-section.ts';
import { type ChartJob, rowCharts } from '#reports/scale/row-charts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import { runsCsv } from '#reports/scale/runs-csv.ts';
import { mainScaling, type ScaleDocument, scaleDocument } from '#reports/scale/scale-document.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';
import { scalingCharts, scalingSection } from '#reports/scale/scaling-section.ts';
import { scenarioAnchor, scenarioSection } from '#reports/scale/scenario-section.ts';
import { truthSection } from '#reports/scale/truth-section.ts';

/** Absolute or relative paths of the files written into `outDir`; the same input gives the same bytes. */
export async function writeScaleReport(input: ScaleReportInput, outDir: string): Promise<string[]> {
  const document = scaleDocument(input);
  const files: readonly (readonly [string, string])[] = [
    ['index.html', await scaleHtml(document)],
    ['scale-report.json', `${JSON.stringify(document, null, 1)}\n`],
    ['scale.csv', scaleCsv(mainScaling(document)?.entries ?? [])],
    ['runs.csv', runsCsv(input)],
  ];
  await mkdir(outDir, { recursive: true });
  const written: string[] = [];
  for (const [name, text] of files) {
    const path = join(outDir, name);
    // Whole or absent: a reader never meets half a report.
    await writeFile(`${path}.partial`, text);
    await rename(`${path}.partial`, path);
    written.push(path);
  }
  return written;
}

/** The page; every chart is drawn one after the other, so that the bytes do not depend on scheduling. */
export async function scaleHtml(document: ScaleDocument): Promise<string> {
  const jobs: ChartJob[] = [
    ...scalingCharts(document),
    ...byzantineCharts(document),
    ...document.rows.flatMap(rowCharts),
  ];
  const pictures = new Map<string, string>();
  for (const { id, description, spec } of jobs)
    pictures.set(id, await renderChart(spec, { id, description }));
  const scenarios = byScenario(document.rows);
  const body = html`<div class="layout">
${contents(scenarios, document.overlap.length > 0)}
<div>
${coverSection(document)}${verdictSection(document)}${feasibilitySection(document)}${scalingSection(document, pictures)}${overlapSection(document)}
${[...scenarios].map(([scenarioId, rows]) => scenarioPart(document, scenarioId, rows, pictures))}
${bottleneckSection(document)}${outlookSection(document)}${breakingSection(document)}${resilienceSection(document)}${truthSection(document)}${assumptionSection(document)}${reproduceSection(document)}
</div>
</div>
`;
  return page({
    title: `Scale report, ${document.phase}`,
    provenance: document.provenance,
    subtitle: subtitle(document),
    body,
    css: reportCss,
    reference: document.campaign,
    footer: `Scale report of campaign ${document.campaign}, code ${document.codeVersion}. Its runs are ${document.provenance}; every section says what its figures are, and every figure comes from scale-report.json beside this page.`,
  });
}

function scenarioPart(
  document: ScaleDocument,
  scenarioId: string,
  rows: readonly RowDocument[],
  pictures: Pictures,
): Html {
  return scenarioSection(rows, pictures, byzantineBlock(document, scenarioId, pictures));
}

function byScenario(rows: readonly RowDocument[]): Map<string, RowDocument[]> {
  const groups = new Map<string, RowDocument[]>();
  for (const row of rows) groups.set(row.scenarioId, [...(groups.get(row.scenarioId) ?? []), row]);
  return groups;
}

function subtitle({ summary }: ScaleDocument): string {
  const { nodesLeast, nodesMost } = summary;
  if (nodesLeast === null || nodesMost === null) return 'QR-Avalanche consensus; nothing was run';
  const sizes =
    nodesLeast === nodesMost
      ? formatNumber(nodesMost)
      : `${formatNumber(nodesLeast)} to ${formatNumber(nodesMost)}`;
  return `QR-Avalanche consensus at ${sizes} nodes, ${counted(summary.rows, 'row')}, ${counted(summary.runs, 'run')}`;
}

function contents(scenarios: ReadonlyMap<string, readonly RowDocument[]>, hasOverlap: boolean): Html {
  const parts = [...scenarios].map(
    ([scenarioId, rows]) =>
      html`<div class="sub">${link(scenarioAnchor(scenarioId), `${scenarioId} ${rows[0]?.title ?? ''}`)}</div>`,
  );
  return html`<nav class="toc" aria-label="Contents">${link('summary', 'Summary')}${link('verdicts', 'Verdicts')}${link('cannot-pass', 'What cannot pass, and why')}${link('scaling', 'Scaling')}${hasOverlap ? link('overlap', 'Simulated and measured') : null}<div>${link(scenarioAnchor([...scenarios.keys()][0] ?? ''), 'Scenarios')}${parts}</div>${link('bottlenecks', 'Bottlenecks')}${link('outlook', 'Larger networks and published systems')}${link('breaking', 'Breaking points')}${link('resilience', 'Mechanisms of resilience')}${link('truth', 'Whether the simulator is right')}${link('assumptions', 'What was assumed')}${link('reproduce', 'Reproduce')}</nav>`;
}
