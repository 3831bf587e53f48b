/**
 * What a simulated run is made of while it runs.
 * Owns: the record that run.ts assembles, tests put planted defects into, and outcome.ts reads figures from.
 * Does not own: any part, the loop (run.ts) or the figures (outcome.ts).
 */
import type { FaultSchedule } from '#campaigns/faults/schedule.ts';
import type { Recorder } from '#campaigns/measure/recorder.ts';
import type { Detection } from '#campaigns/measure/run-figures.ts';
import type { Series } from '#campaigns/measure/series.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Arrivals } from '#campaigns/workloads/arrivals.ts';
import type { Conduct } from './conduct.ts';
import type { FaultLog } from './fault-log.ts';
import type { SimulatedRamp } from './simulated-ramp.ts';
import type { Simulation } from './simulation.ts';
import type { WindowPlan } from './window.ts';

export interface RunParts {
  readonly spec: RunSpec;
  readonly plan: WindowPlan;
  readonly schedule: FaultSchedule;
  readonly simulation: Simulation;
  readonly conduct: Conduct;
  readonly recorder: Recorder;
  readonly arrivals: Arrivals;
  readonly series: Series;
  readonly faultLog: FaultLog;
  /** Of a ramp with an end; null for every other load. */
  readonly ramp: SimulatedRamp | null;
  /** Busy CPU time of each node at the last edge of a bin. */
  readonly busyUs: Float64Array;
  /** 1 = honest, by node. */
  readonly honest: Uint8Array;
  readonly honestCount: number;
  readonly detection: Detection;
}
