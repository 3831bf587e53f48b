/**
 * Part 4: what happens when only the size grows: table, curves with intervals and fits, resources per node.
 * Owns: this section's words and chart data. Does not own: the analysis (campaigns/analysis/scaling.ts).
 */
import type { ScaleEntry } from '#campaigns/analysis/scaling.ts';
import type { Fit } from '#campaigns/analysis/statistics.ts';
import {
  type LimitTick,
  type MeasuredPoint,
  type ScalePanel,
  scalingChart,
} from '#reports/charts/scaling-chart.ts';
import { axisFormat, palette } from '#reports/charts/theme.ts';
import { type Html, html, table } from '#reports/html.ts';
import { formatFigure, formatInterval, formatNumber } from '#reports/scale/figure-format.ts';
import {
  chartFrame,
  type KeyEntry,
  link,
  type Pictures,
  reportSection,
} from '#reports/scale/report-parts.ts';
import type { ChartJob } from '#reports/scale/row-charts.ts';
import type { FigureName, RowDocument } from '#reports/scale/row-document.ts';
import type { ScaleDocument, ScalingDocument } from '#reports/scale/scale-document.ts';

type RowsById = ReadonlyMap<string, RowDocument>;

const chartId = (scaling: ScalingDocument, index: number, what: string): string =>
  `scaling-${index}-${scaling.scenarioId.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${what}`;

function severalSizes(document: ScaleDocument): ScalingDocument[] {
  return document.scaling.filter(({ entries }) => new Set(entries.map((entry) => entry.nodes)).size > 1);
}

export function scalingCharts(document: ScaleDocument): ChartJob[] {
  const rows: RowsById = new Map(document.rows.map((row) => [row.rowId, row]));
  return severalSizes(document).flatMap((scaling, index) => {
    const { entries } = scaling;
    return [
      {
        id: chartId(scaling, index, 'speed'),
        description: `${scaling.scenarioId}: throughput and p95 latency against the number of nodes`,
        spec: scalingChart([throughputPanel(scaling, rows), latencyPanel(scaling, rows)]),
      },
      {
        id: chartId(scaling, index, 'resources'),
        description: `${scaling.scenarioId}: CPU, memory and data sent per node against the number of nodes`,
        spec: scalingChart([
          resourcePanel('CPU per node', 'percent', 'resources.cpu', 'cpuPercent', entries, rows),
          resourcePanel('Peak memory per node', 'MB', 'resources.memory', 'memoryPeakMb', entries, rows),
          resourcePanel('Sent per node', 'Mbps', 'resources.bandwidth', 'networkMbps', entries, rows),
        ]),
      },
    ];
  });
}

function pointsOf(name: FigureName, entries: readonly ScaleEntry[], rows: RowsById): MeasuredPoint[] {
  return entries.flatMap((entry) => {
    const figure = rows.get(entry.rowId)?.figures[name] ?? null;
    if (figure === null) return [];
    return [
      { at: entry.nodes, value: figure.mean, interval: figure.interval, label: formatNumber(figure.mean) },
    ];
  });
}

function limitsOf(metric: string, entries: readonly ScaleEntry[], rows: RowsById): LimitTick[] {
  return entries.flatMap((entry) => {
    const criterion = rows.get(entry.rowId)?.criteria.find((one) => one.metric === metric);
    return criterion === undefined ? [] : [{ at: entry.nodes, value: criterion.limit }];
  });
}

function throughputPanel({ entries }: ScalingDocument, rows: RowsById): ScalePanel {
  return {
    title: 'Throughput',
    subtitle: 'finalised, mean over honest nodes',
    yTitle: 'transactions per second',
    points: pointsOf('avgTps', entries, rows),
    limits: limitsOf('throughput.avg_tps', entries, rows),
    curve: [],
    format: axisFormat.count,
    domain: null,
  };
}

function latencyPanel({ entries, latencyLog }: ScalingDocument, rows: RowsById): ScalePanel {
  return {
    title: 'Latency, p95',
    subtitle: latencyLog === null ? 'too few scales to fit' : `dashed: ${fitWords(latencyLog)}`,
    yTitle: 'milliseconds',
    points: pointsOf('p95Ms', entries, rows),
    limits: limitsOf('latency.p95', entries, rows),
    curve: latencyLog === null ? [] : logCurve(latencyLog, entries),
    format: axisFormat.count,
    domain: null,
  };
}

function fitWords(fit: Fit): string {
  const sign = fit.slope < 0 ? '−' : '+';
  return `${formatNumber(fit.intercept)} ${sign} ${formatNumber(Math.abs(fit.slope))} ln N, R² = ${Number(fit.rSquared.toFixed(4))}`;
}

function logCurve(fit: Fit, entries: readonly ScaleEntry[]): [number, number][] {
  const least = Math.min(...entries.map((entry) => entry.nodes));
  const most = Math.max(...entries.map((entry) => entry.nodes));
  return Array.from({ length: 25 }, (_, step) => {
    const nodes = least * (most / least) ** (step / 24);
    return [nodes, fit.intercept + fit.slope * Math.log(nodes)];
  });
}

function resourcePanel(
  title: string,
  yTitle: string,
  metric: string,
  name: FigureName,
  entries: readonly ScaleEntry[],
  rows: RowsById,
): ScalePanel {
  const points = pointsOf(name, entries, rows);
  const highest = Math.max(0, ...points.map((point) => point.value));
  // A limit far above every point would flatten the curve; the criteria table shows it anyway.
  const limits = limitsOf(metric, entries, rows).filter((limit) => limit.value <= 2.5 * highest);
  return { title, subtitle: '', yTitle, points, limits, curve: [], format: axisFormat.count, domain: null };
}

const key: readonly KeyEntry[] = [
  { label: 'mean of the repetitions, with its 95 % interval', colour: palette.blue, kind: 'line' },
  { label: 'limit of the criterion at that size', colour: palette.limit, kind: 'tick' },
  { label: 'fit', colour: palette.faint, kind: 'dash' },
];

export function scalingSection(document: ScaleDocument, pictures: Pictures): Html {
  const rows: RowsById = new Map(document.rows.map((row) => [row.rowId, row]));
  const groups = severalSizes(document);
  const body =
    groups.length === 0
      ? html`<p>No scenario of this campaign ran at two sizes with everything else equal, so nothing can be said about scaling from it alone.</p>`
      : html`${groups.map((scaling, index) => scalingBlock(scaling, index, rows, pictures))}`;
  return reportSection('scaling', 'Scaling', document.provenance, body);
}

function scalingBlock(scaling: ScalingDocument, index: number, rows: RowsById, pictures: Pictures): Html {
  const { entries, scenarioId } = scaling;
  return html`<h3>${scenarioId}: ${formatNumber(entries[0]?.nodes ?? 0)} to ${formatNumber(entries.at(-1)?.nodes ?? 0)} nodes</h3>
${conclusions(scaling)}
${chartFrame(pictures, chartId(scaling, index, 'speed'), key, null)}
${scaleTable(scaling, rows)}
${chartFrame(pictures, chartId(scaling, index, 'resources'), [], 'Limits are drawn where they fit the scale.')}
`;
}

function conclusions(scaling: ScalingDocument): Html {
  const { latencyGrowth, saturationAt, latencyDegradesAt, recommended, sameLoad } = scaling;
  const items: string[] = [];
  if (latencyGrowth !== null) {
    const verdict = latencyGrowth <= 1 ? 'no faster than log N' : 'faster than log N';
    items.push(
      `The p95 grows ${verdict}: its ratio between the largest and the smallest size is ${formatNumber(latencyGrowth)} times the ratio of log N.`,
    );
  }
  items.push(
    saturationAt === null
      ? 'Every size kept up with the offered load (at least 95 % finalised).'
      : `Saturation from ${formatNumber(saturationAt.nodes)} nodes on: ${formatFigure(saturationAt.avgTps, 'tps')} finalised of ${formatFigure(saturationAt.offeredTps, 'tps')} offered.`,
  );
  if (latencyDegradesAt !== null)
    items.push(`The p95 has more than doubled at ${formatNumber(latencyDegradesAt.nodes)} nodes.`);
  items.push(
    recommended.nodes === null
      ? `No size can be recommended: ${recommended.reason}.`
      : `Recommended maximum: ${formatNumber(recommended.nodes)} nodes${recommended.lowerBound ? ' or more' : ''}; ${recommended.reason}.`,
  );
  if (sameLoad) {
    items.push(
      'The offered load is the same at each size, so the efficiency column (throughput ratio / node ratio) falls by its definition; “served” is the column to read.',
    );
  }
  return html`<ul>${items.map((item) => html`<li>${item.replace(/\.\.$/, '.')}</li>`)}</ul>
`;
}

function sizeCell({ nodes }: ScaleEntry, row: RowDocument | undefined): Html {
  const size = link(row?.anchor ?? 'verdicts', formatNumber(nodes));
  return row?.status === null ? html`${size}<span class="under">comparison</span>` : size;
}

function scaleTable({ entries }: ScalingDocument, rows: RowsById): Html {
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  return table({
    columns: [
      right('Nodes'),
      right('TPS'),
      right('95 % interval'),
      right('Served'),
      right('p95'),
      right('95 % interval'),
      right('Finalised'),
      right('Efficiency'),
      right('Messages per node and second'),
      right('Payload in traffic'),
    ],
    rows: entries.map((entry) => {
      const figures = rows.get(entry.rowId)?.figures;
      return [
        sizeCell(entry, rows.get(entry.rowId)),
        formatNumber(entry.avgTps),
        formatInterval(figures?.avgTps?.interval ?? null, ''),
        formatFigure(entry.servedShare, 'share'),
        formatFigure(entry.p95Ms, 'ms'),
        formatInterval(figures?.p95Ms?.interval ?? null, ''),
        formatFigure(entry.successShare, 'share'),
        `${formatFigure(entry.efficiency, 'share')} ${entry.efficiencyLabel}`,
        formatNumber(entry.messagesPerNodeSecond),
        formatFigure(entry.networkEfficiency, 'share'),
      ];
    }),
  });
}
