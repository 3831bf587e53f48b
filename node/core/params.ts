/**
 * Consensus parameters and the inequalities they must satisfy.
 * Owns: the parameter record shared by the node, every simulator fidelity and the analysis, the rules of convictions, and `violations`.
 * Does not own: which parameters a scale uses (campaigns/scenarios) nor what they achieve (campaigns/analytic).
 */

/** All times are integer microseconds. Source: protocol definition, sections "Poll" and "Objects". */
export interface ConsensusParams {
  /** Peers asked in a poll. */
  readonly k: number;
  /** Yes votes that move the preference (score). */
  readonly alphaPreference: number;
  /** Yes votes that move the counter (chit 1). */
  readonly alphaConfidence: number;
  /** Consecutive successful polls that finalise. */
  readonly beta: number;
  /** Confidence that must be reached, 0 < threshold < 1. */
  readonly threshold: number;
  /** Polls without a decision after which a liveness failure is recorded. */
  readonly maxRounds: number;
  /** Shortest time between the starts of two polls of a node, microseconds. */
  readonly pollIntervalUs: number;
  /** Polls a node may have open at once. */
  readonly concurrentPolls: number;
  /** End a poll as soon as every outcome is certain (prefers near peers). */
  readonly earlyEnd: boolean;
  /** Undecided vertices at which a creator queues transactions instead of issuing. */
  readonly maxUndecided: number;
}

/** How convictions come about and how long they last. */
export interface ReputationRules {
  /** Time in which half of a penalty is forgotten, microseconds; 0 = convictions are for good. */
  readonly halfLifeUs: number;
  /**
   * `misbehaviour`: answers that no honest node gives. `outcome`: a no in the poll that completes the finalisation of the
   * vertex; where nothing is finalised this convicts nobody, and it may hit honest nodes that are behind.
   */
  readonly basis: 'misbehaviour' | 'outcome';
}

export const lastingConvictions: ReputationRules = { halfLifeUs: 0, basis: 'misbehaviour' };

/** The bit-sliced vote counters hold at most this many votes. */
export const maximumSampleSize = 1023;

/** Every violated inequality, in words; empty when the parameters can run in a network of `nodes`. */
export function violations(params: ConsensusParams, nodes: number): string[] {
  const found: string[] = [];
  const { k, alphaPreference, alphaConfidence, beta, threshold, maxRounds } = params;
  const integer = (name: string, value: number, least: number): void => {
    if (!Number.isInteger(value) || value < least)
      found.push(`${name} = ${value} must be an integer >= ${least}`);
  };
  integer('k', k, 1);
  integer('alphaPreference', alphaPreference, 1);
  integer('alphaConfidence', alphaConfidence, 1);
  integer('beta', beta, 1);
  integer('maxRounds', maxRounds, 1);
  integer('pollInterval (us)', params.pollIntervalUs, 1);
  integer('concurrentPolls', params.concurrentPolls, 1);
  integer('maxUndecided', params.maxUndecided, 1);
  if (k > maximumSampleSize) found.push(`k = ${k} must be <= ${maximumSampleSize}`);
  if (k >= nodes)
    found.push(`k = ${k} must be < ${nodes} nodes: a node samples k distinct peers other than itself`);
  if (2 * alphaPreference <= k) found.push(`alphaPreference = ${alphaPreference} must be > k/2 = ${k / 2}`);
  if (alphaConfidence < alphaPreference) {
    found.push(`alphaConfidence = ${alphaConfidence} must be >= alphaPreference = ${alphaPreference}`);
  }
  if (alphaConfidence > k) found.push(`alphaConfidence = ${alphaConfidence} must be <= k = ${k}`);
  if (!(threshold > 0 && threshold < 1)) found.push(`threshold = ${threshold} must lie between 0 and 1`);
  if (maxRounds < beta) found.push(`maxRounds = ${maxRounds} must be >= beta = ${beta}`);
  return found;
}
