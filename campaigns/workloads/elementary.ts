/**
 * Sine and natural logarithm from + - * / alone, so that a schedule has the same bytes on every machine.
 * Owns: the two approximations and their error bounds. Does not own: who needs them (load profile, arrivals).
 * ECMAScript leaves the rounding of Math.sin and Math.log to the engine; the four operations are exact by IEEE 754.
 */

/** ln(x) for finite x > 0; absolute error below 1e-12. Throws RangeError outside the domain. */
export function naturalLog(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) throw new RangeError(`naturalLog of ${x}`);
  let mantissa = x;
  let exponent = 0;
  for (; mantissa >= 2 * Math.SQRT1_2; exponent += 1) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent -= 1) mantissa *= 2;
  // ln m = 2 artanh z with |z| <= 0.1716, where nine terms of the odd series leave less than 1e-15.
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let n = 17; n >= 1; n -= 2) sum = sum * square + 1 / n;
  return exponent * Math.LN2 + 2 * z * sum;
}

/** sin(2 pi turns); absolute error below 1e-9. `turns` is any finite number. */
export function sineOfTurns(turns: number): number {
  let phase = turns - Math.floor(turns);
  let sign = 1;
  if (phase >= 0.5) {
    phase -= 0.5;
    sign = -1;
  }
  if (phase > 0.25) phase = 0.5 - phase;
  const x = phase * 2 * Math.PI;
  const square = x * x;
  let term = x;
  let sum = x;
  for (let n = 2; n <= 14; n += 2) {
    term *= -square / (n * (n + 1));
    sum += term;
  }
  return sign * sum;
}
