/**
 * The largest share of attackers that a configuration still bears.
 * Owns: the liveness and safety targets and the search over the number of attackers.
 * Does not own: the formulas (finality.ts, safety.ts) or the search for other parameters (campaigns/advise.ts).
 */
import type { FinalitySetting } from './finality.ts';
import { finality } from './finality.ts';
import type { SafetyNotion, SafetySetting } from './safety.ts';
import { boundLog10 } from './safety.ts';

/** One honest node, and all of them together, must finalise within the round limit with these probabilities. */
export interface LivenessTarget {
  readonly oneWithinLeast: number;
  readonly allWithinLeast: number;
}

export const defaultLivenessTarget: LivenessTarget = { oneWithinLeast: 0.999, allWithinLeast: 0.95 };

/** Largest acceptable probability of an unsafe decision, per decision. */
export const defaultSafetyTarget = 1e-9;

/** Attackers that can be borne; -1 when the configuration fails even without any. */
export interface Tolerance {
  readonly byzantine: number;
  readonly share: number;
}

/** Largest number of attackers with which the liveness target holds. Success falls as attackers replace honest nodes. */
export function livenessTolerance(
  setting: Omit<FinalitySetting, 'byzantine'>,
  target: LivenessTarget = defaultLivenessTarget,
): Tolerance {
  return largest(setting.nodes, (byzantine) => {
    const { oneWithin, allWithin } = finality({ ...setting, byzantine });
    return oneWithin >= target.oneWithinLeast && allWithin >= target.allWithinLeast;
  });
}

/** Largest number of attackers with which the bound of the chosen notion stays at or below `target`. */
export function safetyTolerance(
  setting: Omit<SafetySetting, 'byzantine'>,
  notion: SafetyNotion,
  target: number = defaultSafetyTarget,
): Tolerance {
  const limit = Math.log10(target);
  return largest(setting.nodes, (byzantine) => boundLog10({ ...setting, byzantine }, notion) <= limit);
}

function largest(nodes: number, holds: (byzantine: number) => boolean): Tolerance {
  let good = -1;
  let bad = nodes - 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return { byzantine: good, share: Math.max(0, good) / nodes };
}
