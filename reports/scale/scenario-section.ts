/**
 * Part 5: one section per scenario, one article per row: what was run, criteria, curves, faults, anomalies.
 * Owns: these sections' words and tables. Does not own: figures (row-document.ts) or pictures (row-charts.ts).
 */
import { extendedWords } from '#campaigns/plan-record.ts';
import { type Column, type Html, html, join, table } from '#reports/html.ts';
import {
  counted,
  formatEstimate,
  formatFigure,
  formatInterval,
  formatLimit,
  formatNumber,
  formatSeconds,
  nothing,
} from '#reports/scale/figure-format.ts';
import {
  chartFrame,
  facts,
  type KeyEntry,
  type Pictures,
  reportSection,
  rowMark,
  statusMark,
} from '#reports/scale/report-parts.ts';
import { faultKey, timeKey } from '#reports/scale/row-charts.ts';
import type {
  BenchmarkDocument,
  CriterionDocument,
  FaultDocument,
  FigureName,
  RowDocument,
} from '#reports/scale/row-document.ts';
import { byzantineWords, consensusWords, networkWords, workloadWords } from '#reports/scale/spec-words.ts';

export function scenarioAnchor(scenarioId: string): string {
  return `scenario-${scenarioId.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}

/** `rows`: all rows of one scenario, in plan order. `extra`: what belongs to the scenario as a whole. */
export function scenarioSection(rows: readonly RowDocument[], pictures: Pictures, extra: Html | null): Html {
  const first = rows[0];
  if (first === undefined) return html``;
  const provenance = [...new Set(rows.map((row) => row.provenance))].join(' + ');
  const body = html`<p class="muted">Source: ${first.source}. ${counted(rows.length, 'row')}.</p>
${extra}${rows.map((row) => rowArticle(row, pictures))}`;
  return reportSection(
    scenarioAnchor(first.scenarioId),
    `${first.scenarioId}  ${first.title}`,
    provenance,
    body,
  );
}

function rowArticle(row: RowDocument, pictures: Pictures): Html {
  if (row.benchmark !== null) return benchmarkArticle(row, row.benchmark);
  const id = row.anchor;
  const pair = [
    chartFrame(pictures, `${id}-latency`, [], null),
    chartFrame(pictures, `${id}-rounds`, [], null),
  ];
  const distributions = pair.filter((one) => one !== null);
  return html`<article class="row" id="${id}"><h3>${row.label}${rowMark(row)}</h3>
${reasonLine(row)}
${setting(row)}
${criteriaTable(row)}
${validityList(row)}
${chartFrame(pictures, `${id}-time`, timeKeys(row), null)}
${distributions.length === 0 ? null : html`<div class="charts-two">${distributions}</div>`}
${chartFrame(pictures, `${id}-resources`, [], null)}
${numbers(row)}
${faultTable(row.faults)}
${anomalyList(row)}
</article>
`;
}

const benchmarkColumns: readonly Column[] = [
  { label: 'Figure', align: 'left' },
  { label: 'Unit', align: 'left' },
  { label: 'Baseline', align: 'right' },
  { label: 'Now', align: 'right' },
  { label: 'Lowest to highest', align: 'right' },
  { label: 'Change', align: 'right' },
  { label: '95 % interval', align: 'right' },
];

/** A benchmark: CPU times of this machine, the medians of each repetition. */
function benchmarkArticle(row: RowDocument, benchmark: BenchmarkDocument): Html {
  return html`<article class="row" id="${row.anchor}"><h3>${row.label}${rowMark(row)}</h3>
${facts([
  ['Machine', benchmark.machine],
  ['Baseline', benchmark.baseline ?? 'none of this machine when the campaign was planned'],
  [
    'Repetitions',
    `${formatNumber(row.runs.length)}, each a round over all jobs in fresh processes, nothing of the campaign beside it`,
  ],
  ['Load', `${formatNumber(benchmark.loadAverage)} runnable processes in the minute before, at most`],
])}
${criteriaTable(row)}
${validityList(row)}
${table({ columns: benchmarkColumns, rows: benchmark.figures.map(benchmarkCells) })}
<p class="small muted">CPU time of an operation (GB/s: more is better); the median of the samples of a repetition, then the mean over repetitions. Change is positive where it is worse.</p>
</article>
`;
}

function benchmarkCells(figure: BenchmarkDocument['figures'][number]): readonly (string | Html)[] {
  const { id, title, unit, now, before, change, changeInterval } = figure;
  return [
    html`<code>${id}</code> <span class="muted">${title}</span>`,
    unit,
    before === null ? nothing : formatNumber(before),
    now === null ? nothing : formatNumber(now.mean),
    now === null ? nothing : `${formatNumber(now.least)} to ${formatNumber(now.most)}`,
    formatFigure(change, 'percent'),
    formatInterval(changeInterval, 'percent'),
  ];
}

/** The row's reason, unless a criterion below says the same. */
function reasonLine(row: RowDocument): Html | null {
  const told =
    row.reason === '' || row.criteria.some(({ reason }) => reason !== '' && row.reason.includes(reason));
  return told ? null : html`<p class="reason">${row.reason}</p>`;
}

function timeKeys(row: RowDocument): KeyEntry[] {
  const band =
    row.runs.length > 1
      ? `median of ${counted(row.runs.length, 'repetition')}, shaded lowest to highest`
      : 'one repetition';
  const faulty = row.faults.some((fault) => fault.periods.length > 0);
  return [...timeKey, ...(faulty ? [faultKey] : []), { label: band, colour: '', kind: 'words' }];
}

function setting(row: RowDocument): Html | null {
  const { spec, window } = row;
  if (spec === null) return null;
  return facts([
    ['Nodes', `${formatNumber(spec.nodes)}, topology ${spec.topology.kind}`],
    ['Byzantine', byzantineWords(spec)],
    ['Network', networkWords(spec)],
    ['Load', workloadWords(spec)],
    ['Consensus', consensusWords(spec)],
    [
      'Window',
      window === null
        ? 'not run'
        : `${formatSeconds(window.measuredS)} measured of ${formatSeconds(window.requestedS)} asked${window.compression > 1.001 ? `, compressed ${formatNumber(window.compression)} times` : ''}`,
    ],
    ...(row.extended === null
      ? []
      : [['Repetitions', extendedWords(row.runs.length, row.extended)] as const]),
  ]);
}

const criteriaColumns: readonly Column[] = [
  { label: 'Criterion', align: 'left' },
  { label: 'Observed', align: 'right' },
  { label: '95 % interval', align: 'right' },
  { label: 'Limit', align: 'right' },
  { label: 'Margin', align: 'right' },
  { label: 'Runs', align: 'right' },
  { label: 'Status', align: 'left' },
];

function criteriaTable(row: RowDocument): Html {
  if (row.criteria.length === 0) return html``;
  const open = row.criteria.filter((criterion) => criterion.status !== 'PASSED');
  const shared = open.length > 1 && new Set(open.map(explanationKey)).size === 1 ? open[0] : undefined;
  const criteria = table({
    columns: criteriaColumns,
    rows: row.criteria.map((criterion) => criterionCells(criterion, shared === undefined)),
  });
  if (shared === undefined) return criteria;
  return html`${criteria}<p class="small">${formatNumber(open.length)} criteria share one reason: ${explanation(shared)}</p>
`;
}

function explanationKey({ reason, wouldAnswer }: CriterionDocument): string {
  return JSON.stringify([reason, wouldAnswer]);
}

/** Why a criterion did not pass, and what would answer it: a command as code, anything else as words. */
function explanation({ reason, wouldAnswer }: CriterionDocument): Html {
  const answer = wouldAnswer.startsWith('npm ') ? html`<code>${wouldAnswer}</code>` : html`${wouldAnswer}`;
  return html`${reason === '' ? null : html`<span class="under">${reason}</span>`}${
    wouldAnswer === '' ? null : html`<span class="under">Would answer it: ${answer}</span>`
  }`;
}

function criterionCells(criterion: CriterionDocument, explained: boolean): readonly (string | Html)[] {
  const { metric, note, observed, unit, interval, limit, margin, repetitions, status } = criterion;
  return [
    html`<code>${metric}</code>${note === null ? null : html` <span class="muted">${note}</span>`}${explained && status !== 'PASSED' ? explanation(criterion) : null}`,
    formatFigure(observed, unit),
    formatInterval(interval, unit),
    formatLimit(criterion.comparator, limit, unit),
    margin === null ? nothing : formatFigure(margin, unit),
    formatNumber(repetitions),
    statusMark(status),
  ];
}

/** Assumptions of the run, one line each: all must hold before a criterion may count. */
function validityList(row: RowDocument): Html | null {
  if (row.validity.length === 0) return null;
  const items = row.validity.map(
    (check) =>
      html`<li class="${check.holds ? 'holds' : 'broken'}"><b>${check.holds ? 'holds' : 'does not hold'}</b> ${check.name}: ${check.observed} <span class="muted">(required ${check.required})</span></li>`,
  );
  return html`<ul class="validity" title="Was the run fit to be judged?">${items}</ul>
`;
}

const numberGroups: readonly (readonly [string, readonly (readonly [string, FigureName, string])[]])[] = [
  [
    'Throughput',
    [
      ['offered', 'offeredTps', 'tps'],
      ['finalised', 'avgTps', 'tps'],
      ['slowest bin', 'minTps', 'tps'],
      ['fastest bin', 'peakTps', 'tps'],
      ['vertices per second', 'verticesPerSecond', ''],
      ['queued at the end', 'queuedTransactions', ''],
    ],
  ],
  [
    'Latency',
    [
      ['p50', 'p50Ms', 'ms'],
      ['p95', 'p95Ms', 'ms'],
      ['p99', 'p99Ms', 'ms'],
      ['p99.9', 'p999Ms', 'ms'],
      ['longest', 'maxMs', 'ms'],
      ['undecided', 'undecidedShare', 'share'],
    ],
  ],
  [
    'Consensus',
    [
      ['polls until final', 'roundsMean', ''],
      ['polls, p99', 'roundsP99', ''],
      ['finalised', 'finalizedShare', 'share'],
      ['by all honest', 'allHonestShare', 'share'],
      ['successful polls', 'pollsSuccessfulShare', 'share'],
      ['confidence', 'confidence', ''],
    ],
  ],
  [
    'Per node',
    [
      ['CPU', 'cpuPercent', 'percent'],
      ['CPU, busiest', 'cpuPeakPercent', 'percent'],
      ['memory, peak', 'memoryPeakMb', 'MB'],
      ['memory growth', 'memoryGrowthPercent', 'percent'],
      ['sent', 'networkMbps', 'Mbps'],
      ['sent, busiest', 'networkPeakMbps', 'Mbps'],
    ],
  ],
];

/** Means over the repetitions. */
function numbers(row: RowDocument): Html | null {
  if (row.runs.length === 0) return null;
  const columns: readonly Column[] = [
    { label: '', align: 'left' },
    { label: '', align: 'right' },
  ];
  const groups = numberGroups.map(
    ([title, lines]) =>
      html`<div><h4>${title}</h4>${table({
        columns,
        rows: lines.map(([label, name, unit]) => [label, formatEstimate(row.figures[name], unit)]),
      })}</div>`,
  );
  return html`<div class="numbers">${groups}</div>
`;
}

function faultTable(faults: readonly FaultDocument[]): Html | null {
  if (faults.length === 0) return null;
  const when = (fault: FaultDocument): string => {
    if (fault.firstAtS === null) return 'never took effect';
    const from = formatSeconds(fault.firstAtS);
    return fault.lastUntilS === null ? `${from} to the end` : `${from} to ${formatSeconds(fault.lastUntilS)}`;
  };
  return html`<h4>Faults asked for and seen</h4>
${table({
  columns: [
    { label: 'Fault', align: 'left' },
    { label: 'Active, from window start', align: 'left' },
    { label: 'Seen', align: 'right' },
    { label: 'Evidence', align: 'left' },
    { label: 'Recovered after', align: 'right' },
    { label: 'Rejoined after', align: 'right' },
  ],
  rows: faults.map((fault) => [
    html`${fault.kind}<span class="under">${fault.description}</span>`,
    when(fault),
    `${formatNumber(fault.observed)} of ${formatNumber(fault.asked)}`,
    fault.evidence,
    recovery(fault.recoveryS),
    recovery(fault.rejoinS),
  ]),
})}`;
}

function recovery(figure: FaultDocument['recoveryS']): string {
  if (figure === null) return nothing;
  if (figure.repetitions < 2 || figure.least === figure.most) return formatSeconds(figure.mean);
  return `${formatSeconds(figure.mean)} (at most ${formatSeconds(figure.most)})`;
}

function anomalyList(row: RowDocument): Html | null {
  if (row.anomalies.length === 0) return null;
  const items = row.anomalies.map(
    ({ text, repetitions }) =>
      html`<li>${text} <span class="muted">(${counted(repetitions, 'repetition')})</span></li>`,
  );
  return html`<h4>Notes of the runs</h4><ul>${join(items)}</ul>
`;
}
