/**
 * How long the network took to recover from faults and overload, read from what a run recorded of them.
 * Owns: which fault kinds count for which recovery figure. Does not own: seeing the recovery (targets).
 */
import { atLeast, missing, type Reading, type RunRecord, seen } from '#campaigns/analysis/reading.ts';
import type { FaultRecord } from '#campaigns/results/schema.ts';

const restarting: ReadonlySet<string> = new Set(['kill', 'cascade', 'churn']);

/** Seconds from the end of the slowest partition until decisions and TPS were back. */
export function healTime(run: RunRecord): Reading {
  const partitions = run.result.faults.filter((fault) => fault.kind === 'partition');
  return slowest(run, partitions, 'partition', (fault) => fault.recovery_us);
}

/** Seconds from restart until caught up, of the slowest restarted node. */
export function rejoinTime(run: RunRecord): Reading {
  const restarts = run.result.faults.filter((fault) => restarting.has(fault.kind));
  return slowest(run, restarts, 'restart', (fault) => fault.rejoin_us);
}

/** Seconds from the end of the slowest fault until the TPS was back. */
export function tpsRecoveryTime(run: RunRecord): Reading {
  return slowest(run, run.result.faults, 'fault', (fault) => fault.recovery_us);
}

/** Seconds from the fall of a ramp until the network was as it had been on its first step. */
export function overloadTime(run: RunRecord): Reading {
  const { ramp } = run.result;
  if (ramp === undefined) return missing('the load of the run did not fall');
  if (ramp.recovered_us !== null) return seen(ramp.recovered_us / 1e6);
  const watched = ramp.watched_us / 1e6;
  return atLeast(watched, `the network had not recovered in the ${round(watched)} s after the load fell`);
}

function slowest(
  run: RunRecord,
  faults: readonly FaultRecord[],
  noun: string,
  timeUs: (fault: FaultRecord) => number | null,
): Reading {
  if (faults.length === 0) return missing(`the run had no ${noun}`);
  const unseen = faults.find((fault) => !fault.observed);
  if (unseen !== undefined) return missing(`the ${unseen.kind} was not observed: ${unseen.evidence}`);
  const active = faults.find((fault) => fault.until_us === null);
  if (active !== undefined) return missing(`the ${active.kind} was still active at the end of the run`);
  let longestUs = 0;
  let unfinished = false;
  for (const fault of faults) {
    const took = timeUs(fault);
    if (took === null) unfinished = true;
    longestUs = Math.max(longestUs, took ?? endOfRunUs(run) - (fault.until_us ?? 0));
  }
  const seconds = longestUs / 1e6;
  if (!unfinished) return seen(seconds);
  return atLeast(
    seconds,
    `the recovery was not seen within the ${round(seconds)} s that were left of the run`,
  );
}

function endOfRunUs(run: RunRecord): number {
  const last = run.series.points.at(-1);
  return last === undefined ? run.series.window_us[1] : last.at_us + last.for_us;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
