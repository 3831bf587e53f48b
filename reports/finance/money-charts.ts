/**
 * Three drawings of money: burn-down against the budget, the variance bridge as a waterfall, sensitivities as a tornado.
 * Owns: what they show. Does not own: figures (sheets/), how a chart is rendered (charts/render.ts).
 */
import { formatShortUsd, formatWholeUsd, usdMicros } from '#budgets/money.ts';
import { type ChartSpec, renderChart } from '#reports/charts/render.ts';
import { palette } from '#reports/charts/theme.ts';
import { type FinanceReportInput, shownForecast } from '#reports/finance/finance-input.ts';
import { bridgeSteps, burnPoints } from '#reports/finance/sheets/movement-sheets.ts';
import { type Html, html, raw } from '#reports/html.ts';

const WIDTH = 900;
const dollars = (micros: number): number => Math.round(micros / 10_000) / 100;
/** Cents where the whole axis is a few dollars long: "$0" on every tick says nothing. */
const usdAxis = (longest: number) => ({ format: longest < 20 ? '$,.2f' : '$,.0f', grid: true });

interface TimeUnit {
  readonly name: string;
  readonly hours: number;
}

/** Ticks are whole numbers of something. */
function timeUnit(hours: number): TimeUnit {
  if (hours <= 3) return { name: 'minutes', hours: 1 / 60 };
  return hours <= 72 ? { name: 'hours', hours: 1 } : { name: 'days', hours: 24 };
}

async function figure(spec: ChartSpec, id: string, description: string): Promise<Html> {
  const svg = await renderChart(spec, { id, description });
  return html`<figure>${raw(svg)}<figcaption>${description}</figcaption></figure>\n`;
}

const budgetLayers = (budget: number, text: string) => [
  {
    data: { values: [{ usd: budget }] },
    mark: { type: 'rule', color: palette.limit, strokeDash: [5, 3], strokeWidth: 1.5 },
    encoding: { y: { field: 'usd', type: 'quantitative' } },
  },
  {
    data: { values: [{ usd: budget, since: 0, text }] },
    mark: { type: 'text', align: 'left', dx: 4, dy: -6, color: palette.limit, fontSize: 11 },
    encoding: {
      x: { field: 'since', type: 'quantitative' },
      y: { field: 'usd', type: 'quantitative' },
      text: { field: 'text' },
    },
  },
];

/** A budget this many times the total would press the curve flat: it is said in words instead. */
const FAR_ABOVE = 5;

/** Cumulative cost over planned time, the campaign's budget as a line. Null when nothing is bought. */
export async function burnChart(input: FinanceReportInput): Promise<Html | null> {
  const { shown } = shownForecast(input.forecast);
  const points = burnPoints(shown);
  if (points.length < 2) return null;
  const budget = dollars(input.forecast.limits.campaign);
  const start = Date.parse(`${shown.asOf.slice(0, 10)}T00:00:00Z`);
  const hoursOf = (at: string): number => (Date.parse(at) - start) / 3_600_000;
  const unit = timeUnit(Math.max(...points.map(({ at }) => hoursOf(at))));
  const values = [
    { since: 0, usd: 0 },
    ...points.map(({ at, cumulative }) => ({ since: hoursOf(at) / unit.hours, usd: dollars(cumulative) })),
  ];
  const most = Math.max(...values.map(({ usd }) => usd));
  const isFar = budget > FAR_ABOVE * most;
  const budgetText = `budget ${formatWholeUsd(input.forecast.limits.campaign)}`;
  const x = {
    field: 'since',
    type: 'quantitative',
    axis: { title: `${unit.name} since the window opened`, format: 'd', tickMinStep: 1 },
  };
  const y = {
    field: 'usd',
    type: 'quantitative',
    axis: { ...usdAxis(isFar ? most : budget), title: 'FORECAST P50, cumulative' },
  };
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
      ...(isFar ? [] : budgetLayers(budget, budgetText)),
    ],
  };
  const against = isFar
    ? `The ${budgetText} lies ${Math.floor(budget / most)} times as high, outside the picture.`
    : 'Dashed: the budget of the campaign.';
  return figure(spec, 'burn', `Cumulative cost, run after run. ${against}`);
}

interface Bar {
  /** Lines of the label. */
  readonly label: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly kind: 'level' | 'up' | 'down';
}

/** A level's name in two lines at most, broken at a space near its middle. */
function inTwoLines(name: string): readonly string[] {
  const words = name.split(' ');
  if (name.length <= 14 || words.length < 2) return [name];
  const lengthOf = (count: number): number => words.slice(0, count).join(' ').length;
  const breaks = words.slice(1).map((_, i) => i + 1);
  const best = breaks.reduce((a, b) =>
    Math.abs(lengthOf(b) - name.length / 2) < Math.abs(lengthOf(a) - name.length / 2) ? b : a,
  );
  return [words.slice(0, best).join(' '), words.slice(best).join(' ')];
}

function bars(input: FinanceReportInput): readonly Bar[] {
  const { shown } = shownForecast(input.forecast);
  const out: Bar[] = [];
  for (const [i, step] of bridgeSteps(input, shown).entries()) {
    if (i === 0) out.push({ label: inTwoLines(step.from), from: 0, to: dollars(step.start), kind: 'level' });
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
        label: [cause],
        from: dollars(at),
        to: dollars(at + by),
        kind: by > 0 ? 'up' : 'down',
      });
      at += by;
    }
    out.push({ label: inTwoLines(step.to), from: 0, to: dollars(step.end), kind: 'level' });
  }
  return out;
}

export async function bridgeChart(input: FinanceReportInput): Promise<Html | null> {
  if (shownForecast(input.forecast).shown.overhead === null) return null;
  const values = bars(input).map((bar, i) => {
    const isLevel = bar.kind === 'level';
    const size = formatShortUsd(usdMicros(Math.round(Math.abs(bar.to - bar.from) * 1e6)));
    const sign = isLevel ? '' : bar.to > bar.from ? '+' : '\u2212';
    return {
      kind: bar.kind,
      from: bar.from,
      to: bar.to,
      // Places have to differ; what is shown of one begins after its number.
      place: `${String(i).padStart(2, '0')}|${bar.label.join('|')}`,
      text: `${sign}${size}`,
      top: Math.max(bar.from, bar.to),
    };
  });
  const most = Math.max(...values.map(({ top }) => top));
  const x = {
    field: 'place',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelAngle: 0, labelLimit: 120, labelExpr: "slice(split(datum.label, '|'), 1)" },
  };
  const color = {
    field: 'kind',
    type: 'nominal',
    legend: null,
    scale: { domain: ['level', 'up', 'down'], range: [palette.muted, palette.limit, palette.blue] },
  };
  const y = { field: 'from', type: 'quantitative', axis: { ...usdAxis(most), title: 'USD' } };
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
    'From list price to the expected and the cautious forecast, and to what was metered. Grey: amounts. Between two of them, what moves one to the other: red adds, blue saves.',
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
  const longest = Math.max(...values.map(({ by }) => Math.abs(by)));
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
        axis: { ...usdAxis(longest), title: 'change of the P50 total, USD' },
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
