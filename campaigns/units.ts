/**
 * Quantities as people write them: 1h, 250ms, 1KB, 100Mbps, 10%, 2..4, $10,000.
 * Owns: parsing text into integers of the base unit (microseconds, bytes, bits per second, micro-dollars) or shares, and
 * printing them back. Does not own: where a quantity may stand (schema/) or its limits there.
 * Sizes are binary (1KB = 1,024 bytes), rates are decimal (1Mbps = 1,000,000 bits per second).
 */

/** An expected outcome is a value: the reason says what to write instead. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

/** Reads one quantity of a kind. */
export type Parser<T> = (text: string) => Parsed<T>;

type Scale = Readonly<Record<string, number>>;

const durations: Scale = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};
const sizes: Scale = { B: 1, KB: 1_024, MB: 1_048_576, GB: 1_073_741_824, TB: 1_099_511_627_776 };
const rates: Scale = { bps: 1, Kbps: 1_000, Mbps: 1_000_000, Gbps: 1_000_000_000 };

/** A year: nothing in a campaign is longer. */
const longestUs = 366 * 86_400_000_000;
const largestBytes = 1_024 * 1_099_511_627_776;
const fastestBitsPerSecond = 1_000_000_000_000;

const amount = /^(-?)(\d{1,16}(?:\.\d{1,9})?) ?([A-Za-z]+)$/;

function failure(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

interface Kind {
  readonly noun: string;
  readonly scale: Scale;
  readonly example: string;
  readonly most: number;
}

function parseAmount(text: string, kind: Kind): Parsed<number> {
  const units = Object.keys(kind.scale).join(', ');
  const match = amount.exec(text.trim());
  if (match === null) {
    return failure(`${quoted(text)} is not ${kind.noun}: a number and one of ${units}, like ${kind.example}`);
  }
  const factor = Object.hasOwn(kind.scale, match[3]!) ? kind.scale[match[3]!] : undefined;
  if (factor === undefined) {
    return failure(`${quoted(text)} has the unit "${match[3]}"; ${kind.noun} is written in ${units}`);
  }
  if (match[1] === '-') return failure(`${quoted(text)} is negative`);
  const value = Math.round(Number(match[2]) * factor);
  if (value > kind.most) return failure(`${quoted(text)} is more than ${kind.noun} can be here`);
  if (value === 0 && Number(match[2]) > 0) return failure(`${quoted(text)} is less than the smallest unit`);
  return { ok: true, value };
}

/** Integer microseconds. */
export const parseDurationUs: Parser<number> = (text) =>
  parseAmount(text, { noun: 'a duration', scale: durations, example: '250ms', most: longestUs });

/** Integer bytes. */
export const parseSizeBytes: Parser<number> = (text) =>
  parseAmount(text, { noun: 'a size', scale: sizes, example: '1KB', most: largestBytes });

/** Integer bits per second. */
export const parseRateBitsPerSecond: Parser<number> = (text) =>
  parseAmount(text, { noun: 'a rate', scale: rates, example: '100Mbps', most: fastestBitsPerSecond });

/** The number before the sign: "99.9%" is 99.9. May exceed 100 (growth) or be negative (effect). */
export const parsePercent: Parser<number> = (text) => {
  const match = /^(-?\d{1,6}(?:\.\d{1,9})?) ?%$/.exec(text.trim());
  if (match === null) return failure(`${quoted(text)} is not a percentage, like 99.9%`);
  return { ok: true, value: Number(match[1]) };
};

/** 0..1, from "10%" or "0.1". */
export const parseShare: Parser<number> = (text) => {
  const trimmed = text.trim();
  const plain = /^-?\d{1,9}(?:\.\d{1,15})?$/.test(trimmed);
  const percent = parsePercent(trimmed);
  if (!plain && !percent.ok) return failure(`${quoted(text)} is not a share, like 10% or 0.1`);
  const value = percent.ok ? percentToShare(percent.value) : Number(trimmed);
  if (value < 0) return failure(`${quoted(text)} is negative`);
  if (value <= 1) return { ok: true, value };
  const wanted = plain && value <= 100 ? `: write ${trimmed}% if that is meant` : '';
  return failure(`${quoted(text)} is more than the whole${wanted}`);
};

/** Dividing by 100 keeps the share that the decimal literal names (10% and 0.1 are the same float). */
function percentToShare(percent: number): number {
  return percent / 100;
}

/** A plain integer >= 0. */
export const parseCount: Parser<number> = (text) => {
  const trimmed = text.trim();
  if (!/^\d{1,12}$/.test(trimmed)) return failure(`${quoted(text)} is not a whole number`);
  return { ok: true, value: Number(trimmed) };
};

/** A plain finite number >= 0. */
export const parseNumber: Parser<number> = (text) => {
  const trimmed = text.trim();
  if (!/^\d{1,12}(?:\.\d{1,9})?$/.test(trimmed)) return failure(`${quoted(text)} is not a number`);
  return { ok: true, value: Number(trimmed) };
};

/** "a..b" with a <= b, both read by `parse`; a single quantity is the range from it to itself. */
export function parseRange(text: string, parse: Parser<number>): Parsed<readonly [number, number]> {
  const ends = text.split('..');
  if (ends.length > 2) return failure(`${quoted(text)} is not a range, like a..b`);
  const least = parse(ends[0]!);
  if (!least.ok) return least;
  const most = parse(ends[1] ?? ends[0]!);
  if (!most.ok) return most;
  if (least.value > most.value) return failure(`${quoted(text)} is a range whose start exceeds its end`);
  return { ok: true, value: [least.value, most.value] };
}

/** Integer micro-dollars from "$10,000" or "$0.34". */
export const parseUsdMicros: Parser<number> = (text) => {
  const match = /^\$(\d{1,3}(?:,\d{3})*|\d{1,9})(\.\d{1,6})?$/.exec(text.trim());
  if (match === null) return failure(`${quoted(text)} is not an amount of dollars, like $10,000`);
  const whole = Number(match[1]!.replaceAll(',', ''));
  if (whole > 1_000_000_000) return failure(`${quoted(text)} is more than a billion dollars`);
  const micros = Number((match[2] ?? '.').slice(1).padEnd(6, '0'));
  return { ok: true, value: whole * 1_000_000 + micros };
};

function format(value: number, scale: Scale): string {
  const units = Object.entries(scale).reverse();
  for (const [unit, factor] of units) {
    if (value % factor === 0 && (value >= factor || factor === 1)) return `${value / factor}${unit}`;
  }
  return `${value}${units.at(-1)?.[0] ?? ''}`;
}

/** The largest unit that needs no fraction: 3,600,000,000 is "1h". Reads back to the same number. */
export function formatDurationUs(us: number): string {
  return us === 0 ? '0s' : format(us, durations);
}

export function formatSizeBytes(bytes: number): string {
  return format(bytes, sizes);
}

export function formatRate(bitsPerSecond: number): string {
  return format(bitsPerSecond, rates);
}

/** "20%"; at most nine decimals, so that it reads back. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(9))}%`;
}
