/**
 * How a figure is printed: digits, thousands separators, units, intervals, durations.
 * Owns: text of numbers in the scale report. Does not own: which numbers, or escaping (reports/html.ts).
 */
import type { Comparator } from '#campaigns/plan-record.ts';
import type { Estimate } from '#reports/scale/repetitions.ts';

export const nothing = '–';

/** Three to four significant digits, thousands separated by commas, no trailing zeros; tiny values as powers of ten. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'beyond any figure' : nothing;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001 || size >= 1e12) return scientific(value);
  const digits = decimalsOf(size);
  return minus(value.toLocaleString('en-US', { maximumFractionDigits: digits }));
}

/** A true minus sign: a hyphen would be taken for a range or a dash, and a line may break behind it. */
function minus(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}

function decimalsOf(size: number): number {
  if (size >= 1_000) return 0;
  if (size >= 10) return 1;
  if (size >= 1) return 2;
  return 3;
}

function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(1).split('e');
  return `${minus(String(Number(mantissa)))}e${minus(String(Number(exponent)))}`;
}

const unitWords: Readonly<Record<string, string>> = {
  tps: 'TPS',
  ms: 'ms',
  s: 's',
  percent: '%',
  share: '%',
  MB: 'MB',
  Mbps: 'Mbps',
  count: '',
  polls: 'polls',
  ratio: '×',
};

/** A figure in the unit of its metric; shares are printed as percentages. */
export function formatFigure(value: number | null, unit: string): string {
  if (value === null) return nothing;
  const word = unitWords[unit] ?? unit;
  if (unit === 'percent' && value !== 0 && Math.abs(value) < 0.005) return '≈ 0 %';
  const text = formatNumber(unit === 'share' ? value * 100 : value);
  return word === '' ? text : `${text} ${word}`;
}

/** Both ends, the unit once. */
export function formatInterval(interval: readonly [number, number] | null, unit: string): string {
  if (interval === null) return nothing;
  const factor = unit === 'share' ? 100 : 1;
  const word = unitWords[unit] ?? unit;
  const [low, high] = interval.map((end) => formatNumber(end * factor));
  const text = low === high ? `${low}` : `${low} to ${high}`;
  return word === '' ? text : `${text} ${word}`;
}

export function formatEstimate(figure: Estimate | null, unit: string): string {
  return formatFigure(figure?.mean ?? null, unit);
}

const comparatorSigns: Readonly<Record<Comparator, string>> = {
  at_least: '≥',
  at_most: '≤',
  equals: '=',
  below: '<',
  above: '>',
};

export function formatLimit(comparator: Comparator, limit: number, unit: string): string {
  return `${comparatorSigns[comparator]} ${formatFigure(limit, unit)}`;
}

/** Seconds in the unit a reader would use. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 172_800) return `${formatNumber(seconds / 86_400)} days`;
  if (seconds >= 7_200) return `${formatNumber(seconds / 3_600)} h`;
  if (seconds >= 120) return `${formatNumber(seconds / 60)} min`;
  if (seconds >= 1 || seconds === 0) return `${formatNumber(seconds)} s`;
  return `${formatNumber(seconds * 1_000)} ms`;
}

export function formatMicroseconds(us: number): string {
  return formatSeconds(us / 1e6);
}

/** "3 runs", "1 run". */
export function counted(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}
