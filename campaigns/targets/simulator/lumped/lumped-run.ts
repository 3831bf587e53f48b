/**
 * One repetition at lumped fidelity: from a specification to what every class of nodes did over the whole requested time.
 * Owns: window and bins, one run per class or one decision after another. Does not own: the chain, conditions, the record
 * (lumped-outcome.ts), or whether lumping answers the question (tier of the specification, refusal.ts).
 */
import { castOf } from '#campaigns/cast.ts';
import { type FaultSchedule, scheduleFaults } from '#campaigns/faults/schedule.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { FinalityEstimate } from '#campaigns/targets/simulator/finality-estimate.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { binsOf, leastFinalityTimes, planWindow } from '#campaigns/targets/simulator/window.ts';
import type { Progress } from '#campaigns/targets/target.ts';
import { LoadProfile } from '#campaigns/workloads/load-profile.ts';
import { ClassRun, type Tuning } from './class-run.ts';
import { ConditionsOf } from './conditions.ts';
import { type Course, calmCourse, courseOf } from './course.ts';
import { DecisionChain } from './decision-chain.ts';
import { Draws } from './draws.ts';
import type { LatencyLaw } from './latency-law.ts';

export const untuned: Tuning = { spacingRatio: 1, timeRatio: 1 };

/** Who is told of the share of the work that is done, and may end it early. */
export interface Onlooker {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export const nobody: Onlooker = { progress: () => {}, signal: new AbortController().signal };

/** Bins of a long window: a slow quarter of an hour of a day is still seen. */
const longBins = 240;
const verticesPerBin = 25;
/** Runs longer than this many rounds are compressed: they would take minutes. */
const roundsMost = 200_000_000;
const decisionsMost = 100_000;
const warmupRounds = 3;
/** At least; what is counted costs little, and the estimate of finality may err by half. */
const countedFinalityTimes = 2 * leastFinalityTimes;

export interface LumpedWindow {
  readonly warmupUs: number;
  readonly measureUs: number;
  readonly cooldownUs: number;
  readonly scale: number;
  readonly edgesUs: readonly number[];
  readonly finalityUs: number;
  readonly notes: readonly string[];
}

/** What a lumped run of a load came to. */
export interface LumpedRun {
  readonly spec: RunSpec;
  readonly window: LumpedWindow;
  readonly course: Course;
  readonly schedule: FaultSchedule;
  readonly profile: LoadProfile;
  readonly classes: readonly ClassRun[];
  readonly successShare: number;
}

/** What lumped decisions, one after another, came to. */
export interface LumpedDecisions {
  readonly spec: RunSpec;
  readonly decisions: number;
  readonly honest: number;
  readonly byRounds: Float64Array;
  readonly late: number;
  readonly allInTime: number;
  readonly polls: number;
  readonly law: LatencyLaw;
  readonly measuredUs: number;
  readonly successShare: number;
}

function windowOf(spec: RunSpec, estimate: FinalityEstimate, roundUs: number): LumpedWindow {
  const { beta } = spec.consensus;
  const finalityUs = Math.max(estimate.finalityUs, 1);
  if (!estimate.isLive) {
    const plan = planWindow(spec, estimate);
    return { ...plan, edgesUs: edgesOf(plan, plan.bins), finalityUs, notes: plan.notes };
  }
  const requestedUs = Math.max(1_000, spec.duration.measureUs);
  const leastUs = Math.ceil(countedFinalityTimes * finalityUs);
  const measureUs = Math.min(Math.max(requestedUs, leastUs), Math.floor(roundsMost * roundUs));
  const scale = Math.min(1, measureUs / requestedUs);
  const lengths = {
    warmupUs: Math.min(spec.duration.warmupUs, Math.ceil(warmupRounds * beta * roundUs)),
    measureUs,
    cooldownUs: Math.ceil(5 * finalityUs),
  };
  const vertices = new LoadProfile(spec.workload, {
    seed: spec.seed,
    windowStartUs: 0,
    endUs: measureUs,
    scale,
  });
  const count = (vertices.meanTps(0, measureUs) / spec.workload.batch) * (measureUs / 1_000_000);
  const fine = spec.workload.kind === 'ramp' ? 0 : Math.min(longBins, Math.floor(count / verticesPerBin));
  const notes =
    measureUs < requestedUs
      ? [`measured window ${measureUs / 1e6} s of ${requestedUs / 1e6} s: ${roundsMost} rounds`]
      : measureUs > requestedUs
        ? [
            `measured window stretched from ${requestedUs / 1e6} s to ${measureUs / 1e6} s: ${countedFinalityTimes} finality times`,
          ]
        : [];
  return {
    ...lengths,
    scale,
    edgesUs: edgesOf(lengths, Math.max(binsOf(spec.workload, measureUs), fine)),
    finalityUs,
    notes,
  };
}

function edgesOf(
  { warmupUs, measureUs, cooldownUs }: Pick<LumpedWindow, 'warmupUs' | 'measureUs' | 'cooldownUs'>,
  bins: number,
): number[] {
  const edges = warmupUs > 0 ? [warmupUs] : [];
  for (let bin = 1; bin <= bins; bin += 1) edges.push(warmupUs + Math.floor((measureUs * bin) / bins));
  if (cooldownUs > 0) edges.push(warmupUs + measureUs + cooldownUs);
  return edges;
}

export function runLoad(spec: RunSpec, tuning: Tuning = untuned, onlooker: Onlooker = nobody): LumpedRun {
  const cast = spec.faults.length === 0 ? null : castOf(spec);
  const conditions = new ConditionsOf(spec);
  const calm = conditions.at(conditions.calm);
  const window = windowOf(spec, estimateFinality(spec), calm.law.spacingUs * tuning.spacingRatio);
  const { warmupUs, measureUs, cooldownUs, scale } = window;
  const schedule = scheduleFaults(spec.faults, {
    requestedUs: Math.max(1, spec.duration.measureUs),
    scale,
    windowFromUs: warmupUs,
    windowUntilUs: warmupUs + measureUs,
    leastEffectUs: Math.ceil(2 * window.finalityUs),
    leastGapUs: Math.ceil(2 * window.finalityUs),
    seed: spec.seed,
    nodes: spec.nodes,
    honest: cast?.honestNodes ?? new Int32Array(0),
  });
  const profile = new LoadProfile(spec.workload, {
    seed: spec.seed,
    windowStartUs: warmupUs,
    endUs: warmupUs + measureUs,
    scale,
  });
  const course =
    cast === null
      ? calmCourse(conditions.calm.honestReached, conditions.calm.attackersReached)
      : courseOf(schedule.actions, cast.honest);
  const classes = course.classes.map(
    (_, own) =>
      new ClassRun({
        spec,
        course,
        own,
        conditions,
        profile,
        tuning,
        windowFromUs: warmupUs,
        windowUntilUs: warmupUs + measureUs,
        endUs: warmupUs + measureUs + cooldownUs,
        edgesUs: window.edgesUs,
      }),
  );
  for (const [i, one] of classes.entries())
    one.run((share) => onlooker.progress((i + share) / classes.length), onlooker.signal);
  return { spec, window, course, schedule, profile, classes, successShare: calm.chance.p };
}

/** A `single` workload: the next vertex is issued when every honest node has decided or reached the limit. */
export function runDecisions(spec: RunSpec, { progress, signal }: Onlooker = nobody): LumpedDecisions {
  const conditions = new ConditionsOf(spec);
  const { chance, law } = conditions.at(conditions.calm);
  const honest = conditions.calm.honestReached;
  const { beta, maxRounds } = spec.consensus;
  const chain = new DecisionChain(
    { nodes: honest, beta, maxRounds, p: chance.p, q: chance.q },
    new Draws(spec.seed, 0),
  );
  const byRounds = new Float64Array(maxRounds + 1);
  let decisions = 0;
  let measuredUs = 0;
  let late = 0;
  let allInTime = 0;
  let polls = 0;
  const requestedUs = Math.max(1_000, spec.duration.measureUs);
  while (decisions < decisionsMost && measuredUs < requestedUs && !signal.aborted) {
    const one = chain.decide(byRounds);
    decisions += 1;
    late += one.late;
    if (one.late === 0) allInTime += 1;
    polls += one.polls;
    measuredUs += Math.max(1, law.meanUs(one.rounds));
    progress(Math.min(1, Math.max(decisions / decisionsMost, measuredUs / requestedUs)));
  }
  return {
    spec,
    decisions,
    honest,
    byRounds,
    late,
    allInTime,
    polls,
    law,
    measuredUs,
    successShare: chance.p,
  };
}
