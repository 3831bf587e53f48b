/**
 * A ramp with an end in virtual time: the load falls at the edge of a bin, and the run ends when the network has recovered.
 * Owns: when the load of such a run falls and ends. Does not own: judging steps and recovery (campaigns/measure/ramp-watch.ts).
 */
import type { RampWatch } from '#campaigns/measure/ramp-watch.ts';
import type { Recorder } from '#campaigns/measure/recorder.ts';
import type { Series } from '#campaigns/measure/series.ts';
import type { RampRecord } from '#campaigns/results/schema.ts';
import { rampWatchOf } from '#campaigns/run-schedule.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import type { Conduct } from './conduct.ts';
import { plannedFinalityTimes, type WindowPlan } from './window.ts';

export interface RampParts {
  readonly arrivals: Arrivals;
  readonly recorder: Recorder;
  readonly series: Series;
  readonly conduct: Conduct;
}

export class SimulatedRamp {
  /** When the load ended because the network had recovered; null while it has not. */
  endedUs: number | null = null;
  readonly #watch: RampWatch;
  readonly #plan: WindowPlan;
  readonly #parts: RampParts;
  #calmBins = 0;

  constructor(watch: RampWatch, plan: WindowPlan, parts: RampParts) {
    this.#watch = watch;
    this.#plan = plan;
    this.#parts = parts;
  }

  /** A bin was closed. */
  look(): void {
    const { arrivals, recorder, series, conduct } = this.#parts;
    const watch = this.#watch;
    const point = series.points.at(-1);
    if (point === undefined || this.endedUs !== null) return;
    const edgeUs = point.at_us + point.for_us;
    const hadRecovered = watch.recoveredUs !== null;
    watch.look(point, (dueUs) => recorder.openPairs(dueUs) + conduct.unissued(this.#plan.warmupUs, dueUs));
    if (watch.verdict !== null && watch.fellAtUs === null) {
      watch.fell(edgeUs);
      arrivals.fall(edgeUs, watch.restTps);
    }
    if (hadRecovered) this.#calmBins += 1;
    if (this.#calmBins > 0 && this.#isLongEnough(edgeUs)) this.#end(edgeUs);
  }

  /** A window has to hold its times to finality, however soon its ramp ended. */
  #isLongEnough(edgeUs: number): boolean {
    return edgeUs - this.#plan.warmupUs >= plannedFinalityTimes * this.#plan.finalityUs;
  }

  #end(edgeUs: number): void {
    this.endedUs = edgeUs;
    this.#parts.arrivals.end(edgeUs);
    this.#parts.series.closeWindow();
  }

  /** Null while the load climbs. */
  record(): RampRecord | null {
    return this.#watch.record();
  }
}

/** Null for every load but a ramp with an end. */
export function simulatedRamp(spec: RunSpec, plan: WindowPlan, parts: RampParts): SimulatedRamp | null {
  const watch = rampWatchOf(spec, plan);
  return watch === null ? null : new SimulatedRamp(watch, plan, parts);
}

/** When the load and the measured window end: as planned, or earlier when a network has recovered from its ramp. */
export function loadEndOf({
  plan,
  ramp,
}: {
  readonly plan: WindowPlan;
  readonly ramp: SimulatedRamp | null;
}): number {
  return ramp?.endedUs ?? plan.warmupUs + plan.measureUs;
}
