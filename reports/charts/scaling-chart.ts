/**
 * How figures change with the size of the network or with the Byzantine share.
 * Owns: those pictures' specifications. Does not own: the fits or the effects (campaigns/analysis).
 */
import { panelTitle } from '#reports/charts/panel-title.ts';
import type { ChartSpec } from '#reports/charts/render.ts';
import { axisFormat, palette, plotWidth } from '#reports/charts/theme.ts';

/** A measured figure at one place of the x axis, with its 95 % interval where there is one. */
export interface MeasuredPoint {
  readonly at: number;
  readonly value: number;
  readonly interval: readonly [number, number] | null;
  /** As printed beside the point. */
  readonly label: string;
}

/** A limit that a criterion sets at one place of the x axis. */
export interface LimitTick {
  readonly at: number;
  readonly value: number;
}

export interface ScalePanel {
  readonly title: string;
  readonly subtitle: string;
  readonly yTitle: string;
  readonly points: readonly MeasuredPoint[];
  readonly limits: readonly LimitTick[];
  /** Fitted curve, [x, value]; empty when there is none. */
  readonly curve: readonly (readonly [number, number])[];
  readonly format: string;
  /** Fixed range of the y axis; null = from zero to what the data need. */
  readonly domain: readonly [number, number] | null;
}

interface Across {
  readonly xTitle: string;
  readonly log: boolean;
  readonly format: string;
}

const acrossNodes: Across = { xTitle: 'nodes, log scale', log: true, format: axisFormat.whole };
const acrossShare: Across = { xTitle: 'Byzantine nodes (percent)', log: false, format: axisFormat.whole };

/** Panels over the number of nodes, two or three side by side. */
export function scalingChart(panels: readonly ScalePanel[]): ChartSpec {
  return beside(panels, acrossNodes);
}

/** The same over the percentage of Byzantine nodes. */
export function byzantineChart(panels: readonly ScalePanel[]): ChartSpec {
  return beside(panels, acrossShare);
}

function beside(panels: readonly ScalePanel[], across: Across): ChartSpec {
  const many = panels.length > 2;
  const size = { width: (many ? plotWidth.third : plotWidth.half) - 26, height: many ? 120 : 190 };
  return { hconcat: panels.map((one) => panel(one, across, size)), spacing: many ? 26 : 40 };
}

function panel(data: ScalePanel, across: Across, size: { width: number; height: number }): ChartSpec {
  const places = data.points.map((point) => point.at);
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: across.log
      ? { type: 'log', domain: [Math.min(...places) / 1.35, Math.max(...places) * 1.35], nice: false }
      : { domain: [0, Math.max(40, ...places)], nice: false },
    axis: { title: across.xTitle, values: places, format: across.format, labelOverlap: 'greedy' },
  };
  const y = {
    type: 'quantitative',
    scale: data.domain === null ? { zero: true, nice: true } : { domain: data.domain },
    axis: { title: data.yTitle, format: data.format },
  };
  return {
    ...size,
    layer: [
      ...panelTitle(data.title, data.subtitle, 24),
      ...limitLayers(data, x, y),
      ...curveLayers(data, x, y),
      ...pointLayers(data, x, y),
    ],
  };
}

/** A pale edge under a label keeps it readable on top of a line. */
const halo = { stroke: palette.paper, strokeWidth: 4, strokeJoin: 'round' } as const;

function pointLayers(data: ScalePanel, x: ChartSpec, y: ChartSpec): ChartSpec[] {
  const points = data.points.map((point) => {
    const below = limitAbove(data, point);
    const end = point.interval?.[below ? 0 : 1] ?? point.value;
    return { x: point.at, v: point.value, edge: end, label: point.label, below };
  });
  const intervals = data.points.flatMap((point) =>
    point.interval === null ? [] : [{ x: point.at, low: point.interval[0], high: point.interval[1] }],
  );
  return [
    {
      data: { values: intervals },
      mark: { type: 'rule', color: palette.blue, strokeWidth: 1.4 },
      encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
    },
    {
      data: { values: points },
      mark: { type: 'point', filled: true, color: palette.blue, size: 52, opacity: 1 },
      encoding: { x, y: { ...y, field: 'v' } },
    },
    ...[-12, 13].flatMap((dy) =>
      [halo, {}].map((look) => ({
        data: { values: points.filter((point) => point.below === dy > 0) },
        mark: { type: 'text', dy, fontSize: 10.5, color: palette.ink, ...look },
        encoding: { x, y: { ...y, field: 'edge' }, text: { field: 'label' } },
      })),
    ),
  ];
}

/** A limit just above the point would run through a label above it. */
function limitAbove(data: ScalePanel, point: MeasuredPoint): boolean {
  const reach = 0.14 * Math.max(...data.points.map((one) => one.value));
  return data.limits.some(
    (limit) => limit.at === point.at && limit.value > point.value && limit.value - point.value < reach,
  );
}

function limitLayers(data: ScalePanel, x: ChartSpec, y: ChartSpec): ChartSpec[] {
  if (data.limits.length === 0) return [];
  return [
    {
      data: { values: data.limits.map((limit) => ({ x: limit.at, v: limit.value })) },
      mark: { type: 'tick', orient: 'horizontal', color: palette.limit, thickness: 2, size: 30 },
      encoding: { x, y: { ...y, field: 'v' } },
    },
  ];
}

function curveLayers(data: ScalePanel, x: ChartSpec, y: ChartSpec): ChartSpec[] {
  if (data.curve.length === 0) return [];
  return [
    {
      data: { values: data.curve.map(([at, value]) => ({ x: at, v: Number(value.toPrecision(5)) })) },
      mark: { type: 'line', color: palette.faint, strokeDash: [5, 3], strokeWidth: 1.4 },
      encoding: { x, y: { ...y, field: 'v' } },
    },
  ];
}
