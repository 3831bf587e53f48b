/**
 * What load a run carried: steps of offered load, the highest sustained one, where saturation begins.
 * Owns: grouping bins into load steps. Does not own: offering load (campaigns/workloads).
 */
import { missing, type Reading, type RunRecord, seen, windowPoints } from '#campaigns/analysis/reading.ts';

/** A step is sustained when at least this share of what was offered was finalised. */
export const sustainedShare = 0.95;
/** Latency degrades where the p95 of a step is more than this many times that of the lowest. */
const degradedFactor = 2;

/** A stretch of the window with one offered load. */
export interface LoadStep {
  readonly offeredTps: number;
  readonly finalizedTps: number;
  /** Highest p95 of a bin of the step; null when nothing was finalised. */
  readonly p95Ms: number | null;
  /** Highest median of a bin of the step; null when nothing was finalised. */
  readonly p50Ms: number | null;
  readonly cpuPercent: number;
  /** Of the busiest node; the mean over nodes where only that is known. */
  readonly busiestCpuPercent: number;
  readonly bins: number;
}

type Point = RunRecord['series']['points'][number];

/** What of a bin a step is made of. */
export type StepBin = Pick<
  Point,
  | 'at_us'
  | 'for_us'
  | 'offered_tps'
  | 'finalized_tps'
  | 'p50_ms'
  | 'p95_ms'
  | 'cpu_percent'
  | 'busiest_cpu_percent'
>;

/**
 * Load steps in order of time: neighbouring bins whose offered load differs by less than 5 % of the highest. What comes after the fall
 * of a ramp is none: there the network works off what the steps before left behind.
 */
export function loadSteps(run: RunRecord): LoadStep[] {
  const untilUs = run.result.ramp?.fell_at_us ?? Number.POSITIVE_INFINITY;
  const points = windowPoints(run.series).filter(
    (point) => point.offered_tps > 0 && point.at_us + point.for_us <= untilUs,
  );
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

/** A step from its bins. */
export function stepOf(group: readonly StepBin[]): LoadStep {
  // Finality lags the offer: the first half of a longer step still finalises the load of the step before.
  const counted = group.length > 2 ? group.slice(Math.floor(group.length / 2)) : group;
  const time = counted.reduce((sum, point) => sum + point.for_us, 0);
  const mean = (pick: (point: StepBin) => number): number =>
    counted.reduce((sum, point) => sum + pick(point) * point.for_us, 0) / time;
  const highest = (pick: (point: StepBin) => number | null): number | null => {
    const values = counted.flatMap((point) => pick(point) ?? []);
    return values.length > 0 ? Math.max(...values) : null;
  };
  return {
    offeredTps: mean((point) => point.offered_tps),
    finalizedTps: mean((point) => point.finalized_tps),
    p95Ms: highest((point) => point.p95_ms),
    p50Ms: highest((point) => point.p50_ms),
    cpuPercent: mean((point) => point.cpu_percent),
    busiestCpuPercent: mean((point) => point.busiest_cpu_percent ?? point.cpu_percent),
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
    base === null
      ? undefined
      : ascending.find((step) => step.p95Ms !== null && step.p95Ms > degradedFactor * base);
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

/**
 * Where the load was too much: the lowest step beyond the highest sustained one, or the step in which the CPU ended the ramp although all
 * of it was finalised; null when nothing was.
 */
function tooMuch(run: RunRecord): { readonly step: LoadStep; readonly sustainedTps: number } | null {
  const steps = loadSteps(run);
  const found = saturation(steps);
  const step = found?.saturatedAt ?? (run.result.ramp?.cause === 'cpu' ? steps.at(-1) : undefined);
  return found === null || step === undefined ? null : { step, sustainedTps: found.sustainedTps };
}

const neverTooMuch = 'the load never was too much';

/** Offered load of the step that was too much. */
export function saturationTps(run: RunRecord): Reading {
  const found = tooMuch(run);
  return found === null ? missing(neverTooMuch) : seen(found.step.offeredTps);
}

/** Share of the highest sustained throughput that the step that was too much still finalises: how gracefully the network degrades. */
export function saturatedShare(run: RunRecord): Reading {
  const found = tooMuch(run);
  if (found === null) return missing(neverTooMuch);
  if (found.sustainedTps === 0) return missing('no step was sustained');
  return seen(Math.min(1, found.step.finalizedTps / found.sustainedTps));
}

/**
 * Mean over steps of the median time to finality, of those that were sustained before latency degraded, ms; null when none was. What is
 * later says how long a queue is, not how long a window must be.
 */
export function sustainedFinalityMs(run: RunRecord): number | null {
  const ascending = loadSteps(run).toSorted((left, right) => left.offeredTps - right.offeredTps);
  const mostMs = degradedFactor * (ascending[0]?.p95Ms ?? Number.POSITIVE_INFINITY);
  const times = ascending.flatMap(({ finalizedTps, offeredTps, p50Ms, p95Ms }) =>
    p50Ms !== null && p95Ms !== null && p95Ms <= mostMs && finalizedTps >= sustainedShare * offeredTps
      ? [p50Ms]
      : [],
  );
  return times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) / times.length : null;
}
