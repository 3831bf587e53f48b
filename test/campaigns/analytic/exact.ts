/**
 * Exact arithmetic for the tests of the formulas: fractions of big integers, nothing shared with the code under test.
 * Owns: binomial coefficients, fractions, and their conversion to doubles at any depth. Does not own: any expectation.
 */

export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

export function choose(n: number, r: number): bigint {
  if (r < 0 || r > n) return 0n;
  let value = 1n;
  for (let i = 1n; i <= BigInt(Math.min(r, n - r)); i += 1n) value = (value * (BigInt(n) - i + 1n)) / i;
  return value;
}

/** A fraction as a double with about 17 digits, however small: scaled by powers of ten first. */
export function toNumber({ over, under }: Fraction): number {
  if (over === 0n) return 0;
  let scaled = over;
  let exponent = 0;
  while (scaled / under < 10n ** 18n) {
    scaled *= 10n;
    exponent -= 1;
  }
  return Number(`${scaled / under}e${exponent}`);
}

/** P(at least `from` and at most `to` successes) without replacement. */
export function hypergeometricExact(
  population: number,
  successes: number,
  draws: number,
  from: number,
  to: number,
): Fraction {
  let over = 0n;
  for (let x = from; x <= to; x += 1)
    over += choose(successes, x) * choose(population - successes, draws - x);
  return { over, under: choose(population, draws) };
}

/** |a - b| relative to b; exact zeros must agree. */
export function relativeError(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.abs(b);
}
