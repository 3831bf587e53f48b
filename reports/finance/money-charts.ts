/**
 * Three drawings of money: burn-down against the budget, the variance bridge as a waterfall, sensitivities as a tornado.
 * Owns: what they show. Does not own: figures (sheets/), how a chart is rendered (charts/render.ts).
 */
import { formatWholeUsd } from '#budgets/money.ts';
import { type ChartSpec, renderChart } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';
import { type FinanceReportInput, shownForecast } from '#reports/finance/finance-input.ts';
import { bridgeSteps, burnPoints } from '#reports/finance/sheets/movement-sheets.ts';
import { type Html, html, raw } from '#reports/html.ts';

const WIDTH = 900;
const dollars = (micros: number): number => Math.round(micros / 10_000) / 100;
const usdAxis = { format: '$,.0f', grid: true };

async function figure(spec: ChartSpec, id: string, description: string): Promise<Html> {
  const svg = await renderChart(spec, { id, description });
  return html`<figure>${raw(svg)}<figcaption>${description}</figcaption></figure>\n`;
}

/** Cumulative cost over planned time, the campaign's budget as a line. Null when nothing is bought. */
export async function burnChart(input: FinanceReportInput): Promise<Html | null> {
  const { shown } = shownForecast(input.forecast);
  const points = burnPoints(shown);
  if (points.length < 2) return null;
  const budget = dollars(input.forecast.limits.campaign);
  const start = Date.parse(`${shown.asOf.slice(0, 10)}T00:00:00Z`);
  const values = [
    { hours: 0, usd: 0 },
    ...points.map(({ at, cumulative }) => ({
      hours: (Date.parse(at) - start) / 3_600_000,
      usd: dollars(cumulative),
    })),
  ];
  const x = { field: 'hours', type: 'quantitative', axis: { title: 'hours since the window opened' } };
  const y = { field: 'usd', type: 'quantitative', axis: { ...usdAxis, title: 'FORECAST P50, cumulative' } };
  const spec: ChartSpec = {
    width: WIDTH,
    height: 220,
    layer: [
      {
        data: { values },
        mark: { type: 'area', color: palette.blue, opacity: 0.15, interpolate: 'linear' },
        encoding: { x, y },
      },
      { data: { values }, mark: { type: 'line', color: palette.blue, strokeWidth: 2 }, encoding: { x, y } },
      {
        data: { values: [{ usd: budget }] },
        mark: { type: 'rule', color: palette.limit, strokeDash: [5, 3], strokeWidth: 1.5 },
        encoding: { y },
      },
      {
        data: {
          values: [
            { usd: budget, hours: 0, text: `budget ${formatWholeUsd(input.forecast.limits.campaign)}` },
          ],
        },
        mark: { type: 'text', align: 'left', dx: 4, dy: -6, color: palette.limit, fontSize: 11 },
        encoding: { x, y, text: { field: 'text' } },
      },
    ],
  };
  return figure(spec, 'burn', 'Cumulative cost, run after run, against the budget of the campaign (dashed).');
}

interface Bar {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly kind: 'level' | 'up' | 'down';
}

function bars(input: FinanceReportInput): readonly Bar[] {
  const { shown } = shownForecast(input.forecast);
  const out: Bar[] = [];
  for (const [i, step] of bridgeSteps(input, shown).entries()) {
    if (i === 0) out.push({ label: step.from, from: 0, to: dollars(step.start), kind: 'level' });
    let at = step.start as number;
    const causes = [
      ['price', step.price],
      ['volume', step.volume],
      ['interruptions', step.interruption],
      ['other', step.other],
    ] as const;
    for (const [cause, by] of causes) {
      if (by === 0) continue;
      out.push({
        label: `${cause} (to ${step.to})`,
        from: dollars(at),
        to: dollars(at + by),
        kind: by > 0 ? 'up' : 'down',
      });
      at += by;
    }
    out.push({ label: step.to, from: 0, to: dollars(step.end), kind: 'level' });
  }
  return out;
}

export async function bridgeChart(input: FinanceReportInput): Promise<Html | null> {
  if (shownForecast(input.forecast).shown.overhead === null) return null;
  const values = bars(input).map((bar) => ({
    ...bar,
    text: `${bar.kind === 'level' ? '' : bar.to > bar.from ? '+' : '\u2212'}$${Math.abs(
      bar.kind === 'level' ? bar.to : bar.to - bar.from,
    )
      .toFixed(0)
      .replace(/\B(?=(\d{3})+$)/g, ',')}`,
    top: Math.max(bar.from, bar.to),
  }));
  const x = {
    field: 'label',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelAngle: -18, labelLimit: 190 },
  };
  const color = {
    field: 'kind',
    type: 'nominal',
    legend: null,
    scale: { domain: ['level', 'up', 'down'], range: [palette.muted, palette.limit, palette.blue] },
  };
  const y = { field: 'from', type: 'quantitative', axis: { ...usdAxis, title: 'USD' } };
  const spec: ChartSpec = {
    width: WIDTH,
    height: 230,
    data: { values },
    layer: [
      { mark: { type: 'bar', size: 46 }, encoding: { x, y, y2: { field: 'to' }, color } },
      {
        mark: { type: 'text', dy: -7, fontSize: 11, color: palette.ink },
        encoding: { x, y: { field: 'top', type: 'quantitative' }, text: { field: 'text' } },
      },
    ],
  };
  return figure(
    spec,
    'bridge',
    'From list price to the expected and the cautious forecast, and to what was metered: grey bars are amounts, the others what moves them.',
  );
}

/** Each assumption 10 % lower and higher: how far the total moves. */
export async function tornadoChart(input: FinanceReportInput): Promise<Html | null> {
  const { sensitivity } = input.forecast;
  if (sensitivity.length === 0) return null;
  const sorted = [...sensitivity].sort(
    (a, b) => Math.max(Math.abs(b.plus), Math.abs(b.minus)) - Math.max(Math.abs(a.plus), Math.abs(a.minus)),
  );
  const values = sorted.slice(0, 10).flatMap(({ assumption, minus, plus }) => [
    { assumption, by: dollars(minus), side: '10 % lower' },
    { assumption, by: dollars(plus), side: '10 % higher' },
  ]);
  const spec: ChartSpec = {
    width: WIDTH - 260,
    height: { step: 24 },
    data: { values },
    mark: { type: 'bar', height: 15 },
    encoding: {
      y: { field: 'assumption', type: 'nominal', sort: null, axis: { title: null, labelLimit: 300 } },
      x: {
        field: 'by',
        type: 'quantitative',
        stack: null,
        axis: { ...usdAxis, title: 'change of the P50 total, USD' },
      },
      color: {
        field: 'side',
        type: 'nominal',
        scale: { domain: ['10 % lower', '10 % higher'], range: [palette.blue, palette.limit] },
        legend: { title: null, orient: 'top' },
      },
    },
  };
  return figure(spec, 'tornado', 'What the forecast is most sensitive to, largest first.');
}
