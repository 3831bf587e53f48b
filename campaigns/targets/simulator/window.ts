/**
 * Plans warm-up, measured window and cool-down of a run in virtual time from its message budget.
 * Owns: the lengths, the compression they amount to, and the notes that say so. Does not own: the estimate of finality
 * (finality-estimate.ts), placing faults in the window (campaigns/faults), stopping early when everything is decided (host).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { FinalityEstimate } from './finality-estimate.ts';
import { estimateFinality } from './finality-estimate.ts';

/** A measured window is never shorter than this many finality times, whatever the budget. */
export const leastFinalityTimes = 20;
const warmupFinalityTimes = 3;
const leastCooldownFinalityTimes = 3;
const mostCooldownFinalityTimes = 5;
/** A `single` workload may take this much longer than expected until its decisions are counted as not made. */
const singleSlack = 4;
const shortestRequestUs = 1_000;

/** Lengths are integer microseconds of virtual time. */
export interface WindowPlan {
  readonly warmupUs: number;
  readonly measureUs: number;
  readonly cooldownUs: number;
  /** Requested / measured window; 1 = not compressed, below 1 = stretched to carry enough finality times. */
  readonly compression: number;
  /** Virtual / requested, at most 1: what periods of workloads and times of faults are multiplied by. */
  readonly scale: number;
  readonly finalityUs: number;
  /** Over the whole run. */
  readonly estimatedMessages: number;
  /** Decisions after which a `single` workload is done; null for all others. */
  readonly decisions: number | null;
  /** What was shortened or exceeded, with its figures; printed by the run. */
  readonly notes: readonly string[];
}

export function planWindow(spec: RunSpec, estimate: FinalityEstimate = estimateFinality(spec)): WindowPlan {
  return spec.workload.kind === 'single' ? planSingle(spec, estimate) : planOpen(spec, estimate);
}

function planOpen(spec: RunSpec, estimate: FinalityEstimate): WindowPlan {
  const { duration, messageBudget } = spec;
  const { finalityUs, messagesPerSecond } = estimate;
  const requestedUs = Math.max(shortestRequestUs, duration.measureUs);
  const warmupUs = Math.min(duration.warmupUs, Math.ceil(warmupFinalityTimes * finalityUs));
  const cooldownUs = cooldownOf(duration.cooldownUs, finalityUs);
  // Half of the cool-down is charged: nodes fall silent as the tail decides.
  const affordableUs =
    Math.floor((messageBudget / messagesPerSecond) * 1_000_000) - warmupUs - Math.ceil(cooldownUs / 2);
  const leastUs = Math.ceil(leastFinalityTimes * finalityUs);
  const measureUs = Math.max(leastUs, Math.min(requestedUs, affordableUs));
  const messages = ((warmupUs + measureUs + cooldownUs / 2) * messagesPerSecond) / 1_000_000;
  return finish(spec, estimate, {
    warmupUs,
    measureUs,
    cooldownUs,
    requestedUs,
    messages,
    decisions: null,
    leastUs,
  });
}

function planSingle(spec: RunSpec, estimate: FinalityEstimate): WindowPlan {
  const { duration, messageBudget } = spec;
  const { finalityUs, messagesPerDecision } = estimate;
  const requestedUs = Math.max(shortestRequestUs, duration.measureUs);
  const affordable = Math.floor(messageBudget / messagesPerDecision);
  const wanted = Math.max(1, Math.floor(requestedUs / finalityUs));
  const decisions = Math.max(leastFinalityTimes, Math.min(wanted, affordable));
  const leastUs = Math.ceil(leastFinalityTimes * finalityUs);
  // The slowest honest node of a decision needs longer than the mean one.
  const measureUs = Math.ceil(singleSlack * decisions * finalityUs);
  const lengths = { warmupUs: 0, measureUs, cooldownUs: cooldownOf(duration.cooldownUs, finalityUs) };
  const messages = decisions * messagesPerDecision;
  return finish(spec, estimate, { ...lengths, requestedUs, messages, decisions, leastUs });
}

interface Draft {
  readonly warmupUs: number;
  readonly measureUs: number;
  readonly cooldownUs: number;
  readonly requestedUs: number;
  readonly messages: number;
  readonly decisions: number | null;
  readonly leastUs: number;
}

function finish(spec: RunSpec, estimate: FinalityEstimate, draft: Draft): WindowPlan {
  const { warmupUs, measureUs, cooldownUs, requestedUs, messages, decisions, leastUs } = draft;
  const expectedUs = decisions === null ? measureUs : Math.min(measureUs, decisions * estimate.finalityUs);
  const compression = requestedUs / expectedUs;
  const notes: string[] = [];
  if (compression > 1.001) {
    notes.push(
      `measured window ${seconds(expectedUs)} of ${seconds(requestedUs)} requested (compression ${compression.toFixed(1)}): ` +
        `what ${spec.messageBudget} messages buy`,
    );
  }
  if (compression < 0.999) {
    notes.push(
      `measured window stretched from ${seconds(requestedUs)} to ${seconds(expectedUs)}: ${leastFinalityTimes} finality times`,
    );
  }
  if (messages > 1.001 * spec.messageBudget) {
    notes.push(
      `about ${Math.round(messages)} messages exceed the budget of ${spec.messageBudget}: ` +
        `${leastFinalityTimes} finality times are ${seconds(leastUs)}`,
    );
  }
  if (warmupUs < spec.duration.warmupUs) {
    notes.push(`warm-up ${seconds(warmupUs)} of ${seconds(spec.duration.warmupUs)} requested`);
  }
  return {
    warmupUs,
    measureUs,
    cooldownUs,
    compression,
    scale: Math.min(1, expectedUs / requestedUs),
    finalityUs: estimate.finalityUs,
    estimatedMessages: Math.round(messages),
    decisions,
    notes,
  };
}

function cooldownOf(requestedUs: number, finalityUs: number): number {
  const leastUs = leastCooldownFinalityTimes * finalityUs;
  return Math.ceil(Math.min(Math.max(requestedUs, leastUs), mostCooldownFinalityTimes * finalityUs));
}

function seconds(us: number): string {
  return `${(us / 1_000_000).toFixed(us < 10_000_000 ? 3 : 1)} s`;
}
