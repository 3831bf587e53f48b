/**
 * What attackers did, across the rows of one scenario: table and curves over their share.
 * Owns: that block's words and chart data. Does not own: the effects (campaigns/analysis/byzantine.ts).
 */
import type { ByzantineEntry } from '#campaigns/analysis/byzantine.ts';
import { byzantineChart, type MeasuredPoint } from '#reports/charts/scaling-chart.ts';
import { axisFormat } from '#reports/charts/theme.ts';
import { type Html, html, table } from '#reports/html.ts';
import { formatFigure, formatNumber, nothing } from '#reports/scale/figure-format.ts';
import type { Estimate } from '#reports/scale/repetitions.ts';
import { chartFrame, link, type Pictures } from '#reports/scale/report-parts.ts';
import type { ChartJob } from '#reports/scale/row-charts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';
import type { ScaleDocument } from '#reports/scale/scale-document.ts';

interface Block {
  readonly scenarioId: string;
  readonly rows: readonly { readonly row: RowDocument; readonly entry: ByzantineEntry }[];
}

/** Scenarios with attackers, their rows by ascending share. */
function blocks(document: ScaleDocument): Block[] {
  const rowsById = new Map(document.rows.map((row) => [row.rowId, row]));
  return document.byzantine.map(({ scenarioId, entries }) => ({
    scenarioId,
    rows: entries
      .flatMap((entry) => {
        const row = rowsById.get(entry.rowId);
        return row === undefined ? [] : [{ row, entry }];
      })
      .toSorted((a, b) => a.entry.sharePercent - b.entry.sharePercent),
  }));
}

/** Curves need at least three different shares of one attack; the table says the rest. */
function drawable(block: Block): boolean {
  const attacks = new Set(
    block.rows.filter(({ entry }) => entry.sharePercent > 0).map(({ entry }) => entry.attack),
  );
  return attacks.size === 1 && new Set(block.rows.map(({ entry }) => entry.sharePercent)).size >= 3;
}

const chartId = (scenarioId: string): string => `byzantine-${scenarioId.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;

export function byzantineCharts(document: ScaleDocument): ChartJob[] {
  return blocks(document)
    .filter(drawable)
    .map((block) => ({
      id: chartId(block.scenarioId),
      description: `${block.scenarioId}: finalised share and polls until final against the share of Byzantine nodes`,
      spec: byzantineChart([
        {
          title: 'Finalised within the poll limit',
          subtitle: 'share of (honest node, vertex) pairs',
          yTitle: 'share',
          points: points(
            block,
            (row) => row.figures.finalizedShare,
            (value) => formatFigure(value, 'share'),
          ),
          limits: block.rows.flatMap(({ row, entry }) => livenessLimit(row, entry.sharePercent)),
          curve: [],
          format: axisFormat.share,
          domain: [0, 1.08],
        },
        {
          title: 'Polls until final',
          subtitle: 'mean over finalised pairs',
          yTitle: 'polls',
          points: points(block, (row) => row.figures.roundsMean, formatNumber),
          limits: [],
          curve: [],
          format: axisFormat.count,
          domain: null,
        },
      ]),
    }));
}

function points(
  block: Block,
  read: (row: RowDocument) => Estimate | null,
  print: (value: number) => string,
): MeasuredPoint[] {
  return block.rows.flatMap(({ row, entry }) => {
    const figure = read(row);
    if (figure === null) return [];
    return [
      { at: entry.sharePercent, value: figure.mean, interval: figure.interval, label: print(figure.mean) },
    ];
  });
}

function livenessLimit(row: RowDocument, sharePercent: number): { at: number; value: number }[] {
  const criterion = row.criteria.find((one) => one.metric === 'liveness.finalized_share');
  return criterion === undefined ? [] : [{ at: sharePercent, value: criterion.limit }];
}

/** Null for a scenario without attackers. */
export function byzantineBlock(document: ScaleDocument, scenarioId: string, pictures: Pictures): Html | null {
  const block = blocks(document).find((one) => one.scenarioId === scenarioId);
  if (block === undefined) return null;
  return html`<h4>Attackers across the rows</h4>
${chartFrame(pictures, chartId(scenarioId), [], 'Red ticks: limit of the liveness criterion of that row.')}
${effectTable(block)}`;
}

function effectTable(block: Block): Html {
  const compared = block.rows.find(({ entry }) => entry.comparedWith !== null)?.entry.comparedWith ?? null;
  const right = (label: string): { label: string; align: 'right' } => ({ label, align: 'right' });
  const effects = table({
    columns: [
      { label: 'Row', align: 'left' },
      { label: 'Attack', align: 'left' },
      right('Attackers'),
      right('TPS'),
      right('TPS lost'),
      right('p95'),
      right('p95 rise'),
      right('Finalised by all honest'),
      right('Attackers detected'),
      right('Honest accused'),
      right('Conflicts'),
    ],
    rows: block.rows.map(({ row, entry }) => [
      link(row.anchor, row.rowId),
      entry.attack,
      formatNumber(entry.attackers),
      formatNumber(entry.avgTps),
      formatFigure(entry.throughputEffectPercent, 'percent'),
      formatFigure(entry.p95Ms, 'ms'),
      formatFigure(entry.latencyEffectPercent, 'percent'),
      formatFigure(entry.allHonestShare, 'share'),
      formatFigure(entry.detectedPercent, 'percent'),
      formatFigure(entry.falsePositivePercent, 'percent'),
      formatNumber(entry.conflictsFinalized),
    ]),
  });
  const first = block.rows[0];
  const quiet =
    first === undefined || block.rows.some(({ entry }) => entry.attackers === 0)
      ? null
      : html` No row of this scenario is without attackers; this command runs one: <code>npm run campaign simulate -- ${block.scenarioId} --nodes ${String(first.row.spec?.nodes ?? '')} --byzantine 0%</code>`;
  const note =
    compared === null
      ? 'There is no quieter row of the same size and network to compare with.'
      : `Lost and risen against ${compared}, the row with the fewest attackers. ${nothing}: not observable, for instance a p95 while more than 5 % of the pairs are undecided.`;
  return html`${effects}<p class="small muted">${note}${quiet}</p>
`;
}
