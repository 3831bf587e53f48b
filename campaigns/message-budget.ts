/**
 * How many messages one repetition may deliver when its scenario does not say.
 * Owns: the arithmetic between the least window that says anything and the time a campaign may take.
 * Does not own: the constants (limits.ts), the least window (window.ts) or spending the budget (targets).
 */
import {
  finalityTimesWanted,
  messageBudgetMost,
  messagesAlways,
  messagesUsuallyMost,
} from '#campaigns/limits.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { type LoadAndTime, leastWork, plannedFinalityTimes } from '#campaigns/targets/simulator/window.ts';

/** What of a run decides about its budget. */
export type BudgetFacts = LoadAndTime;

/** The smallest budget with which a window says anything, warm-up and cool-down beside it. */
export function leastMessageBudget(facts: BudgetFacts, estimate = estimateFinality(facts)): number {
  return Math.min(messageBudgetMost, Math.ceil(leastWork(facts, estimate)));
}

/**
 * The default: 60 finality times, at least 60 M and at most 120 M messages, and never below the least budget. A network
 * that is not live by the run-length law gets the least budget: watching it for longer shows nothing new.
 *
 * What vertices cost is counted in messages, too (FinalityEstimate.workPerMessage), so the budget is time: 10 M take about
 * one CPU-second (simulation-cost.ts).
 */
export function defaultMessageBudget(facts: BudgetFacts): number {
  const estimate = estimateFinality(facts);
  const least = leastMessageBudget(facts, estimate);
  if (!estimate.isLive) return least;
  const wanted = Math.ceil((finalityTimesWanted / plannedFinalityTimes) * leastWork(facts, estimate));
  return Math.max(least, Math.min(messagesUsuallyMost, Math.max(messagesAlways, wanted)));
}

/** A row, as far as its share of the time of a phase is concerned. */
export interface RowCost {
  readonly spec: RunSpec;
  readonly repetitions: number;
}

/**
 * Of what rows get beyond their least budgets, the share that keeps all of them within `coreSeconds`: 1 when they fit, 0 when the
 * least budgets alone are more. It is the same on every machine, so that a row is the same cell everywhere.
 */
export function affordableShare(rows: readonly RowCost[], coreSeconds: number): number {
  const cost = (budgetOf: (spec: RunSpec) => number): number =>
    rows.reduce(
      (sum, { spec, repetitions }) =>
        sum + repetitions * plannedCpuSeconds({ ...spec, messageBudget: budgetOf(spec) }),
      0,
    );
  const wanted = cost(({ messageBudget }) => messageBudget);
  if (wanted <= coreSeconds) return 1;
  const least = cost((spec) => Math.min(spec.messageBudget, leastMessageBudget(spec)));
  return least >= coreSeconds ? 0 : (coreSeconds - least) / (wanted - least);
}

/** The budget with that share of what goes beyond the least one. */
export function sharedMessageBudget(spec: RunSpec, share: number): number {
  const least = Math.min(spec.messageBudget, leastMessageBudget(spec));
  return Math.floor(least + share * (spec.messageBudget - least));
}
