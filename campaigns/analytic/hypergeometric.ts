/**
 * The hypergeometric law: successes in a sample drawn without replacement.
 * Owns: its support, mode and ratio recurrence. Does not own: tails (discrete-law.ts).
 */
import type { DiscreteLaw } from './discrete-law.ts';
import { lawFromRatios } from './discrete-law.ts';

/**
 * Successes among `draws` distinct members of a population of `population` that holds `successes` of them.
 * Cost: O(size of the support). Throws RangeError unless 0 <= successes, draws <= population, all integers.
 */
export function hypergeometricLaw(population: number, successes: number, draws: number): DiscreteLaw {
  const integers = [population, successes, draws].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!integers || successes > population || draws > population) {
    throw new RangeError(`hypergeometric: population ${population}, successes ${successes}, draws ${draws}`);
  }
  const failures = population - successes;
  const least = Math.max(0, draws - failures);
  const most = Math.min(draws, successes);
  const peak = Math.floor(((draws + 1) * (successes + 1)) / (population + 2));
  const mode = Math.min(most, Math.max(least, peak));
  return lawFromRatios(least, most, mode, (x) => {
    return ((successes - x) * (draws - x)) / ((x + 1) * (failures - draws + x + 1));
  });
}
