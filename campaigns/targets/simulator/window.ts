/**
 * Plans warm-up, measured window and cool-down of a run in virtual time from its message budget.
 * Owns: the lengths, the compression they amount to, and the notes that say so. Does not own: the estimate of finality
 * (finality-estimate.ts), placing faults in the window (campaigns/faults), stopping early when everything is decided (host).
 */
import { type RunSpec, rampEndOf, type Workload } from '#campaigns/run-spec.ts';
import { meanTps } from '#campaigns/workloads/load-profile.ts';
import type { FinalityEstimate, RunLoad } from './finality-estimate.ts';
import { estimateFinality, stuckRounds } from './finality-estimate.ts';
import { needsNoFinding } from './lumped/counted-detection.ts';

/** What a measured window must hold in the end to say anything. */
export const leastFinalityTimes = 20;
/** What is planned for: the estimate of finality errs by tens of percent, and a window that turns out short is worth nothing. */
export const plannedFinalityTimes = 24;
/** The same where queues at links decide, which the estimate only fits. */
const queuedFinalityTimes = 32;
/** Of a spliced run without faults: time is counted, the window shows what a settled network does. */
const splicedFinalityTimes = 5;
/**
 * The same with attackers whose strikes are forgotten: only a window shows who is found out, else they are counted
 * (lumped/counted-detection.ts). And with bursts, which are to be no shorter against finality than need be.
 */
const forgivingFinalityTimes = 12;
/**
 * The same with conflicts: what is blocked by one no side wins comes in clusters, so that few of them say little about a share, and the
 * longer warm-up and cool-down are paid once. Conflicts come evenly (workloads/arrivals.ts): eight say as much as twelve did by chance.
 */
const contestedFinalityTimes = 8;
/** The same with faults: room for four of them, each two finality times long, with two to recover in before the next and at the end. */
const faultyFinalityTimes = 17;
/** Of a ramp every step must show what it carries: finality lags the load by one finality time, so half of a step is not looked at (analysis/load.ts). */
const finalityTimesPerStep = 2.4;
/** Where partitions fill so much of the time that no window holds enough of what is measured, it is stretched by this much. */
const mostStretch = 4;
/** After the fall of a ramp with an end, what is watched at most, as a share of its climb: it ends when the network has recovered. */
const recoveryShare = 2;
/** Of the climb, what recovering is expected to take: 250 and 1,000 nodes took a twentieth of it, and the least window the rest. */
const expectedRecovery = 0.3;
const warmupFinalityTimes = 2;
/**
 * Of a spliced run with conflicts: what no side wins piles up until as many are decided as come. 1,000 nodes on a WAN with 20 %
 * colluders held 535 undecided vertices after two finality times, 660 after six, 740 from fifteen on; the share they finalised of what
 * came after two and a half was that of later ones.
 */
const contestedWarmupFinalityTimes = 4;
/**
 * Of the time that the round limit takes by expectation, what a run with conflicts is watched after its load: a vertex that is blocked
 * until then is late, one that is still within its limit would only be counted as if it were.
 */
const contestedLimits = 1.1;
/** After a partition in which transactions conflicted, what of the time that the run has left is watched at most: a conflict may keep it from healing. */
const mostHealingFinalityTimes = 260;
/** The same of every repetition but the first: what heals does so within a few of them, and that nothing will shows in one. */
const furtherHealingFinalityTimes = 50;
const leastCooldownFinalityTimes = 3;
const mostCooldownFinalityTimes = 5;
/** Vertices that the load of a network that is not live must bring, where twenty polls are over before one is issued. */
const stuckVertices = 4;
/** Bins of the measured window, for the slowest and the fastest stretch of a run: as many as hold enough vertices to be no dice. */
const mostBins = 40;
const leastBins = 4;
const verticesPerBin = 25;
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
  /** Of a ramp with an end: the part of the measured window in which it climbs; the rest is to recover in. */
  readonly climbUs?: number;
  /** Equal bins of the measured window. */
  readonly bins: number;
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

/** What of a run decides about the least it has to simulate. */
export type LoadAndTime = RunLoad & Pick<RunSpec, 'duration' | 'faults'>;

export type Lengths = Pick<WindowPlan, 'warmupUs' | 'measureUs' | 'cooldownUs'>;

/** How much longer the mean time to finality gets because vertices wait for the end of partitions; 1 without. */
export function delayedBy(faults: RunSpec['faults'], { measureUs }: RunSpec['duration']): number {
  let factor = 1;
  const cuts = partitionsOf(faults);
  for (let i = 0; i < cuts.length; ) {
    const { fromUs } = cuts[i]!;
    let untilUs = fromUs;
    // Who is cut off waits until the last of those that overlap is over.
    for (; i < cuts.length && cuts[i]!.fromUs <= untilUs; i++) untilUs = Math.max(untilUs, cuts[i]!.untilUs);
    const share = Math.min(1, (untilUs - fromUs) / Math.max(1, measureUs));
    // For half of the time on average, which is never shorter than two finality times.
    factor += (share * Math.max(2, share * plannedFinalityTimes)) / 2;
  }
  return factor;
}

function partitionsOf(
  faults: RunSpec['faults'],
): readonly { readonly fromUs: number; readonly untilUs: number }[] {
  const cuts = faults.flatMap((fault) =>
    fault.kind === 'partition' ? [{ fromUs: fault.atUs, untilUs: fault.atUs + fault.forUs }] : [],
  );
  return cuts.sort((a, b) => a.fromUs - b.fromUs);
}

/**
 * By how much more a window that stands alone is stretched, so that it holds the planned finality times as they will be measured: a
 * partition takes its share of the longer window, too, and delays the mean as much more (F = 1 + (d - 1) F, with d by `delayedBy`).
 */
function stretchOf({ faults, duration }: RunSpec): number {
  const delayed = delayedBy(faults, duration);
  return Math.max(1, 1 / Math.max(1 / mostStretch, 2 - delayed) / delayed);
}

/** Until a sparse load has brought vertices whose limit can be reached, within the requested time. */
function stuckLoadUs({ workload, duration }: LoadAndTime): number {
  const perSecond = meanTps(workload) / workload.batch;
  return perSecond > 0 ? Math.min(duration.measureUs, Math.ceil((stuckVertices * 1_000_000) / perSecond)) : 0;
}

/** The shortest lengths that answer anything, whatever they cost. */
export function leastLengths(load: LoadAndTime, estimate: FinalityEstimate): Lengths {
  const { duration, workload, faults } = load;
  const { finalityUs, roundUs, isLive, isQueued } = estimate;
  const planned = isQueued ? queuedFinalityTimes : plannedFinalityTimes;
  if (!isLive) {
    const { warmup, measure, cooldown } = stuckRounds(load);
    return {
      warmupUs: Math.min(duration.warmupUs, Math.ceil(warmup * roundUs)),
      measureUs: Math.max(Math.ceil(measure * roundUs), stuckLoadUs(load)),
      cooldownUs: Math.ceil(cooldown * roundUs),
    };
  }
  const steps = workload.kind === 'ramp' ? finalityTimesPerStep * workload.steps : 0;
  return {
    warmupUs: Math.min(duration.warmupUs, Math.ceil(warmupFinalityTimes * finalityUs)),
    measureUs: Math.ceil(Math.max(planned * delayedBy(faults, duration), steps) * finalityUs),
    cooldownUs: cooldownOf(duration.cooldownUs, finalityUs),
  };
}

/** Of the cool-down, what is charged: where nodes fall silent as the tail decides, it ends with the last decision. */
function chargedCooldownUs(cooldownUs: number, { isLive, finalityUs }: FinalityEstimate): number {
  return isLive ? Math.ceil(Math.min(cooldownUs / 2, finalityUs)) : cooldownUs;
}

/** Of the measured time, what is expected to be simulated: a ramp with an end stops climbing, and is watched until it has recovered. */
function expectedShare({ workload }: LoadAndTime, { climbShare }: FinalityEstimate): number {
  return rampEndOf(workload) === null ? 1 : climbShare + expectedRecovery;
}

/** The measured window of a ramp with an end: its climb in bins of whole microseconds, then room to recover in. */
export function withRecovery(
  workload: Workload,
  climbUs: number,
  bins: number,
  share: number = recoveryShare,
): Pick<WindowPlan, 'measureUs' | 'bins' | 'climbUs'> {
  if (rampEndOf(workload) === null) return { measureUs: climbUs, bins };
  const binUs = Math.ceil(climbUs / bins);
  const allBins = bins + Math.ceil(share * bins);
  return { measureUs: binUs * allBins, bins: allBins, climbUs: binUs * bins };
}

/** Messages of a run; `chargedUs`: of its cool-down. */
function messagesOf({ warmupUs, measureUs }: Lengths, chargedUs: number, estimate: FinalityEstimate): number {
  return ((warmupUs + measureUs + chargedUs) * estimate.messagesPerSecond) / 1_000_000;
}

/** What the shortest run that answers anything costs, in messages about few vertices. */
export function leastWork(load: LoadAndTime, estimate: FinalityEstimate = estimateFinality(load)): number {
  if (load.workload.kind === 'single') return plannedFinalityTimes * estimate.messagesPerDecision;
  const lengths = leastLengths(load, estimate);
  const chargedUs = chargedCooldownUs(lengths.cooldownUs, estimate);
  const measureUs = expectedShare(load, estimate) * lengths.measureUs;
  return messagesOf({ ...lengths, measureUs }, chargedUs, estimate) * estimate.workPerMessage;
}

/** How much of a window that stands alone and has no partition a run needs. */
function windowShareOf(spec: RunSpec): number {
  const { tier, faults, workload } = spec;
  if (tier !== 'spliced') return stretchOf(spec);
  if (workload.kind === 'ramp') return 1;
  if (faults.length > 0) return faultyFinalityTimes / plannedFinalityTimes;
  if (workload.conflictShare > 0) return contestedFinalityTimes / plannedFinalityTimes;
  const isShort = needsNoFinding(spec) && workload.kind !== 'burst';
  return (isShort ? splicedFinalityTimes : forgivingFinalityTimes) / plannedFinalityTimes;
}

function warmupOf(spec: RunSpec, { finalityUs, isLive }: FinalityEstimate, { warmupUs }: Lengths): number {
  const { tier, workload, duration } = spec;
  if (!isLive || tier !== 'spliced' || workload.conflictShare === 0) return warmupUs;
  return Math.min(duration.warmupUs, Math.ceil(contestedWarmupFinalityTimes * finalityUs));
}

/** With what is charged of it: nodes poll about what no side wins until the end. */
function cooldownOfRun(
  spec: RunSpec,
  estimate: FinalityEstimate,
  { cooldownUs }: Lengths,
): { readonly cooldownUs: number; readonly chargedUs: number } {
  const { workload, faults, consensus, duration } = spec;
  const { isLive, roundUs, finalityUs } = estimate;
  if (!isLive || workload.conflictShare === 0)
    return { cooldownUs, chargedUs: chargedCooldownUs(cooldownUs, estimate) };
  const limitUs = Math.ceil(contestedLimits * consensus.maxRounds * roundUs);
  const watchedUs = Math.max(cooldownUs, limitUs);
  const cuts = partitionsOf(faults);
  if (cuts.length === 0) return { cooldownUs: watchedUs, chargedUs: watchedUs };
  const healedUs = cuts.reduce((most, { untilUs }) => Math.max(most, untilUs), 0);
  const leftUs = duration.warmupUs + duration.measureUs + duration.cooldownUs - healedUs;
  const healingTimes = spec.repetition === 0 ? mostHealingFinalityTimes : furtherHealingFinalityTimes;
  const healingUs = Math.ceil(Math.min(leftUs, healingTimes * finalityUs));
  return { cooldownUs: Math.max(watchedUs, healingUs), chargedUs: watchedUs };
}

function planOpen(spec: RunSpec, estimate: FinalityEstimate): WindowPlan {
  const { duration } = spec;
  const { messagesPerSecond, workPerMessage, isLive } = estimate;
  const requestedUs = Math.max(shortestRequestUs, duration.measureUs);
  const least = leastLengths(spec, estimate);
  const { cooldownUs, chargedUs } = cooldownOfRun(spec, estimate, least);
  const warmupUs = warmupOf(spec, estimate, least);
  const share = isLive ? windowShareOf(spec) : 1;
  const leastUs = Math.ceil(share * least.measureUs);
  const messageBudget = Math.min(1, share) * spec.messageBudget;
  const besideUs = warmupUs + chargedUs;
  const simulated = expectedShare(spec, estimate);
  const affordableUs = Math.floor(
    ((messageBudget / (messagesPerSecond * workPerMessage)) * 1_000_000 - besideUs) / simulated,
  );
  // Watching a network that is not live for longer shows nothing new.
  const measureUs = isLive ? Math.max(leastUs, Math.min(requestedUs, affordableUs)) : leastUs;
  const expectedUs = simulated * measureUs;
  const messages = messagesOf({ warmupUs, measureUs: expectedUs, cooldownUs }, chargedUs, estimate);
  return finish({ ...spec, messageBudget }, estimate, {
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
  const decisions = Math.max(plannedFinalityTimes, Math.min(wanted, affordable));
  const leastUs = Math.ceil(plannedFinalityTimes * finalityUs);
  // The slowest honest node of a decision needs longer than the mean one.
  const measureUs = Math.ceil(singleSlack * decisions * finalityUs);
  const lengths = { warmupUs: 0, measureUs, cooldownUs: cooldownOf(duration.cooldownUs, finalityUs) };
  const messages = decisions * messagesPerDecision;
  return finish(spec, estimate, { ...lengths, requestedUs, messages, decisions, leastUs });
}

/** Of a ramp as many for each step, so that no bin holds two loads. */
export function binsOf(workload: Workload, measureUs: number): number {
  if (workload.kind === 'single') return mostBins;
  const vertices = ((meanTps(workload) / workload.batch) * measureUs) / 1_000_000;
  const full = Math.floor(vertices / verticesPerBin);
  if (workload.kind === 'ramp') {
    const perStep = Math.min(Math.floor(full / workload.steps), Math.floor(mostBins / workload.steps));
    return workload.steps * Math.max(1, perStep);
  }
  return Math.max(leastBins, Math.min(mostBins, full));
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
  const { warmupUs, measureUs, cooldownUs, requestedUs, messages, decisions } = draft;
  const expectedUs = decisions === null ? measureUs : Math.min(measureUs, decisions * estimate.finalityUs);
  return {
    warmupUs,
    ...withRecovery(spec.workload, measureUs, binsOf(spec.workload, measureUs)),
    cooldownUs,
    compression: requestedUs / expectedUs,
    scale: Math.min(1, expectedUs / requestedUs),
    finalityUs: estimate.finalityUs,
    estimatedMessages: Math.round(messages),
    decisions,
    notes: notesOf(spec, estimate, draft, expectedUs),
  };
}

/** What was shortened, stretched or exceeded, with its figures. */
function notesOf(spec: RunSpec, estimate: FinalityEstimate, draft: Draft, expectedUs: number): string[] {
  const { warmupUs, measureUs, requestedUs, messages, leastUs } = draft;
  const { workPerMessage, isLive, undecidedVertices } = estimate;
  const { maxRounds } = spec.consensus;
  const stuck = stuckRounds(spec);
  const polls = Math.round(measureUs / estimate.roundUs);
  const compression = requestedUs / expectedUs;
  const heavy =
    workPerMessage < 1.2
      ? ''
      : ` (with what ${Math.round(undecidedVertices)} undecided vertices cost, a message counts ${workPerMessage.toFixed(1)} times)`;
  const least = isLive
    ? `${Math.round(leastUs / estimate.finalityUs)} finality times are ${seconds(leastUs)}`
    : `${polls} polls and their cool-down take that long`;
  const notes: string[] = [];
  if (!isLive) {
    const met = stuck.cooldown > maxRounds ? ' and attackers are met often enough to be found' : '';
    notes.push(
      `by the run-length law more than one vertex in twenty is undecided at the round limit of ${maxRounds} polls: measured for ` +
        `${polls} polls, then watched for ${stuck.cooldown} without load, so that every vertex reaches the limit${met}`,
    );
  }
  if (compression > 1.001) {
    const paid = isLive ? `: what a budget of ${millions(spec.messageBudget)} messages buys${heavy}` : '';
    notes.push(
      `measured window ${seconds(expectedUs)} of ${seconds(requestedUs)} requested (compression ${compression.toFixed(1)})${paid}`,
    );
  }
  if (compression < 0.999)
    notes.push(`measured window stretched from ${seconds(requestedUs)} to ${seconds(expectedUs)}: ${least}`);
  if (messages * workPerMessage > 1.001 * spec.messageBudget) {
    notes.push(
      `about ${millions(messages)} messages${heavy}${heavy === '' ? '' : `, as many as ${millions(messages * workPerMessage)} about few,`} ` +
        `exceed the budget of ${millions(spec.messageBudget)}: ${least}`,
    );
  }
  if (rampEndOf(spec.workload) !== null)
    notes.push(
      `the steps are that long, a step that is too much as well: what it leaves behind is that of ${seconds(measureUs / rampSteps(spec.workload))}; ` +
        `recovery is watched for ${seconds(recoveryShare * measureUs)} at most`,
    );
  if (warmupUs < spec.duration.warmupUs)
    notes.push(`warm-up ${seconds(warmupUs)} of ${seconds(spec.duration.warmupUs)} requested`);
  return notes;
}

function rampSteps(workload: Workload): number {
  return workload.kind === 'ramp' ? workload.steps : 1;
}

function millions(messages: number): string {
  return messages < 1_000_000 ? String(Math.round(messages)) : `${(messages / 1_000_000).toFixed(1)} M`;
}

function cooldownOf(requestedUs: number, finalityUs: number): number {
  const leastUs = leastCooldownFinalityTimes * finalityUs;
  return Math.ceil(Math.min(Math.max(requestedUs, leastUs), mostCooldownFinalityTimes * finalityUs));
}

function seconds(us: number): string {
  return `${(us / 1_000_000).toFixed(us < 10_000_000 ? 3 : 1)} s`;
}
