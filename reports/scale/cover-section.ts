/**
 * Parts 1 and 2: the summary a reader sees first, and the verdict table.
 * Owns: their words. Does not own: the figures (scale-document.ts).
 */
import type { TestStatus } from '#campaigns/results/schema.ts';
import { badge, figures, type Html, html, table } from '#reports/html.ts';
import {
  counted,
  formatFigure,
  formatInterval,
  formatLimit,
  formatNumber,
  nothing,
} from '#reports/scale/figure-format.ts';
import type { Estimate } from '#reports/scale/repetitions.ts';
import { facts, link, reportSection, rowMark, statusMark } from '#reports/scale/report-parts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

export function coverSection(document: ScaleDocument): Html {
  const { summary } = document;
  const body = html`<div class="verdict-line">${statusMark(document.status)}<span>${overall(document)}</span></div>
<p class="tally">${tally(summary.statuses)}</p>
${figures(headlineFigures(document))}
<p class="lead">${sourceWords(document)}</p>
${facts([
  ['Campaign', document.campaign],
  ['Phase', `${document.phase}, stack ${document.stack}, target ${document.target}`],
  ['Code', document.codeVersion],
  ['Runtime', `Node.js ${document.nodeVersion}`],
  ['Seed', String(document.seed)],
  ['Runs', `${formatNumber(summary.runs)} in ${rowsWords(summary)}`],
  ['Sizes', `${summary.sizes.map(formatNumber).join(', ')} nodes`],
  ['Scenarios', summary.scenarioIds.join(', ')],
])}`;
  return reportSection('summary', 'Summary', document.provenance, body);
}

function rowsWords({ rows, comparisons }: ScaleDocument['summary']): string {
  const judged = counted(rows, 'row');
  return comparisons === 0 ? judged : `${judged} and ${formatNumber(comparisons)} to compare with`;
}

function overall({ status, summary }: ScaleDocument): string {
  const { statuses, rows } = summary;
  switch (status) {
    case 'PASSED':
      return `All ${counted(rows, 'row')} met every criterion.`;
    case 'FAILED':
      return `${formatNumber(statuses.FAILED)} of ${counted(rows, 'row')} missed at least one criterion.`;
    case 'INCONCLUSIVE':
      return `No row failed, but ${formatNumber(rows - statuses.PASSED)} of ${counted(rows, 'row')} could not be decided.`;
    case 'ABORTED':
      return 'The campaign was stopped before it was complete.';
    case 'SKIPPED':
      return 'Nothing was run.';
  }
}

const order: readonly TestStatus[] = ['PASSED', 'FAILED', 'INCONCLUSIVE', 'ABORTED', 'SKIPPED'];

function tally(statuses: Readonly<Record<TestStatus, number>>): Html[] {
  return order
    .filter((status) => statuses[status] > 0 || status === 'PASSED' || status === 'FAILED')
    .map(
      (status) =>
        html`<span class="status-count"><b>${formatNumber(statuses[status])}</b> ${statusMark(status)}</span>`,
    );
}

function headlineFigures({ summary, rows }: ScaleDocument): Parameters<typeof figures>[0] {
  const row = rows.find((one) => one.rowId === summary.headline);
  const { safety } = summary;
  const at = row === undefined ? '' : `${row.rowId}`;
  const interval = (figure: Estimate | null | undefined, unit: string): string =>
    figure?.interval == null ? '' : `95 % interval ${formatInterval(figure.interval, unit)}`;
  return [
    {
      label: 'Largest network',
      value: figureValue(summary.nodesMost, 'nodes'),
      note: summary.nodesLeast === null ? '' : `smallest ${formatNumber(summary.nodesLeast)}`,
    },
    {
      label: `Throughput, ${at}`,
      value: figureValue(row?.figures.avgTps?.mean ?? null, 'TPS'),
      note: `${interval(row?.figures.avgTps, 'tps')}; offered ${formatFigure(row?.figures.offeredTps?.mean ?? null, 'tps')}`,
    },
    {
      label: `Latency p95, ${at}`,
      value: figureValue(row?.figures.p95Ms?.mean ?? null, 'ms'),
      note: interval(row?.figures.p95Ms, 'ms'),
    },
    {
      label: 'Conflicting finalisations',
      value: figureValue(safety.runs === 0 ? null : safety.conflicts, ''),
      note: safetyNote(safety),
    },
  ];
}

function figureValue(value: number | null, unit: string): Html {
  if (value === null) return html`${nothing}`;
  return html`${formatNumber(value)} <span class="small">${unit}</span>`;
}

function safetyNote(safety: ScaleDocument['summary']['safety']): string {
  const seen = `${inDecisions(safety)} ${counted(safety.runs, 'run')}`;
  if (safety.runBound === null) return seen;
  return `${seen}; with 95 % confidence fewer than ${formatFigure(safety.runBound, 'share')} of such runs have one`;
}

function sourceWords({ provenance, calibrations, summary }: ScaleDocument): string {
  if (summary.runs === 0) return 'No row was run, so that this report holds no measurement.';
  const whose = calibrations.map(({ name, measuredOn }) => `“${name}” (${measuredOn})`).join(', ');
  if (provenance === 'SIMULATED') {
    return `Every figure in this report is SIMULATED: the consensus code of the node ran in a deterministic simulator, with service times and message sizes of ${whose}. No network was deployed. The same seeds give the same figures again.`;
  }
  if (provenance.includes('MEASURED') && provenance.includes('SIMULATED')) {
    return `Figures marked SIMULATED come from the consensus code of the node in a deterministic simulator, with service times and message sizes of ${whose}; figures marked MEASURED come from real node processes on one machine. Every row says which it is; the section “Simulated and measured” shows how far the two are apart.`;
  }
  return `Where figures come from: ${provenance}.${whose === '' ? '' : ` Calibration in use: ${whose}.`}`;
}

export function verdictSection(document: ScaleDocument): Html {
  const body = html`<p>One line per row. The criterion shown is the one that decided: the farthest outside its limit for a failed row, the tightest for a passed one.</p>
${table({
  columns: [
    { label: 'Row', align: 'left' },
    { label: 'Source', align: 'left' },
    { label: 'Status', align: 'left' },
    { label: 'Deciding criterion', align: 'left' },
    { label: 'Observed', align: 'right' },
    { label: 'Limit', align: 'right' },
    { label: 'Runs', align: 'right' },
  ],
  rows: document.rows.map((row) => verdictCells(row, document.predictions)),
})}
${safetyWords(document)}`;
  return reportSection('verdicts', 'Verdicts', document.provenance, body);
}

function verdictCells(
  row: RowDocument,
  predictions: ScaleDocument['predictions'],
): readonly (string | Html)[] {
  return [
    html`${link(row.anchor, row.rowId)}<span class="under">${row.title}</span>`,
    badge(row.provenance, 'provenance'),
    rowMark(row),
    ...decisionCells(row, predictions),
    `${formatNumber(row.runs.length)} of ${formatNumber(row.planned)}`,
  ];
}

/** What decided, observed, limit. A broken assumption comes before any criterion: with it none could be judged. */
function decisionCells(
  row: RowDocument,
  predictions: ScaleDocument['predictions'],
): readonly (string | Html)[] {
  const broken = row.status === 'INCONCLUSIVE' ? row.validity.find((check) => !check.holds) : undefined;
  if (broken !== undefined) {
    const words = `${broken.observed}; required: ${broken.required}`;
    return [html`assumption not met: ${broken.name}<span class="under">${words}</span>`, nothing, nothing];
  }
  const decisive = row.decisive === null ? undefined : row.criteria[row.decisive];
  if (decisive === undefined) return [html`<span class="under">${row.reason}</span>`, nothing, nothing];
  const { metric, status, reason, observed, unit, comparator, limit } = decisive;
  const predicted = predictions.some(
    (one) => one.rowId === row.rowId && one.metric === metric && one.outcome === 'borne out',
  );
  return [
    html`<code>${metric}</code>${status === 'PASSED' || reason === '' ? null : html`<span class="under">${reason}</span>`}${
      predicted ? html`<span class="under">${link('cannot-pass', 'Predicted: cannot pass')}</span>` : null
    }`,
    formatFigure(observed, unit),
    formatLimit(comparator, limit, unit),
  ];
}

/** "in 3,920,000 decisions of honest nodes in"; "in" where no run recorded how many. */
function inDecisions({ decisions }: ScaleDocument['summary']['safety']): string {
  return decisions === null ? 'in' : `in ${formatNumber(decisions)} decisions of honest nodes in`;
}

function safetyWords({ summary: { safety } }: ScaleDocument): Html {
  if (safety.runs === 0) return html``;
  if (safety.conflicts > 0 || safety.violations.length > 0) {
    return html`<div class="note bad"><p><b>Safety was violated.</b> ${counted(safety.conflicts, 'conflicting finalisation')} ${inDecisions(safety)} ${counted(safety.runs, 'run')}.</p><ul>${safety.violations.map((words) => html`<li>${words}</li>`)}</ul></div>`;
  }
  const { decisions, decisionBound } = safety;
  const ofDecisions =
    decisions === null || decisionBound === null
      ? ''
      : `, and 3 / ${formatNumber(decisions)} = ${formatNumber(decisionBound)} of decisions if decisions were independent, which those of one run are not`;
  return html`<div class="note"><p><b>Safety.</b> ${formatNumber(safety.conflicts)} conflicting finalisations ${inDecisions(safety)} ${counted(safety.runs, 'independent run')}. None seen is not none possible: the 95 % upper bound is 3 / ${formatNumber(safety.runs)} = ${formatFigure(safety.runBound, 'share')} of runs${ofDecisions}.</p></div>`;
}
