/**
 * Which charts a row gets, and their data.
 * Owns: that choice and the words of their keys. Does not own: the pictures (reports/charts) or the figures.
 */
import { type LimitLine, latencyDistributionChart, roundsChart } from '#reports/charts/distribution-chart.ts';
import type { ChartSpec } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';
import {
  resourceChart,
  type TimeCurve,
  type TimeFrame,
  timelineChart,
} from '#reports/charts/timeline-chart.ts';
import { formatFigure } from '#reports/scale/figure-format.ts';
import type { CurveName, Timeline } from '#reports/scale/repetitions.ts';
import type { KeyEntry } from '#reports/scale/report-parts.ts';
import type { RowDocument } from '#reports/scale/row-document.ts';

/** A chart to draw: id in the page, what it shows in one sentence, its specification. */
export interface ChartJob {
  readonly id: string;
  readonly description: string;
  readonly spec: ChartSpec;
}

export const timeKey: readonly KeyEntry[] = [
  { label: 'offered', colour: palette.faint, kind: 'dash' },
  { label: 'finalised', colour: palette.blue, kind: 'line' },
  { label: 'p50', colour: palette.sky, kind: 'line' },
  { label: 'p95', colour: palette.vermillion, kind: 'line' },
  { label: 'measured window', colour: palette.windowFill, kind: 'area' },
];

export const faultKey: KeyEntry = { label: 'fault active', colour: palette.faultFill, kind: 'area' };

export function rowCharts(row: RowDocument): ChartJob[] {
  const name = `${row.scenarioId}, ${row.label}`;
  const jobs: ChartJob[] = [];
  if (row.timeline !== null) jobs.push(...timeCharts(row, row.timeline, name));
  // A distribution needs two places on its axis.
  if (row.latencyShares.length > 1) {
    jobs.push({
      id: `${row.anchor}-latency`,
      description: `${name}: share of transactions final within each latency`,
      spec: latencyDistributionChart(row.latencyShares, latencyLimit(row)),
    });
  }
  if (row.rounds.bins.length > 0) {
    jobs.push({
      id: `${row.anchor}-rounds`,
      description: `${name}: distribution of polls until final`,
      spec: roundsChart(row.rounds.bins, row.rounds.width, row.spec?.consensus.beta ?? 0),
    });
  }
  return jobs;
}

function timeCharts(row: RowDocument, timeline: Timeline, name: string): ChartJob[] {
  const frame = frameOf(row, timeline);
  const curve = (from: CurveName, colour: string, dashed = false): TimeCurve => ({
    name: from,
    colour,
    dashed,
    bins: timeline.startS.map((startS, bin) => {
      const { median, least, most } = timeline.curves[from][bin] ?? { median: null, least: null, most: null };
      return { startS, median, least, most };
    }),
  });
  return [
    {
      id: `${row.anchor}-time`,
      description: `${name}: offered and finalised transactions per second, and latency, over time`,
      spec: timelineChart(
        [curve('offered_tps', palette.faint, true), curve('finalized_tps', palette.blue)],
        [curve('p50_ms', palette.sky), curve('p95_ms', palette.vermillion)],
        frame,
      ),
    },
    {
      id: `${row.anchor}-resources`,
      description: `${name}: CPU, memory and data sent per node over time`,
      spec: resourceChart(
        [
          { title: 'CPU per node', yTitle: 'percent', curve: curve('cpu_percent', palette.green) },
          { title: 'Memory per node', yTitle: 'MB', curve: curve('memory_mb', palette.purple) },
          { title: 'Sent per node', yTitle: 'Mbps', curve: curve('network_mbps', palette.ochre) },
        ],
        frame,
      ),
    },
  ];
}

/** One label per kind of fault: repeated kills would write over each other. */
function frameOf(row: RowDocument, timeline: Timeline): TimeFrame {
  const faults = row.faults.flatMap((fault) =>
    fault.periods.map(([fromS, untilS], index) => ({
      label: index === 0 ? fault.kind : '',
      fromS,
      untilS: Math.max(untilS, fromS + timeline.binS / 4),
    })),
  );
  return { binS: timeline.binS, windowEndS: timeline.windowEndS, faults };
}

function latencyLimit(row: RowDocument): LimitLine | null {
  const limit = row.criteria.find((criterion) => criterion.metric === 'latency.p95');
  if (limit === undefined) return null;
  return { value: limit.limit, label: `p95 limit ${formatFigure(limit.limit, limit.unit)}` };
}
