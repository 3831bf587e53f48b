/**
 * In which order repetitions are simulated: the dearest first, so that no core waits long for the others at the end.
 * Owns: that order, and how long a plan takes in it. Does not own: the order of rows in plan and report (plan.ts), what a repetition
 * takes (simulation-time.ts), when one may begin (next-action.ts).
 */
import { type Plan, type PlannedCell, targetOf } from '#campaigns/plan-record.ts';
import { twinsOf } from '#campaigns/same-simulation.ts';
import { expectedCpuSeconds } from '#campaigns/simulation-time.ts';

/** Expected seconds of one core, by cell: what is taken over takes none, what is measured is not in it. */
export function expectedSeconds(plan: Plan): ReadonlyMap<string, number> {
  const twins = twinsOf(plan);
  const seconds = new Map<string, number>();
  for (const row of plan.rows) {
    if (row.skip !== null || targetOf(row) !== 'simulator') continue;
    for (const { id, spec } of row.cells) seconds.set(id, twins.has(id) ? 0 : expectedCpuSeconds(spec));
  }
  return seconds;
}

/** Dearest first; cells that cost the same stay in the order of the plan. */
export function dearestFirst(cells: readonly PlannedCell[], plan: Plan): PlannedCell[] {
  const seconds = expectedSeconds(plan);
  const of = ({ id }: PlannedCell): number => seconds.get(id) ?? 0;
  return [...cells].sort((a, b) => of(b) - of(a));
}

/** Until the last of `workers` is done, when each takes the next repetition as soon as it is free. */
export function makespanSeconds(seconds: Iterable<number>, workers: number): number {
  const busyUntil = new Array<number>(Math.max(1, workers)).fill(0);
  for (const one of [...seconds].sort((a, b) => b - a)) {
    const soonest = busyUntil.indexOf(Math.min(...busyUntil));
    busyUntil[soonest]! += one;
  }
  return Math.max(...busyUntil);
}
