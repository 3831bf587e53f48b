/**
 * What can make a run dearer than its quotes, as chances with a basis each: no factor on top of a sum.
 * Owns: the chances and how a campaign's own record replaces an assumption. Does not own: drawing (sampled-cost.ts).
 */
import type { InterruptionBand } from '#budgets/price-sheet.ts';

/** A chance, where it comes from and how many trials stand behind it; 0 trials = assumed. */
export interface Chance {
  readonly share: number;
  readonly trials: number;
  readonly basis: string;
}

export interface RiskModel {
  /** A repetition that ends without a usable result and is done again as a whole. */
  readonly invalidRun: Chance;
  /** A deployment that fails and is taken down and started again. */
  readonly failedDeploy: Chance;
  /** Deploy and teardown time against the plan, per cent: at P10, P50 and P90. */
  readonly deployPercent: { readonly p10: number; readonly p50: number; readonly p90: number };
  /** Chance that spot capacity runs short in a window, by interruption band; then a part of the pool is bought on demand. */
  readonly spotShortage: Readonly<Record<InterruptionBand, Chance>>;
  /** The largest part of the pool that falls back on demand in such a window; drawn evenly up to it. */
  readonly mostFallbackShare: number;
  /** metered / forecast of past campaigns, per cost component; absent = 1. */
  readonly observedRatio: Readonly<Record<string, { readonly ratio: number; readonly lines: number }>>;
}

function assumed(share: number, why: string): Chance {
  return { share, trials: 0, basis: `assumed: ${why}` };
}

export const defaultRisks: RiskModel = {
  invalidRun: assumed(0.05, 'one repetition in 20 does not meet its own preconditions'),
  failedDeploy: assumed(0.05, 'one deployment in 20 is done twice'),
  deployPercent: { p10: 85, p50: 100, p90: 150 },
  spotShortage: {
    '<5%': assumed(0.02, 'calm pool'),
    '5-10%': assumed(0.05, 'half of the interruption band’s upper end'),
    '10-15%': assumed(0.08, 'half of the interruption band’s upper end'),
    '15-20%': assumed(0.1, 'half of the interruption band’s upper end'),
    '>20%': assumed(0.2, 'half of the 40 % that the open band is taken for'),
  },
  mostFallbackShare: 0.5,
  observedRatio: {},
};

/** Weight of an assumption against counted trials: the assumption counts as so many. */
const ASSUMPTION_TRIALS = 20;

/** The assumption and what was counted, weighed by trials (a Beta prior worth 20 trials). */
export function updated(
  assumption: Chance,
  counted: { readonly hits: number; readonly trials: number },
): Chance {
  if (counted.trials === 0) return assumption;
  const trials = ASSUMPTION_TRIALS + counted.trials;
  const share = (assumption.share * ASSUMPTION_TRIALS + counted.hits) / trials;
  const basis = `${counted.hits} of ${counted.trials} counted, with the assumption ${assumption.share} as ${ASSUMPTION_TRIALS} trials`;
  return { share, trials: counted.trials, basis };
}
