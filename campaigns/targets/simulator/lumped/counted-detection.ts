/**
 * Attackers that a long run finds after its message window: strikes go on at the rate that the window shows.
 * Owns: that rate, and which figures of detection follow from it. Does not own: strikes and convictions (node/core/suspicion.ts).
 *
 * Each poll of a node meets a given peer by a draw of its own, so the strikes of a pair are a binomial count; with a mean far below the
 * number of polls it is Poisson's. Convictions are for good here: with a half-life strikes are forgotten, and nothing is counted.
 */
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

type Figures = Pick<
  RunResult['results']['consensus_metrics'],
  'byzantine_detected' | 'false_positives' | 'time_to_detect_ms'
>;

/** Mean strikes of a pair with which half of the nodes hold a peer convicted: P(Poisson(m) >= 3) = 1/2. */
export const strikesOfMajority = 2.674;

/** Strikes of one poll against one peer, mean over those of its kind. */
export interface StrikeRates {
  readonly attacker: number;
  readonly honest: number;
}

/** Whether an attacker who is not found in the window is found by counting: a short window is then enough. */
export function isDetectionCounted({ byzantine }: Pick<RunSpec, 'byzantine'>): boolean {
  return byzantine.halfLifeUs === undefined;
}

/** Nobody has to be found in the window: there is no attacker, or counting finds them. */
export function needsNoFinding({ byzantine }: Pick<RunSpec, 'byzantine'>): boolean {
  return byzantine.share === 0 || isDetectionCounted({ byzantine });
}

/** `struck`: strikes against each member by `polls` polls of the whole network; `honest`: 1 by member. */
export function strikeRates(
  struck: ArrayLike<number>,
  honest: ArrayLike<number>,
  polls: number,
): StrikeRates {
  const sum = [0, 0];
  const members = [0, 0];
  for (let member = 0; member < honest.length; member++) {
    const kind = honest[member]! === 1 ? 1 : 0;
    sum[kind]! += struck[member]!;
    members[kind]! += 1;
  }
  const rate = (kind: number): number => (polls === 0 ? 0 : sum[kind]! / Math.max(1, members[kind]!) / polls);
  return { attacker: rate(0), honest: rate(1) };
}

/** The counted time as one honest node sees it. */
export interface CountedPolls {
  readonly pollsOfNode: number;
  readonly milliseconds: number;
  readonly attackers: number;
  readonly honest: number;
}

/** The figures of the window, with whom the counted time finds. */
export function foundByCounting(seen: Figures, rates: StrikeRates, counted: CountedPolls): Figures {
  const { pollsOfNode, milliseconds, attackers, honest } = counted;
  const isFound = (rate: number): boolean => rate * pollsOfNode >= strikesOfMajority;
  const isLater = isFound(rates.attacker) && seen.byzantine_detected < attackers;
  return {
    byzantine_detected: isLater ? attackers : seen.byzantine_detected,
    false_positives: isFound(rates.honest) ? honest : seen.false_positives,
    time_to_detect_ms: isLater
      ? (strikesOfMajority / rates.attacker / pollsOfNode) * milliseconds
      : seen.time_to_detect_ms,
  };
}
