/**
 * How far a spot price moves between the day it was quoted and the day it is paid: recorded moves, scaled to the time in between.
 * Owns: the law and the time that a quote has to hold. Does not own: the record (price-history.ts) or drawing (sampled-cost.ts).
 * A move is the logarithm of the ratio of two prices of one type in one region; it grows with the square root of time, as a random
 * walk does. Each counts with both signs: what was recorded is one stretch of one market, and its direction is no law.
 */
import { daysBetween, type PastPrices, type PriceHistory, readPriceHistory } from '#budgets/price-history.ts';

/** Moves per square root of a day, both signs, ascending. Empty: nothing was recorded. */
export type DriftLaw = readonly number[];

/** A quote without a date is taken to be so old. */
export const UNDATED_DAYS = 365;
/** From the last look at a quote to the run: an approval holds for a day. */
const USE_DAYS = 1;

export function horizonDays(ageDays: number | null): number {
  return Math.max(0, ageDays ?? UNDATED_DAYS) + USE_DAYS;
}

/** `uses`: which rows it is taken from; a test leaves out what it predicts. */
export function driftLaw(past: PriceHistory, uses: (row: PastPrices) => boolean = () => true): DriftLaw {
  const moves = past.rows.filter(uses).flatMap(({ quotes }) =>
    quotes.slice(1).map((later, i) => {
      const earlier = quotes[i] ?? later;
      const days = daysBetween(earlier.date, later.date);
      return Math.log(Number(later.usdPerHour) / Number(earlier.usdPerHour)) / Math.sqrt(days);
    }),
  );
  return [...moves, ...moves.map((move) => -move)].sort((a, b) => a - b);
}

let shipped: DriftLaw | null = null;

/** Of the history that ships with the product; read once. */
export function shippedDrift(): DriftLaw {
  shipped ??= driftLaw(readPriceHistory());
  return shipped;
}

/** What a price is multiplied with after `days`, at the probability `u`; 1 at its median. */
export function driftFactor(law: DriftLaw, days: number, u: number): number {
  const at = u * (law.length - 1);
  const below = Math.floor(at);
  const [low = 0, high = low] = [law[below], law[below + 1]];
  return Math.exp((low + (at - below) * (high - low)) * Math.sqrt(days));
}
