/**
 * The record of a run that was never begun: what it asked for, and why nothing was measured.
 * Owns: that record. Does not own: the reasons.
 */
import { castOf } from '#campaigns/cast.ts';
import { FaultFeed } from '#campaigns/conductor/fault-feed.ts';
import { HostWatch } from '#campaigns/conductor/host-watch.ts';
import { measuredOutcome } from '#campaigns/conductor/measured-outcome.ts';
import { Observations } from '#campaigns/conductor/observations.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import { arrivalsOf, scheduleOf } from '#campaigns/run-schedule.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { WindowPlan } from '#campaigns/targets/simulator/window.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';

export function nothingMeasured(
  spec: RunSpec,
  plan: WindowPlan,
  status: Extract<TestStatus, 'SKIPPED' | 'ABORTED'>,
  reason: string,
): RunOutcome {
  const cast = castOf(spec);
  const host = new HostWatch();
  host.stop();
  const { result, series, events } = measuredOutcome({
    spec,
    plan,
    cast,
    arrivals: arrivalsOf(spec, plan, cast),
    items: [],
    observations: new Observations(),
    faults: FaultFeed.idle(spec.faults.length),
    ramp: null,
    startUs: 0,
    endedUs: 0,
    schedule: scheduleOf(spec, plan, cast),
    host,
    processes: 0,
    nodesPerProcess: 0,
    limits: 'nothing was started',
    incidents: [],
    unfit: reason,
    isAborted: false,
  });
  return { result: { ...result, test_status: status, reason }, series, events };
}
