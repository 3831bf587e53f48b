/**
 * The heading of one panel, drawn at a fixed place above the plot area.
 * Owns: that placement. Vega's own titles move with the bounds of a panel, so that neighbours would not line up.
 */
import type { ChartSpec } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';

/** Layers of text; `clearancePx` is kept free between the heading and the plot (for labels at its top edge). */
export function panelTitle(title: string, subtitle: string, clearancePx: number): ChartSpec[] {
  const line = (text: string, y: number, look: ChartSpec): ChartSpec => ({
    data: { values: [{ text }] },
    mark: { type: 'text', align: 'left', baseline: 'bottom', x: 0, y, ...look },
    encoding: { text: { field: 'text' } },
  });
  const heading = { fontSize: 12.5, fontWeight: 600, color: palette.ink };
  const small = { fontSize: 11, color: palette.muted };
  if (subtitle === '') return [line(title, -clearancePx, heading)];
  return [line(title, -clearancePx - 16, heading), line(subtitle, -clearancePx, small)];
}
