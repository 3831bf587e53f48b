/**
 * What one network configuration achieves: success of a poll, polls to finality, who finalises within the limit.
 * Owns: putting yes-votes.ts and run-length.ts together, and messages per decision.
 * Does not own: safety (safety.ts), time (poll-time.ts), or the search for a configuration (tolerance.ts).
 */
import type { Chance } from './run-length.ts';
import {
  allDecided,
  expectedRounds,
  expectedSlowestRounds,
  SuccessRun,
  someUndecided,
} from './run-length.ts';
import type { PollSetting } from './yes-votes.ts';
import { yesVotes } from './yes-votes.ts';

export interface FinalitySetting extends PollSetting {
  /** Yes votes that make a poll successful. */
  readonly alpha: number;
  readonly beta: number;
  readonly maxRounds: number;
}

export interface Finality {
  /** Success and failure probability of one poll of one honest node. */
  readonly success: Chance;
  /** E[T] in polls, Infinity when no poll can succeed. */
  readonly expectedRounds: number;
  /** P(one honest node finalises within maxRounds) and its complement. */
  readonly oneWithin: number;
  readonly oneLate: number;
  /** P(every honest node does) and its complement, nodes taken as independent given the honest preference. */
  readonly allWithin: number;
  readonly someLate: number;
}

/** Success probability of one poll. */
export function pollSuccess(setting: PollSetting, alpha: number): Chance {
  const votes = yesVotes(setting);
  return { p: votes.atLeast(alpha), q: votes.atMost(alpha - 1) };
}

/** Honest nodes that are up. */
export function liveHonest(setting: PollSetting): number {
  const honest = setting.nodes - setting.byzantine;
  return Math.max(1, honest - Math.round(setting.offlineShare * honest));
}

export function finality(setting: FinalitySetting): Finality {
  return finalityOf(
    pollSuccess(setting, setting.alpha),
    setting.beta,
    setting.maxRounds,
    liveHonest(setting),
  );
}

/** As `finality`, for a known success probability. Cost: maxRounds x beta. */
export function finalityOf(success: Chance, beta: number, maxRounds: number, honest: number): Finality {
  const run = new SuccessRun(success, beta);
  for (let r = 0; r < maxRounds; r += 1) run.advance();
  return {
    success,
    expectedRounds: expectedRounds(success, beta),
    oneWithin: run.decided,
    oneLate: run.undecided,
    allWithin: allDecided(run.undecided, run.decided, honest),
    someLate: someUndecided(run.undecided, run.decided, honest),
  };
}

/** E[polls of the slowest honest node]. */
export function slowestRounds(setting: FinalitySetting): number {
  return expectedSlowestRounds(pollSuccess(setting, setting.alpha), setting.beta, liveHonest(setting));
}

/** Queries and answers of all honest nodes until each finalised one vertex polled alone: 2 k H E[T]. */
export function messagesPerDecision(setting: FinalitySetting): number {
  return 2 * setting.k * liveHonest(setting) * finality(setting).expectedRounds;
}
