/**
 * Two drawings of the cost report as inline SVG: cost of a run against its limit, and where the money goes.
 * Owns: scales, marks and labels. Does not own: figures. No scripts; numbers have two decimals, so bytes are stable.
 */
import type { Forecast, ForecastRow } from '#budgets/forecast.ts';
import { formatShortUsd, formatWholeUsd, type UsdMicros } from '#budgets/money.ts';
import { componentLabel } from '#budgets/stacks.ts';
import { escapeHtml, type Html, html, raw } from '#reports/html.ts';

const WIDTH = 1064;
const LABEL_WIDTH = 250;
const VALUE_WIDTH = 170;
const ROW_HEIGHT = 24;
const TOP = 42;

const px = (value: number): string => value.toFixed(2);

interface Scale {
  readonly x: (micros: UsdMicros | number) => number;
  readonly ticks: readonly number[];
}

/** Decades, because runs of one phase differ by a factor of a thousand. Bounds in micro-dollars. */
function logScale(values: readonly number[]): Scale {
  const least = Math.floor(Math.log10(Math.max(1, Math.min(...values))));
  const most = Math.ceil(Math.log10(Math.max(10, ...values)));
  const span = Math.max(1, most - least);
  const plot = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const ticks = Array.from({ length: span + 1 }, (_, i) => 10 ** (least + i));
  return { ticks, x: (micros) => LABEL_WIDTH + (plot * (Math.log10(Math.max(1, micros)) - least)) / span };
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escapeHtml(content)}</text>`;
}

function shortened(label: string, most: number): string {
  return label.length <= most ? label : `${label.slice(0, most - 1)}\u2026`;
}

function runMark(row: ForecastRow, index: number, scale: Scale, limit: UsdMicros): string {
  const { low, p50, p90 } = row.alone;
  const y = TOP + index * ROW_HEIGHT + ROW_HEIGHT / 2;
  const over = p90.usdMicros > limit;
  const colour = over ? 'var(--bad)' : 'var(--accent)';
  const [x0, x1, x2] = [scale.x(low.usdMicros), scale.x(p50.usdMicros), scale.x(p90.usdMicros)];
  const word = p50.usdMicros > limit ? ' \u25b2 over' : over ? ' \u25b2 P90 over' : '';
  return [
    text(
      LABEL_WIDTH - 12,
      y + 4,
      shortened(row.rowId, 38),
      'text-anchor="end" font-size="11.5" fill="var(--ink)"',
    ),
    `<rect x="${px(LABEL_WIDTH)}" y="${px(y - 6)}" width="${px(Math.max(1, x1 - LABEL_WIDTH))}" height="12" fill="${colour}" opacity="${over ? '0.85' : '0.75'}"/>`,
    `<path d="M${px(x0)} ${px(y)}H${px(x2)}M${px(x0)} ${px(y - 4)}v8M${px(x2)} ${px(y - 4)}v8" stroke="var(--ink)" stroke-width="1.4" fill="none"/>`,
    text(
      WIDTH,
      y + 4,
      `${formatShortUsd(p50.usdMicros)} / ${formatShortUsd(p90.usdMicros)}${word}`,
      `text-anchor="end" font-size="11.5" fill="${over ? 'var(--bad)' : 'var(--ink)'}" font-weight="${over ? '700' : '400'}"`,
    ),
  ].join('\n');
}

function axis(scale: Scale, bottom: number): string {
  return scale.ticks
    .map((tick) => {
      const x = scale.x(tick);
      const dollars = tick / 1_000_000;
      const label = dollars < 1 ? `$${dollars}` : `$${String(dollars).replace(/\B(?=(\d{3})+$)/g, ',')}`;
      return (
        `<path d="M${px(x)} ${TOP - 6}V${px(bottom)}" stroke="var(--line)" stroke-width="1"/>` +
        text(x, bottom + 16, label, 'text-anchor="middle" font-size="10.5" fill="var(--muted)"')
      );
    })
    .join('\n');
}

/** One bar per row: a run deployed alone, P50 with a whisker from low to P90, against the limit per run. Log scale. */
export function runCostChart(forecast: Forecast, limit: UsdMicros): Html {
  const { rows } = forecast;
  const values = rows.flatMap((row) => [row.alone.low.usdMicros, row.alone.p90.usdMicros]);
  const scale = logScale([...values, limit]);
  const bottom = TOP + rows.length * ROW_HEIGHT + 4;
  const limitX = scale.x(limit);
  const parts = [
    axis(scale, bottom),
    ...rows.map((row, i) => runMark(row, i, scale, limit)),
    `<path d="M${px(limitX)} ${TOP - 14}V${px(bottom)}" stroke="var(--bad)" stroke-width="1.6" stroke-dasharray="5 3"/>`,
    text(
      limitX,
      TOP - 20,
      `limit ${formatWholeUsd(limit)} per run`,
      'text-anchor="middle" font-size="11" font-weight="700" fill="var(--bad)"',
    ),
    text(WIDTH, TOP - 20, 'P50 / P90', 'text-anchor="end" font-size="11" fill="var(--muted)"'),
    text(
      LABEL_WIDTH,
      bottom + 34,
      'FORECAST, USD per run (logarithmic)',
      'font-size="10.5" fill="var(--muted)"',
    ),
  ];
  const height = bottom + 42;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Forecast cost of one run per row against the limit per run">
${raw(parts.join('\n'))}
</svg><figcaption>Cost of one run, deployed alone. Bar: P50. Whisker: low to P90. A run past the dashed line breaks the limit and is marked with a triangle and the word.</figcaption></figure>\n`;
}

const FILLS = ['#1f4e79', '#5f8fb8', '#a9c3da', '#7a8794', '#b9a06a', '#6b8f71', '#a3231f', '#d08b88'];

/** One bar, split by component of the P50 total, with the shares written below. */
export function componentChart(forecast: Forecast): Html {
  const total = forecast.total.p50.usdMicros;
  const known = forecast.byComponent
    .map((part, i) => ({ ...part, fill: FILLS[i] ?? '#16202b' }))
    .filter((part) => part.amount.p50.usdMicros > 0);
  let x = 0;
  const bar: string[] = [];
  for (const { amount, fill } of known) {
    const width = total === 0 ? 0 : (WIDTH * amount.p50.usdMicros) / total;
    bar.push(`<rect x="${px(x)}" y="4" width="${px(Math.max(0.5, width - 1))}" height="34" fill="${fill}"/>`);
    x += width;
  }
  const column = WIDTH / 4;
  const legend = known.map(({ component, amount, fill }, i) => {
    const left = (i % 4) * column;
    const y = 64 + Math.floor(i / 4) * 38;
    const share = total === 0 ? 0 : (100 * amount.p50.usdMicros) / total;
    return (
      `<rect x="${px(left)}" y="${y - 9}" width="10" height="10" fill="${fill}"/>` +
      text(left + 16, y, componentLabel[component], 'font-size="11.5" fill="var(--ink)"') +
      text(
        left + 16,
        y + 15,
        `${formatShortUsd(amount.p50.usdMicros)}, ${share.toFixed(1)} %`,
        'font-size="11.5" fill="var(--muted)"',
      )
    );
  });
  const height = 64 + Math.ceil(known.length / 4) * 38;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Share of the forecast by cost component">
${raw([...bar, ...legend].join('\n'))}
</svg><figcaption>Where the P50 forecast of ${formatShortUsd(total)} goes, by component.</figcaption></figure>\n`;
}
