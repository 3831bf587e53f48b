/**
 * The map of an advice as a picture: for one sample size, which beta is safe and which is live, over alpha.
 * Owns: the chart and its file. Does not own: the ranges (campaigns/advise.ts) or drawing (reports/charts).
 */
import { rename, writeFile } from 'node:fs/promises';
import { type Advice, betaRanges, type Wish } from '#campaigns/advise.ts';
import type { PlacedTriple } from '#campaigns/triple-advice.ts';
import { type ChartSpec, renderChart } from '#reports/charts/render.ts';
import { palette, plotWidth } from '#reports/charts/theme.ts';

/** Of the triple's sample size, else of the advised one, else of the default sample of fifty. */
export function adviceMap(wish: Wish, advice: Advice, placed: PlacedTriple | null): ChartSpec {
  const k = placed?.k ?? (advice.kind === 'found' ? advice.best.k : Math.min(50, wish.nodes - 1));
  const ranges = betaRanges(wish, k);
  const x = {
    field: 'alpha',
    type: 'quantitative',
    axis: { title: `alpha of k = ${k}` },
    scale: { zero: false },
  };
  const y = {
    field: 'beta',
    type: 'quantitative',
    axis: { title: 'beta' },
    scale: { domain: [0, wish.rounds], clamp: true },
  };
  const line = (color: string, pick: (range: (typeof ranges)[number]) => number | null): ChartSpec => ({
    data: {
      values: ranges.flatMap((range) =>
        pick(range) === null ? [] : [{ alpha: range.alpha, beta: pick(range) }],
      ),
    },
    mark: { type: 'line', point: { color }, color },
    encoding: { x, y },
  });
  const between = ranges.flatMap(({ alpha, leastSafe, mostLive }) =>
    leastSafe !== null && mostLive !== null && leastSafe <= mostLive
      ? [{ alpha, beta: leastSafe, most: mostLive }]
      : [],
  );
  const points = [
    ...(placed === null ? [] : [{ alpha: placed.alpha, beta: placed.beta, label: 'yours' }]),
    ...(advice.kind === 'found' && advice.best.k === k
      ? [{ alpha: advice.best.alphaConfidence, beta: advice.best.beta, label: 'advised' }]
      : []),
  ];
  return {
    width: plotWidth.half,
    height: 260,
    title: ['red: least beta that is safe, blue: largest that is live;', 'between them both hold'],
    layer: [
      {
        data: { values: between },
        mark: { type: 'rule', color: palette.sky, strokeWidth: 5, opacity: 0.5 },
        encoding: { x, y, y2: { field: 'most' } },
      },
      line(palette.limit, ({ leastSafe }) => leastSafe),
      line(palette.blue, ({ mostLive }) => mostLive),
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: 90, color: palette.ink },
        encoding: { x, y },
      },
      {
        data: { values: points },
        mark: { type: 'text', dy: -11, color: palette.ink },
        encoding: { x, y, text: { field: 'label' } },
      },
    ],
  };
}

/** Whole or absent. */
export async function writeAdviceMap(
  wish: Wish,
  advice: Advice,
  placed: PlacedTriple | null,
  file: string,
): Promise<void> {
  const description = `Safe and live beta over alpha at ${wish.nodes} nodes`;
  const svg = await renderChart(adviceMap(wish, advice, placed), { id: 'advice', description });
  const standalone = svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  await writeFile(`${file}.partial`, `${standalone}\n`);
  await rename(`${file}.partial`, file);
}
