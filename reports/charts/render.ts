/**
 * Turns a Vega-Lite specification into a small, deterministic SVG string for inlining into a page.
 * Owns: the only contact with vega and vega-lite (their loose typing ends here), text width without a canvas,
 * removal of what a printed picture does not need. Does not own: what a chart shows.
 */
import { parse, resetSVGDefIds, textMetrics, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { fontStack, vegaConfig } from '#reports/charts/theme.ts';

declare module 'vega' {
  /** Exported by vega, missing from its typings. */
  export const textMetrics: { width: (item: TextItem, text: unknown) => number };
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: unknown;
}

/** A chart as plain data; `render` is the only place that trusts it to be a Vega-Lite specification. */
export type ChartSpec = Readonly<Record<string, unknown>>;

export interface RenderOptions {
  /** Unique in the page; prefixes the ids that the picture defines. */
  readonly id: string;
  /** One sentence for readers who cannot see the picture. */
  readonly description: string;
}

/** SVG markup, the same bytes for the same specification. Rejects when Vega cannot parse the specification. */
export async function renderChart(spec: ChartSpec, options: RenderOptions): Promise<string> {
  textMetrics.width = (item, text) =>
    textWidth(String(text ?? ''), item.fontSize ?? 11, isBold(item.fontWeight));
  const runtime = parse(compile(withConfig(spec)).spec);
  resetSVGDefIds();
  const view = new View(runtime, { renderer: 'none' });
  try {
    return slim(await view.toSVG(), options);
  } finally {
    view.finalize();
  }
}

const schemaUrl = 'https://vega.github.io/schema/vega-lite/v6.json';

function withConfig(spec: ChartSpec): TopLevelSpec {
  // Through JSON: a specification is data, and Vega-Lite may not keep references into the caller's objects.
  const copy: TopLevelSpec = JSON.parse(JSON.stringify({ $schema: schemaUrl, config: vegaConfig, ...spec }));
  return copy;
}

function isBold(weight: unknown): boolean {
  return weight === 'bold' || (typeof weight === 'number' && weight >= 600);
}

/**
 * Width in pixels of `text` in a common sans-serif face. Vega's own guess without a canvas is 0.8 em per character,
 * which leaves axis titles far from their labels. Advance widths in em of Helvetica, rounded up per class.
 */
export function textWidth(text: string, fontSizePx: number, bold: boolean): number {
  let em = 0;
  for (const character of text) em += advanceEm(character);
  return em * fontSizePx * (bold ? 1.07 : 1);
}

function advanceEm(character: string): number {
  if (" .,:;'|ijl!".includes(character)) return 0.28;
  if ('frt-()[]/'.includes(character)) return 0.35;
  if ('mwMW%@'.includes(character)) return 0.86;
  if (/[A-Z&]/.test(character)) return 0.68;
  return 0.56;
}

const droppedAttributes =
  / (?:role|aria-[a-z]+|pointer-events|xmlns:xlink|version|class|font-family|stroke-miterlimit)="[^"]*"/g;

/** Drops what the picture does not show, rounds coordinates and makes ids unique in the page. */
function slim(svg: string, options: RenderOptions): string {
  const body = svg
    .replaceAll(/<path [^>]*\bdisplay="none"[^>]*\/>/g, '')
    .replaceAll(/<path class="background"[^>]*\bd="M0,0h0v0h0Z"[^>]*\/>/g, '')
    .replaceAll(/<text [^>]*\bopacity="0"[^>]*>[^<]*<\/text>/g, '')
    .replaceAll(/<(?:line|path|rect) [^>]*\bopacity="0"[^>]*\/>/g, '')
    .replaceAll(droppedAttributes, '')
    .replaceAll(/ opacity="1"/g, '')
    .replaceAll(/ xmlns="[^"]*"/g, '')
    // Coordinates only: what stands between the tags is read by people, "$12.52" stays that.
    .replaceAll(/<[^>]*>/g, (tag) =>
      tag.replaceAll(/(?<!opacity=")(?<![\d.])-?\d+\.\d{2,}(?![\d%])/g, (digits) =>
        String(Number(Number(digits).toFixed(1))),
      ),
    )
    .replaceAll(/(?<=url\(#|id=")(?=(?:clip|gradient)\d)/g, `${options.id}-`)
    .replaceAll('<g></g>', '');
  const opening = `<svg role="img" aria-label="${attribute(options.description)}" font-family="${attribute(fontStack)}"`;
  return body.replace('<svg', opening);
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
