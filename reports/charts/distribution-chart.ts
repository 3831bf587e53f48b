/**
 * Two distributions of a row: latency (share decided within) and polls until final.
 * Owns: those pictures' specifications. Does not own: pooling over repetitions (reports/scale/repetitions.ts).
 */
import { panelTitle } from '#reports/charts/panel-title.ts';
import type { ChartSpec } from '#reports/charts/render.ts';
import { axisFormat, palette, plotWidth } from '#reports/charts/theme.ts';

/** A limit drawn as a line with its words. */
export interface LimitLine {
  readonly value: number;
  readonly label: string;
}

const height = 150;

/** `shares`: [latency in ms, share of pairs decided within it], ascending. */
export function latencyDistributionChart(
  shares: readonly (readonly [number, number])[],
  limit: LimitLine | null,
): ChartSpec {
  const values = shares.map(([ms, share]) => ({
    ms: Number(ms.toPrecision(5)),
    share: Number(share.toFixed(5)),
  }));
  const y = {
    field: 'share',
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: 'share of transactions', format: axisFormat.share, values: [0, 0.25, 0.5, 0.75, 1] },
  };
  const x = {
    field: 'ms',
    type: 'quantitative',
    scale: { type: 'log', nice: false },
    axis: {
      title: 'latency, log scale (ms)',
      format: axisFormat.count,
      tickCount: 5,
      labelOverlap: 'greedy',
    },
  };
  const curve: ChartSpec = {
    data: { values },
    mark: { type: 'line', color: palette.blue, interpolate: 'step-after' },
    encoding: { x, y },
  };
  return {
    width: plotWidth.half - 30,
    height,
    layer: [
      ...panelTitle('Latency: share final within', '', 20),
      curve,
      ...(limit === null ? [] : limitLayers(limit, 'ms')),
    ],
  };
}

/** `bins`: [fewest polls of the bin, share of finalised pairs]; `beta`: fewest polls that can finalise. */
export function roundsChart(
  bins: readonly (readonly [number, number])[],
  width: number,
  beta: number,
): ChartSpec {
  const values = bins.map(([rounds, share]) => ({
    from: rounds - 0.5,
    until: rounds + width - 0.5,
    share: Number(share.toFixed(6)),
  }));
  const most = Math.max(beta + 6, ...values.map((bin) => bin.until));
  const x = {
    field: 'from',
    type: 'quantitative',
    scale: { domain: [beta - 1, most], nice: false },
    axis: { title: 'polls until final', format: axisFormat.count, tickMinStep: 1, tickCount: 6 },
  };
  const bars: ChartSpec = {
    data: { values },
    mark: { type: 'rect', color: palette.blue, stroke: palette.paper, strokeWidth: 0.6 },
    encoding: {
      x,
      x2: { field: 'until' },
      y: {
        field: 'share',
        type: 'quantitative',
        axis: { title: 'share of decisions', format: axisFormat.share },
      },
      y2: { datum: 0 },
    },
  };
  return {
    width: plotWidth.half - 30,
    height,
    layer: [
      ...panelTitle('Polls until final', '', 20),
      bars,
      ...limitLayers({ value: beta, label: `fewest possible: ${beta}` }, 'from', palette.muted),
    ],
  };
}

function limitLayers(limit: LimitLine, field: string, color: string = palette.limit): ChartSpec[] {
  const data = { values: [{ [field]: limit.value, text: limit.label }] };
  const x = { field, type: 'quantitative' };
  return [
    { data, mark: { type: 'rule', color, strokeDash: [4, 3], strokeWidth: 1.2 }, encoding: { x } },
    {
      data,
      mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 3, dy: -2, y: 0, fontSize: 10, color },
      encoding: { x, text: { field: 'text' } },
    },
  ];
}
