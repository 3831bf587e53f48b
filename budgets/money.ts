/**
 * Money: whole micro-dollars, and amounts that say what they are (forecast, metered, billed, invoiced).
 * Owns: parsing, formatting, adding, multiplying by a ratio with a stated rounding.
 * Does not own: prices or currencies other than USD.
 *
 * A micro-dollar count is a branded safe integer, not a bigint: it survives JSON without a replacer, compares with `<` and
 * deepEqual, and its range (9 billion dollars) is 900,000 times the campaign's budget. Products go through bigint, so no
 * intermediate value is ever a float; a result outside the safe range is an error, never a rounded value.
 */
import { BudgetError } from '#budgets/budget-error.ts';

declare const usdMicrosBrand: unique symbol;
/** Whole micro-dollars: $1 = 1,000,000. */
export type UsdMicros = number & { readonly [usdMicrosBrand]: true };

export type AmountKind = 'FORECAST' | 'METERED' | 'BILLED' | 'INVOICED';

export interface Amount {
  readonly usdMicros: UsdMicros;
  readonly kind: AmountKind;
}

/** A non-negative or negative exact fraction; `over` is positive. Both are whole numbers of any size. */
export interface Ratio {
  readonly times: bigint;
  readonly over: bigint;
}

export type Rounding = 'half-even' | 'up' | 'down';

/** Throws `amount-out-of-range` unless `value` is a safe integer. */
export function usdMicros(value: number | bigint): UsdMicros {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new BudgetError('amount-out-of-range', `not a whole number of micro-dollars in range: ${value}`);
  }
  // -0 would print a minus sign.
  return (number === 0 ? 0 : number) as UsdMicros;
}

export const ZERO_USD: UsdMicros = usdMicros(0);

const DECIMAL = /^(-?)\$?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,6}))?$/;

/** Reads "1234.5", "$1,234.56", "-0.00045"; at most six decimals. Throws `bad-amount` on anything else. */
export function parseUsd(text: string): UsdMicros {
  const match = DECIMAL.exec(text.trim());
  if (match === null) throw new BudgetError('bad-amount', `not a dollar amount: ${JSON.stringify(text)}`);
  const [, sign = '', whole = '0', fraction = ''] = match;
  const micros = BigInt(whole.replaceAll(',', '')) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  return usdMicros(sign === '-' ? -micros : micros);
}

export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator <= 0n) throw new BudgetError('bad-amount', 'a ratio needs a positive denominator');
  const quotient = numerator / denominator;
  const rest = numerator % denominator;
  if (rest === 0n) return quotient;
  const away = numerator < 0n ? -1n : 1n;
  switch (rounding) {
    case 'up':
      return away > 0n ? quotient + 1n : quotient;
    case 'down':
      return away > 0n ? quotient : quotient - 1n;
    case 'half-even': {
      const twice = (rest < 0n ? -rest : rest) * 2n;
      if (twice > denominator || (twice === denominator && quotient % 2n !== 0n)) return quotient + away;
      return quotient;
    }
  }
}

/** `amount x times / over`, rounded once to a whole micro-dollar. */
export function multiply(amount: UsdMicros, ratio: Ratio, rounding: Rounding = 'half-even'): UsdMicros {
  return usdMicros(divide(BigInt(amount) * ratio.times, ratio.over, rounding));
}

/** Exact: a whole number of the same thing. Throws `bad-amount` for a count that is not a whole number. */
export function times(amount: UsdMicros, count: number): UsdMicros {
  if (!Number.isSafeInteger(count)) throw new BudgetError('bad-amount', `not a whole count: ${count}`);
  return usdMicros(BigInt(amount) * BigInt(count));
}

export function sum(amounts: readonly UsdMicros[]): UsdMicros {
  let total = 0n;
  for (const amount of amounts) total += BigInt(amount);
  return usdMicros(total);
}

export function amount(kind: AmountKind, micros: UsdMicros): Amount {
  return { usdMicros: micros, kind };
}

/** Throws `mixed-amounts` when kinds differ: a forecast is never added to a bill. */
export function addAmounts(kind: AmountKind, amounts: readonly Amount[]): Amount {
  const other = amounts.find((one) => one.kind !== kind);
  if (other !== undefined) throw new BudgetError('mixed-amounts', `cannot add ${other.kind} to ${kind}`);
  return { kind, usdMicros: sum(amounts.map((one) => one.usdMicros)) };
}

/** Splits `total` by whole weights so that the parts add up to it exactly; leftover micro-dollars go to the first parts. */
export function allocate(total: UsdMicros, weights: readonly number[]): readonly UsdMicros[] {
  const all = weights.reduce((sumSoFar, weight) => sumSoFar + BigInt(weight), 0n);
  if (all <= 0n) throw new BudgetError('bad-amount', 'nothing to allocate by: all weights are zero');
  const parts = weights.map((weight) => divide(BigInt(total) * BigInt(weight), all, 'down'));
  let left = BigInt(total) - parts.reduce((sumSoFar, part) => sumSoFar + part, 0n);
  return parts.map((part) => {
    const extra = left > 0n ? 1n : 0n;
    left -= extra;
    return usdMicros(part + extra);
  });
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1234.56", "0.11353": exact, no trailing zeros beyond `least` decimals. For JSON and CSV. */
export function decimalUsd(micros: UsdMicros, least = 2): string {
  const absolute = micros < 0 ? -BigInt(micros) : BigInt(micros);
  const fraction = String(absolute % 1_000_000n).padStart(6, '0');
  let decimals = 6;
  while (decimals > least && fraction[decimals - 1] === '0') decimals -= 1;
  const tail = decimals === 0 ? '' : `.${fraction.slice(0, decimals)}`;
  return `${micros < 0 ? '-' : ''}${absolute / 1_000_000n}${tail}`;
}

/** "$1,234.56": cents, half-even; negatives in brackets, "($0.10)", so that no meaning hangs on colour. */
export function formatUsd(micros: UsdMicros): string {
  const cents = divide(BigInt(micros), 10_000n, 'half-even');
  const absolute = cents < 0n ? -cents : cents;
  const text = `$${grouped(String(absolute / 100n))}.${String(absolute % 100n).padStart(2, '0')}`;
  return cents < 0n ? `(${text})` : text;
}

/** "$1,235": whole dollars, half-even. For sentences and chart labels only. */
export function formatWholeUsd(micros: UsdMicros): string {
  const dollars = divide(BigInt(micros), 1_000_000n, 'half-even');
  const text = `$${grouped(String(dollars < 0n ? -dollars : dollars))}`;
  return dollars < 0n ? `(${text})` : text;
}

/** For chart labels: cents below $1,000, whole dollars above; "$0" never stands for cents. */
export function formatShortUsd(micros: UsdMicros): string {
  return Math.abs(micros) < 1_000_000_000 ? formatUsd(micros) : formatWholeUsd(micros);
}

/** "$0.11353": unit prices keep at least five decimals and never lose one. */
export function formatUnitPrice(micros: UsdMicros): string {
  const text = decimalUsd(micros, 5);
  return text.startsWith('-') ? `($${text.slice(1)})` : `$${text}`;
}
