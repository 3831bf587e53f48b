/**
 * What happened over the run: throughput, latency and resources against time, with faults and the measured window.
 * Owns: those pictures' specifications. Does not own: aggregation over repetitions (reports/scale/repetitions.ts).
 */
import { panelTitle } from '#reports/charts/panel-title.ts';
import type { ChartSpec } from '#reports/charts/render.ts';
import { axisFormat, palette, plotWidth } from '#reports/charts/theme.ts';

/** One bin of one curve; null where nothing was recorded. */
export interface TimeBin {
  readonly startS: number;
  readonly median: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

export interface TimeCurve {
  readonly name: string;
  readonly colour: string;
  readonly dashed: boolean;
  readonly bins: readonly TimeBin[];
}

/** A shaded stretch of time, e.g. a partition. */
export interface Period {
  readonly label: string;
  readonly fromS: number;
  readonly untilS: number;
}

export interface TimeFrame {
  readonly binS: number;
  /** The measured window runs from 0 to here. */
  readonly windowEndS: number;
  readonly faults: readonly Period[];
}

interface Scale {
  readonly divisor: number;
  readonly unit: string;
}

/** Time unit of the axis: the largest that still gives the span at least four whole units. */
export function timeScale(spanS: number): Scale {
  if (spanS >= 4 * 86_400) return { divisor: 86_400, unit: 'days' };
  if (spanS >= 4 * 3_600) return { divisor: 3_600, unit: 'h' };
  if (spanS >= 600) return { divisor: 60, unit: 'min' };
  return { divisor: 1, unit: 's' };
}

interface PanelOptions {
  readonly title: string;
  readonly yTitle: string;
  readonly width: number;
  readonly height: number;
  readonly labelled: boolean;
  readonly xTitle: boolean;
}

/** Throughput above latency on one time axis. */
export function timelineChart(
  throughput: readonly TimeCurve[],
  latency: readonly TimeCurve[],
  frame: TimeFrame,
): ChartSpec {
  const width = plotWidth.full;
  const above = {
    title: 'Throughput',
    yTitle: 'transactions per second',
    width,
    height: 170,
    labelled: true,
    xTitle: false,
  };
  const below = {
    title: 'Latency',
    yTitle: 'milliseconds',
    width,
    height: 140,
    labelled: false,
    xTitle: true,
  };
  return { vconcat: [panel(throughput, frame, above), panel(latency, frame, below)], spacing: 22 };
}

export interface ResourcePanel {
  readonly title: string;
  readonly yTitle: string;
  readonly curve: TimeCurve;
}

/** Small panels side by side. */
export function resourceChart(panels: readonly ResourcePanel[], frame: TimeFrame): ChartSpec {
  const size = { width: plotWidth.third - 14, height: 92, labelled: false, xTitle: true };
  return {
    hconcat: panels.map(({ title, yTitle, curve }) => panel([curve], frame, { title, yTitle, ...size })),
    spacing: 28,
  };
}

function panel(curves: readonly TimeCurve[], frame: TimeFrame, options: PanelOptions): ChartSpec {
  const starts = curves[0]?.bins.map((bin) => bin.startS) ?? [];
  const from = starts[0] ?? 0;
  const to = (starts.at(-1) ?? 0) + frame.binS;
  const scale = timeScale(to - from);
  const x = {
    field: 't',
    type: 'quantitative',
    scale: { domain: [from / scale.divisor, to / scale.divisor], nice: false },
    axis: {
      title: options.xTitle ? `time since the window opened (${scale.unit})` : null,
      tickCount: options.width > 400 ? 8 : 4,
      format: axisFormat.count,
    },
  };
  return {
    width: options.width,
    height: options.height,
    layer: [
      ...backdrop(frame, scale, options, [from, to]),
      ...panelTitle(options.title, '', options.labelled ? 20 : 8),
      ...curves.flatMap((curve) => curveLayers(curve, frame, scale, x, options.yTitle)),
    ],
  };
}

/** Window and fault periods behind the curves, labelled at the top edge. */
function backdrop(
  frame: TimeFrame,
  { divisor }: Scale,
  options: PanelOptions,
  [from, to]: readonly [number, number],
): ChartSpec[] {
  // All periods of one colour in one layer: a run may have hundreds of faults.
  const rectangles = (periods: readonly { fromS: number; untilS: number }[], fill: string): ChartSpec => ({
    data: {
      values: periods.map(({ fromS, untilS }) => ({
        t: Math.max(from, fromS) / divisor,
        u: Math.min(to, untilS) / divisor,
      })),
    },
    mark: { type: 'rect', color: fill },
    encoding: { x: { field: 't', type: 'quantitative' }, x2: { field: 'u' } },
  });
  const edges: ChartSpec = {
    data: { values: [{ t: 0 }, { t: frame.windowEndS / divisor }] },
    mark: { type: 'rule', color: palette.faint, strokeWidth: 1, strokeDash: [2, 2] },
    encoding: { x: { field: 't', type: 'quantitative' } },
  };
  const label = (t: number, text: string, color: string): ChartSpec => ({
    data: { values: [{ t: t / divisor, text }] },
    mark: { type: 'text', align: 'left', baseline: 'bottom', dx: 2, dy: -3, y: 0, fontSize: 10, color },
    encoding: { x: { field: 't', type: 'quantitative' }, text: { field: 'text' } },
  });
  const named = frame.faults.filter((fault) => fault.label !== '');
  const labels = options.labelled
    ? [
        label(0, 'measured window', palette.muted),
        ...named.map((fault) => label(Math.max(from, fault.fromS), fault.label, palette.vermillion)),
      ]
    : [];
  return [
    rectangles([{ fromS: 0, untilS: frame.windowEndS }], palette.windowFill),
    ...(frame.faults.length === 0 ? [] : [rectangles(frame.faults, palette.faultFill)]),
    edges,
    ...labels,
  ];
}

function curveLayers(
  curve: TimeCurve,
  frame: TimeFrame,
  scale: Scale,
  x: ChartSpec,
  yTitle: string,
): ChartSpec[] {
  const values = curve.bins.map((bin) => ({
    t: rounded((bin.startS + frame.binS / 2) / scale.divisor),
    median: bin.median === null ? null : rounded(bin.median),
    least: bin.least === null ? null : rounded(bin.least),
    most: bin.most === null ? null : rounded(bin.most),
  }));
  const y = {
    type: 'quantitative',
    scale: { zero: true, nice: true },
    axis: { title: yTitle, format: axisFormat.count },
  };
  const line: ChartSpec = {
    data: { values },
    mark: {
      type: 'line',
      color: curve.colour,
      ...(curve.dashed ? { strokeDash: [5, 3], strokeWidth: 1.4 } : {}),
    },
    encoding: { x, y: { ...y, field: 'median' } },
  };
  if (curve.dashed) return [line];
  const area: ChartSpec = {
    data: { values },
    mark: { type: 'area', color: curve.colour, opacity: 0.18, line: false },
    encoding: { x, y: { ...y, field: 'least' }, y2: { field: 'most' } },
  };
  return [area, line];
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
