/**
 * Exact fractions of big integers: the arithmetic of the oracle.
 * Owns: four operations, powers, reduction, nearest double. Shares nothing with the product.
 */
export interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}

function divisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** over / under in lowest terms; `under` must not be 0. */
export function rational(over: bigint | number, under: bigint | number = 1n): Rational {
  const [a, b] = [BigInt(over), BigInt(under)];
  if (b === 0n) throw new RangeError('a fraction over 0');
  const common = divisor(a, b < 0n ? -b : b) || 1n;
  const sign = b < 0n ? -1n : 1n;
  return { over: (sign * a) / common, under: (sign * b) / common };
}

export const zero = rational(0n);
export const one = rational(1n);

export function plus(a: Rational, b: Rational): Rational {
  return rational(a.over * b.under + b.over * a.under, a.under * b.under);
}

export function minus(a: Rational, b: Rational): Rational {
  return rational(a.over * b.under - b.over * a.under, a.under * b.under);
}

export function times(a: Rational, b: Rational): Rational {
  return rational(a.over * b.over, a.under * b.under);
}

export function power(a: Rational, exponent: number): Rational {
  return { over: a.over ** BigInt(exponent), under: a.under ** BigInt(exponent) };
}

/** The nearest double or one beside it, also far below 2^-1022 / 2^1022 of numerator or denominator. */
export function toNumber({ over, under }: Rational): number {
  if (over === 0n) return 0;
  const bits = (n: bigint): number => n.toString(2).length;
  const shift = bits(over) - bits(under) - 60;
  const quotient = shift >= 0 ? over / (under << BigInt(shift)) : (over << BigInt(-shift)) / under;
  return Number(quotient) * 2 ** shift;
}
