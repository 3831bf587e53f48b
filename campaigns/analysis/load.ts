/**
 * What load a run carried: steps of offered load, the highest sustained one, where saturation begins.
 * Owns: grouping bins into load steps. Does not own: offering load (campaigns/workloads).
 */
import { missing, type Reading, type RunRecord, seen, windowPoints } from '#campaigns/analysis/reading.ts';

/** A step is sustained when at least this share of what was offered was finalised. */
export const sustainedShare = 0.95;

/** A stretch of the window with one offered load. */
export interface LoadStep {
  readonly offeredTps: number;
  readonly finalizedTps: number;
  /** Highest p95 of a bin of the step; null when nothing was finalised. */
  readonly p95Ms: number | null;
  readonly cpuPercent: number;
  readonly bins: number;
}

type Point = RunRecord['series']['points'][number];

/** Load steps in order of time: neighbouring bins whose offered load differs by less than 5 % of the highest. */
export function loadSteps(run: RunRecord): LoadStep[] {
  const points = windowPoints(run.series).filter((point) => point.offered_tps > 0);
  const highest = points.reduce((most, point) => Math.max(most, point.offered_tps), 0);
  const steps: LoadStep[] = [];
  let group: Point[] = [];
  for (const point of points) {
    const first = group[0];
    if (first !== undefined && Math.abs(point.offered_tps - first.offered_tps) > 0.05 * highest) {
      steps.push(stepOf(group));
      group = [];
    }
    group.push(point);
  }
  if (group.length > 0) steps.push(stepOf(group));
  return steps;
}

function stepOf(group: readonly Point[]): LoadStep {
  // Finality lags the offer: the first half of a longer step still finalises the load of the step before.
  const counted = group.length > 2 ? group.slice(Math.floor(group.length / 2)) : group;
  const time = counted.reduce((sum, point) => sum + point.for_us, 0);
  const mean = (pick: (point: Point) => number): number =>
    counted.reduce((sum, point) => sum + pick(point) * point.for_us, 0) / time;
  const latencies = counted.flatMap((point) => (point.p95_ms === null ? [] : [point.p95_ms]));
  return {
    offeredTps: mean((point) => point.offered_tps),
    finalizedTps: mean((point) => point.finalized_tps),
    p95Ms: latencies.length > 0 ? Math.max(...latencies) : null,
    cpuPercent: mean((point) => point.cpu_percent),
    bins: group.length,
  };
}

export interface Saturation {
  /** Finalised TPS of the highest sustained step, at most what it offered; 0 when no step was sustained. */
  readonly sustainedTps: number;
  /** The step above it; null when the run did not reach saturation. */
  readonly saturatedAt: LoadStep | null;
  /** First step whose p95 is more than twice that of the lowest step; null when there is none. */
  readonly latencyDegradesAt: LoadStep | null;
}

/** Where the load became too much, from the steps of one run; null without any load. */
export function saturation(steps: readonly LoadStep[]): Saturation | null {
  const ascending = [...steps].sort((left, right) => left.offeredTps - right.offeredTps);
  const lowest = ascending[0];
  if (lowest === undefined) return null;
  // The highest, not the first gap: a low step holds few vertices and may miss its 95 % by one of them.
  const highest = ascending.findLastIndex((step) => step.finalizedTps >= sustainedShare * step.offeredTps);
  const sustained = ascending[highest];
  const base = lowest.p95Ms;
  const degraded =
    base === null ? undefined : ascending.find((step) => step.p95Ms !== null && step.p95Ms > 2 * base);
  return {
    sustainedTps: sustained === undefined ? 0 : Math.min(sustained.offeredTps, sustained.finalizedTps),
    saturatedAt: ascending[highest + 1] ?? null,
    latencyDegradesAt: degraded ?? null,
  };
}

/** Highest sustained load of a run. */
export function sustainableTps(run: RunRecord): Reading {
  const found = saturation(loadSteps(run));
  return found === null ? missing('no load was offered in the window') : seen(found.sustainedTps);
}
