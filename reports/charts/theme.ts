/**
 * The look of every chart: palette, type sizes, axis style, number formats.
 * Owns: colours that stay apart for colour-blind readers (Okabe and Ito 2008, darkened where text needs contrast)
 * and the Vega-Lite configuration built from them. Does not own: any chart, nor the page's CSS.
 */

export const palette = {
  ink: '#1c2733',
  muted: '#5b6672',
  faint: '#8a949e',
  grid: '#e6e9ec',
  blue: '#0072b2',
  vermillion: '#c8500a',
  green: '#00795a',
  sky: '#56b4e9',
  ochre: '#a87400',
  purple: '#a2558a',
  limit: '#a11d33',
  faultFill: '#f3dfd3',
  windowFill: '#f4f7fa',
  paper: '#ffffff',
} as const;

/** System fonts only: the page must open from disk without a network. */
export const fontStack =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";

/** Widths of a plot area in pixels; the page scales the picture down, never up. */
export const plotWidth = { full: 846, half: 408, third: 262 } as const;

const axis = {
  domainColor: palette.faint,
  tickColor: palette.faint,
  tickSize: 4,
  gridColor: palette.grid,
  gridWidth: 1,
  labelColor: palette.muted,
  labelFontSize: 11,
  labelPadding: 5,
  titleColor: palette.muted,
  titleFontSize: 11,
  titleFontWeight: 500,
  titlePadding: 9,
} as const;

export const vegaConfig = {
  background: 'transparent',
  font: 'sans-serif',
  padding: 4,
  aria: false,
  view: { stroke: null },
  axis,
  axisX: { grid: false },
  axisY: { domain: false, ticks: false, tickCount: 5 },
  text: { fontSize: 11, color: palette.ink },
  line: { strokeWidth: 1.8, strokeJoin: 'round' },
  legend: { disable: true },
  concat: { spacing: 26 },
} as const;

/**
 * d3 formats for axis labels: thousands separators, no trailing zeros. `whole` for ticks at given places: the others
 * take their precision from the tick step and would round such places together.
 */
export const axisFormat = { count: ',~r', share: '.0%', whole: ',d' } as const;
