/**
 * Probabilities that repetitions never show: multilevel importance splitting with a fixed effort per level.
 * Owns: choosing levels in a pilot, the estimate, its error. Does not own: the chains that are split (late-chain.ts, split-chain.ts).
 *
 * From the states in which a level was first reached, as many are drawn with replacement as there are runs per level; the share of
 * runs that reach the next level are multiplied. With levels and effort fixed beforehand the product is unbiased for any importance
 * function; a poor one only widens the interval. Sources: Glasserman et al. 1999, Garvels 2000; Del Moral 2004 (unbiasedness).
 */
import { summarise } from '#campaigns/analysis/statistics.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';

/** A Markov chain, round by round, towards an event. */
export interface RareChain<State> {
  readonly start: () => State;
  readonly copy: (state: State) => State;
  /** One round, in place. */
  readonly step: (state: State, draws: Draws) => void;
  /** How near the event is, a whole number; the event has happened at `top`. */
  readonly level: (state: State) => number;
  readonly top: number;
  /** Nothing can follow any more. */
  readonly isOver: (state: State) => boolean;
}

export interface RareEstimate {
  /** Mean of the independent estimates; unbiased. 0: the event was reached in none of them. */
  readonly probability: number;
  /** 95 % interval of the mean; null when the event was reached in none. */
  readonly interval: readonly [number, number] | null;
  readonly standardError: number;
  /** Standard error / probability; null when the event was reached in none. */
  readonly relativeError: number | null;
  readonly levels: readonly number[];
  readonly effort: number;
  readonly estimates: number;
}

export interface RareEffort {
  readonly seed: number;
  /** Runs per level. */
  readonly effort: number;
  /** Independent estimates; at least 2. */
  readonly estimates: number;
}

/** Of the runs from a level, the share that is to reach the next one. */
const shareWanted = 0.25;

/** Runs until the level is reached or nothing can follow; null when it was not reached. */
function climb<State>(chain: RareChain<State>, from: State, level: number, draws: Draws): State | null {
  const state = chain.copy(from);
  for (;;) {
    if (chain.level(state) >= level) return state;
    if (chain.isOver(state)) return null;
    chain.step(state, draws);
  }
}

function highest<State>(chain: RareChain<State>, from: State, draws: Draws): number {
  const state = chain.copy(from);
  let most = chain.level(state);
  while (most < chain.top && !chain.isOver(state)) {
    chain.step(state, draws);
    most = Math.max(most, chain.level(state));
  }
  return most;
}

function stage<State>(
  chain: RareChain<State>,
  entries: readonly State[],
  level: number,
  effort: number,
  draws: Draws,
): State[] {
  const reached: State[] = [];
  for (let run = 0; run < effort; run += 1) {
    const state = climb(chain, entries[draws.below(entries.length)]!, level, draws);
    if (state !== null) reached.push(state);
  }
  return reached;
}

/** Levels such that about a quarter of the runs gets from one to the next. Its draws are not those of any estimate. */
export function pilotLevels<State>(chain: RareChain<State>, effort: number, draws: Draws): number[] {
  const levels: number[] = [];
  let entries = [chain.start()];
  let at = chain.level(entries[0]!);
  while (at < chain.top) {
    const tops = Array.from({ length: effort }, () =>
      highest(chain, entries[draws.below(entries.length)]!, draws),
    ).sort((a, b) => b - a);
    const next = Math.max(at + 1, tops[Math.floor(shareWanted * effort)]!);
    at = Math.min(chain.top, next);
    levels.push(at);
    entries = stage(chain, entries, at, effort, draws);
    // Too rare for the pilot: every further step is a level of its own.
    if (entries.length === 0) {
      for (let level = at + 1; level <= chain.top; level += 1) levels.push(level);
      return levels;
    }
  }
  return levels;
}

/** One unbiased estimate. */
export function splitOnce<State>(
  chain: RareChain<State>,
  levels: readonly number[],
  effort: number,
  draws: Draws,
): number {
  let entries = [chain.start()];
  let probability = 1;
  for (const level of levels) {
    const reached = stage(chain, entries, level, effort, draws);
    if (reached.length === 0) return 0;
    probability *= reached.length / effort;
    entries = reached;
  }
  return probability;
}

/** Throws RangeError when effort or estimates are too few to say anything. Deterministic in the seed. */
export function estimateRare<State>(
  chain: RareChain<State>,
  { seed, effort, estimates }: RareEffort,
): RareEstimate {
  if (!(effort >= 10 && estimates >= 2))
    throw new RangeError(`${effort} runs per level, ${estimates} estimates: at least 10 and 2`);
  const levels = pilotLevels(chain, effort, new Draws(seed, 0));
  const values = Array.from({ length: estimates }, (_, index) =>
    splitOnce(chain, levels, effort, new Draws(seed, 1 + index)),
  );
  const { mean, deviation, interval } = summarise(values);
  const standardError = deviation / Math.sqrt(estimates);
  const isSeen = mean > 0;
  return {
    probability: mean,
    interval: isSeen && interval !== null ? [Math.max(0, interval[0]), interval[1]] : null,
    standardError,
    relativeError: isSeen ? standardError / mean : null,
    levels,
    effort,
    estimates,
  };
}

/** Standard errors between two independent estimates of the same probability; null when one was not reached. */
export function disagreement(one: RareEstimate, other: RareEstimate): number | null {
  if (one.interval === null || other.interval === null) return null;
  const error = Math.hypot(one.standardError, other.standardError);
  const distance = Math.abs(one.probability - other.probability);
  return distance === 0 ? 0 : distance / error;
}
