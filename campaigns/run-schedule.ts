/**
 * When what happens in a run: the load and the faults of a specification, laid into a planned window. The same on every target.
 * Owns: putting specification, window and cast together. Does not own: the engines (campaigns/workloads, campaigns/faults).
 */
import type { Cast } from '#campaigns/cast.ts';
import { type FaultSchedule, scheduleFaults } from '#campaigns/faults/schedule.ts';
import { RampWatch } from '#campaigns/measure/ramp-watch.ts';
import { type RunSpec, rampEndOf } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import { Arrivals } from '#campaigns/workloads/arrivals.ts';

export function arrivalsOf(spec: RunSpec, plan: WindowPlan, cast: Cast): Arrivals {
  return new Arrivals(spec.workload, {
    seed: spec.seed,
    startUs: 0,
    endUs: plan.warmupUs + plan.measureUs,
    windowStartUs: plan.warmupUs,
    scale: plan.scale,
    ...(plan.climbUs === undefined ? {} : { topUs: plan.warmupUs + plan.climbUs }),
    issuers: cast.twins ? Int32Array.from(cast.honest.keys()) : cast.honestNodes,
    conflictGapUs: Math.max(1, Math.floor(plan.finalityUs / 4)),
  });
}

export function scheduleOf(spec: RunSpec, plan: WindowPlan, { honestNodes }: Cast): FaultSchedule {
  return scheduleFaults(spec.faults, {
    requestedUs: Math.max(1, spec.duration.measureUs),
    scale: plan.scale,
    windowFromUs: plan.warmupUs,
    windowUntilUs: plan.warmupUs + plan.measureUs,
    leastEffectUs: Math.ceil(2 * plan.finalityUs),
    leastGapUs: Math.ceil(2 * plan.finalityUs),
    seed: spec.seed,
    nodes: spec.nodes,
    honest: honestNodes,
  });
}

/** Watches a ramp that has an end; null for every other load. */
export function rampWatchOf({ workload }: RunSpec, plan: WindowPlan): RampWatch | null {
  const until = rampEndOf(workload);
  if (workload.kind !== 'ramp' || until === null || plan.climbUs === undefined) return null;
  return new RampWatch({ ramp: workload, until, windowFromUs: plan.warmupUs, climbUs: plan.climbUs });
}
