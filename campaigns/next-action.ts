/**
 * What a campaign does next, as a pure function of its plan and its journal: resuming and going on are the same code.
 * Owns: the order of the steps. Does not own: doing them (operator.ts).
 */
import type { JournalState, StepName } from '#campaigns/journal-event.ts';
import { type Plan, type PlannedCell, targetOf } from '#campaigns/plan-record.ts';

export type Action =
  | { readonly kind: 'check-feasibility' }
  /** Another process began this cell and is gone: its result is whole on disk, or it is run again. */
  | { readonly kind: 'look'; readonly cell: PlannedCell }
  | { readonly kind: 'simulate'; readonly cell: PlannedCell }
  /** Every cell is running or done, or all workers are busy: nothing to do until one ends. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'forecast' }
  | { readonly kind: 'need-approval' }
  | { readonly kind: 'judge' }
  | { readonly kind: 'report' }
  | { readonly kind: 'close' }
  /** Interrupted and nothing runs any more: leave, to be resumed. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'finished'; readonly exitCode: number };

const afterSimulation: ReadonlyArray<readonly [StepName, Action]> = [
  ['forecast', { kind: 'forecast' }],
  ['approval', { kind: 'need-approval' }],
  ['judge', { kind: 'judge' }],
  ['report', { kind: 'report' }],
];

/** Cells that are to run: a skipped row has none. */
export function cellsToRun(plan: Plan): PlannedCell[] {
  return plan.rows.flatMap((row) => (row.skip === null ? row.cells : []));
}

/** Cells that measure this machine: nothing may run beside them, or their figures are those of something else. */
function measuredCells(plan: Plan): ReadonlySet<string> {
  const rows = plan.rows.filter((row) => targetOf(row) === 'processes');
  return new Set(rows.flatMap(({ cells }) => cells.map(({ id }) => id)));
}

/** `workers`: how many cells may run at once, at least 1. O(cells). */
export function nextAction(plan: Plan, state: JournalState, workers: number): Action {
  if (state.closed !== null) return { kind: 'finished', exitCode: state.closed };
  const cells = cellsToRun(plan);
  const running = cells.filter((cell) => state.cells.get(cell.id) === 'running').length;
  if (state.interrupted) return running > 0 ? { kind: 'wait' } : { kind: 'leave' };
  if (!state.steps.has('feasibility')) return { kind: 'check-feasibility' };
  const uncertain = cells.find((cell) => state.cells.get(cell.id) === 'uncertain');
  if (uncertain !== undefined) return { kind: 'look', cell: uncertain };
  const alone = measuredCells(plan);
  const isAloneRunning = cells.some(({ id }) => alone.has(id) && state.cells.get(id) === 'running');
  const untouched = cells.filter((cell) => !state.cells.has(cell.id));
  const next = untouched.find(({ id }) => !alone.has(id));
  if (next !== undefined && running < workers && !isAloneRunning) return { kind: 'simulate', cell: next };
  const [measured] = untouched;
  if (measured !== undefined && running === 0) return { kind: 'simulate', cell: measured };
  if (running > 0) return { kind: 'wait' };
  for (const [step, action] of afterSimulation) {
    if (!state.steps.has(step)) return action;
  }
  return { kind: 'close' };
}
