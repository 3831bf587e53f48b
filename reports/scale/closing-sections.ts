/**
 * Parts 6 to 8: bottlenecks and recommendations, what was assumed, how to reproduce.
 * Owns: these sections' words. Does not own: the rules behind the bottlenecks (campaigns/analysis/bottleneck.ts).
 */
import type { Bottleneck } from '#campaigns/analysis/bottleneck.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { type Html, html, join, table } from '#reports/html.ts';
import {
  counted,
  formatEstimate,
  formatFigure,
  formatNumber,
  formatSeconds,
  nothing,
} from '#reports/scale/figure-format.ts';
import { link, reportSection } from '#reports/scale/report-parts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';
import { consensusWords, networkWords } from '#reports/scale/spec-words.ts';

const kindTitles: Readonly<Record<Bottleneck['kind'], string>> = {
  throughput: 'Throughput falls below half of the baseline',
  latency: 'Latency rises above three times the baseline',
  cpu: 'CPU above 80 %',
  memory: 'Memory above 8 GB',
  'network-efficiency': 'Less than 30 % of the traffic is payload',
};

/** Rows told in full for each kind; the others are named. */
const toldInFull = 3;

const kindOrder = ['throughput', 'latency', 'cpu', 'memory', 'network-efficiency'] as const;

export function bottleneckSection(document: ScaleDocument): Html {
  const kinds = kindOrder.filter((kind) => document.bottlenecks.some((one) => one.kind === kind));
  const body =
    kinds.length === 0
      ? html`<p>No rule found a bottleneck: throughput stayed above half of each baseline, latency below three times it, CPU below 80 %, memory below 8 GB and payload above 30 % of the traffic.</p>`
      : html`<p>Rules with fixed limits, applied to the means of each row. A baseline is the smallest size of the same scenario. The rows farthest beyond a limit come first.</p>
${kinds.map((kind) => bottleneckBlock(document, kind))}`;
  return reportSection('bottlenecks', 'Bottlenecks and recommendations', document.provenance, body);
}

function bottleneckBlock(document: ScaleDocument, kind: Bottleneck['kind']): Html {
  const anchors = new Map(document.rows.map((row) => [row.rowId, row.anchor]));
  const found = document.bottlenecks
    .filter((one) => one.kind === kind)
    .toSorted((a, b) => beyond(b) - beyond(a));
  const toRow = (one: Bottleneck): Html => link(anchors.get(one.rowId) ?? 'verdicts', one.rowId);
  const others = found
    .slice(toldInFull)
    .map((one) => html` ${toRow(one)} (${formatFigure(one.observed, one.unit)})`);
  return html`<h3>${kindTitles[kind]}</h3>
${table({
  columns: [
    { label: 'Row', align: 'left' },
    { label: 'Observed', align: 'right' },
    { label: 'Limit', align: 'right' },
    { label: 'What was measured, and what would help', align: 'left' },
  ],
  rows: found
    .slice(0, toldInFull)
    .map((one) => [
      toRow(one),
      formatFigure(one.observed, one.unit),
      formatFigure(one.limit, one.unit),
      html`${one.finding}<span class="under">${one.recommendation}</span>`,
    ]),
})}${others.length === 0 ? null : html`<p class="small">Also:${join(others, ',')}</p>`}`;
}

/** How far beyond its limit, as a ratio; the limits of throughput and payload are lower ones. */
function beyond({ kind, observed, limit }: Bottleneck): number {
  const lower = kind === 'throughput' || kind === 'network-efficiency';
  return lower ? limit / Math.max(observed, 1e-9) : observed / limit;
}

const modelLimits = html`<h3>Limits of the model</h3>
<ul>
<li>Processors are modelled by the service times above: no caches, no garbage collection, no neighbours on the same machine.</li>
<li>Link delays are drawn independently for each message from the profile; correlated congestion appears only through bandwidth limits and queues.</li>
<li>Memory is counted from the vertices a node holds and the connections it keeps open (all members up to the limit above), not measured from a process.</li>
<li>Repetitions differ by their seed alone. Intervals are 95 % Student intervals of the mean over repetitions; with few repetitions they are wide.</li>
</ul>`;

export function assumptionSection(document: ScaleDocument): Html {
  const specs = document.rows.flatMap((row) => (row.spec === null ? [] : [row.spec]));
  const body = html`<h3>Network</h3>
<p>Delays are one way: a query and its answer take two of them.</p>
<ul>${distinct(specs.map((spec) => `${networkWords(spec)}. ${spec.network.source}.`)).map((words) => html`<li>${words}</li>`)}</ul>
<h3>Consensus parameters</h3>
<ul>${distinct(specs.map(consensusWords)).map((words) => html`<li>${words}</li>`)}</ul>
${calibrationBlock(specs, document)}
<h3>Time and budget</h3>
<p>A run has a budget of messages. The measured window is what that budget buys, and what vertices cost is counted in messages, too; where the window is shorter than what was asked, quiet stretches were left out and faults kept in order. A criterion about a longer time than was measured is inconclusive, never passed.</p>
${windowTable(document.rows)}
${document.provenance.includes('SIMULATED') ? modelLimits : null}
${metricTable(document)}`;
  return reportSection('assumptions', 'What was assumed', document.provenance, body);
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}

function calibrationBlock(specs: readonly RunSpec[], document: ScaleDocument): Html {
  const calibrations = [...new Map(specs.map((spec) => [spec.calibration.name, spec.calibration])).values()];
  if (calibrations.length === 0) return html``;
  const lines = (figures: Readonly<Record<string, number>>, unit: string): [string, string][] =>
    Object.entries(figures).map(([name, value]) => [spaced(name), `${formatNumber(value)} ${unit}`]);
  return html`<h3>Calibration</h3>
${calibrations.map(({ name, measuredOn, serviceTimesUs, wireBytes, memoryBytes, connectionsMost }) => {
  const groups = [
    ['Service times', lines(serviceTimesUs, 'µs')],
    ['Message sizes', lines(wireBytes, 'B')],
    ['Memory', [...lines(memoryBytes, 'B'), ['open connections, at most', formatNumber(connectionsMost)]]],
  ] as const;
  return html`<p>“${name}”, measured on ${measuredOn}. Another implementation of the node puts its own figures here.</p>
<div class="numbers">${groups.map(
    ([title, rows]) =>
      html`<div><h4>${title}</h4>${table({
        columns: [
          { label: '', align: 'left' },
          { label: '', align: 'right' },
        ],
        rows,
      })}</div>`,
  )}</div>`;
})}
<p class="small muted">${counted(document.calibrations.length, 'calibration')} in use.</p>`;
}

/** "signVertex" -> "sign vertex". */
function spaced(name: string): string {
  return name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

function windowTable(rows: readonly RowDocument[]): Html {
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  return table({
    columns: [
      { label: 'Row', align: 'left' },
      right('Asked'),
      right('Measured'),
      right('Compression'),
      right('Finality times'),
      right('Warm-up'),
      right('Cool-down'),
      right('Message budget'),
      right('Delivered, mean'),
    ],
    rows: rows.map((row) => {
      const { window, spec, figures } = row;
      if (window === null) return [link(row.anchor, row.rowId), ...Array.from({ length: 8 }, () => nothing)];
      return [
        link(row.anchor, row.rowId),
        formatSeconds(window.requestedS),
        formatSeconds(window.measuredS),
        `${formatNumber(window.compression)} ×`,
        formatNumber(window.finalityTimes),
        formatSeconds(window.warmupS),
        formatSeconds(window.cooldownS),
        spec === null ? nothing : formatNumber(spec.messageBudget),
        formatEstimate(figures.messages, 'count'),
      ];
    }),
  });
}

function metricTable({ metrics }: ScaleDocument): Html {
  if (metrics.length === 0) return html``;
  return html`<h3>What the metrics mean</h3>
${table({
  columns: [
    { label: 'Metric', align: 'left' },
    { label: 'Unit', align: 'left' },
    { label: 'Meaning', align: 'left' },
  ],
  rows: metrics.map(({ name, unit, description }) => [html`<code>${name}</code>`, unit, description]),
})}`;
}

export function reproduceSection(document: ScaleDocument): Html {
  const body = html`<p>A run is determined by code version, Node.js version, scenario and seed. The same four give the same trace hash; a different hash means that something differs.</p>
<p>Check that this report follows from the stored runs, re-judging every row and comparing every hash:</p>
<pre class="command">npm run campaign verify -- ${document.campaign}</pre>
<p>Write it again from the stored runs, the same bytes:</p>
<pre class="command">npm run campaign report -- ${document.campaign}</pre>
${
  document.phase === 'simulate'
    ? null
    : html`<p>Run the whole campaign again:</p>
<pre class="command">npm run campaign ${document.phase} -- --target ${document.target} --seed ${document.seed}</pre>`
}
<h3>Row by row</h3>
${document.rows.map(rowReproduction)}`;
  return reportSection('reproduce', 'Reproduce', document.provenance, body);
}

function rowReproduction(row: RowDocument): Html {
  const seeds =
    row.runs.length === 0 ? html`<p class="small muted">Not run. Seeds: ${row.seeds.join(', ')}</p>` : null;
  return html`<h4>${link(row.anchor, row.rowId)}</h4>
<pre class="command">${row.command}</pre>
${seeds}${
  row.runs.length === 0
    ? null
    : table({
        columns: [
          { label: 'Run', align: 'left' },
          { label: 'Seed', align: 'right' },
          { label: 'Determinism key', align: 'left' },
          { label: 'Trace hash', align: 'left' },
        ],
        rows: row.runs.map((run) => [
          html`<code>${run.cellId}</code>`,
          String(run.seed),
          html`<code>${run.determinismKey}</code>`,
          html`<code>${run.traceHash}</code>`,
        ]),
      })
}`;
}
