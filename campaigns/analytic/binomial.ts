/**
 * The binomial law: successes in independent trials.
 * Owns: its support, mode and ratio recurrence. Does not own: tails (discrete-law.ts).
 */
import type { DiscreteLaw } from './discrete-law.ts';
import { lawFromRatios } from './discrete-law.ts';

/**
 * Successes in `trials` independent trials of probability `p`; `q` = 1 - p may be given when p is so near 1 that
 * the subtraction would lose digits. Throws RangeError outside 0 <= p <= 1 or for a negative number of trials.
 */
export function binomialLaw(trials: number, p: number, q: number = 1 - p): DiscreteLaw {
  if (!Number.isSafeInteger(trials) || trials < 0 || !(p >= 0 && p <= 1 && q >= 0 && q <= 1)) {
    throw new RangeError(`binomial: trials ${trials}, p ${p}`);
  }
  const noRatio = (): number => 1;
  if (p === 0 || trials === 0) return lawFromRatios(0, 0, 0, noRatio);
  if (q === 0) return lawFromRatios(trials, trials, trials, noRatio);
  const mode = Math.min(trials, Math.floor((trials + 1) * p));
  const odds = p / q;
  return lawFromRatios(0, trials, mode, (x) => ((trials - x) / (x + 1)) * odds);
}
