/**
 * A forecast amount in three values: low, P50 and P90.
 * Owns: building, adding and multiplying them. Does not own: how a value was reached (run-cost.ts).
 * P90 of a sum is the sum of the P90s: it assumes that everything goes wrong together, so it never understates.
 */
import { type Amount, addAmounts, amount, times, type UsdMicros } from '#budgets/money.ts';

export interface Estimate {
  readonly low: Amount;
  readonly p50: Amount;
  readonly p90: Amount;
}

export function estimate(low: UsdMicros, p50: UsdMicros, p90: UsdMicros): Estimate {
  return { low: amount('FORECAST', low), p50: amount('FORECAST', p50), p90: amount('FORECAST', p90) };
}

export function addEstimates(parts: readonly Estimate[]): Estimate {
  return {
    low: addAmounts(
      'FORECAST',
      parts.map(({ low }) => low),
    ),
    p50: addAmounts(
      'FORECAST',
      parts.map(({ p50 }) => p50),
    ),
    p90: addAmounts(
      'FORECAST',
      parts.map(({ p90 }) => p90),
    ),
  };
}

/** Exact: `count` equal things. */
export function timesEstimate(one: Estimate, count: number): Estimate {
  const { low, p50, p90 } = one;
  return estimate(times(low.usdMicros, count), times(p50.usdMicros, count), times(p90.usdMicros, count));
}
