/**
 * Which rows of a phase are measured in its time: each when its turn comes, if it still fits, else it is left out and says so.
 * Owns: that decision, the plan that follows from it. Does not own: the order of cells (next-action.ts), remembering
 * (journal-event.ts), what a measurement takes (targets).
 */
import type { JournalState } from '#campaigns/journal-event.ts';
import { type Plan, type PlannedCell, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import { formatSeconds } from '#campaigns/progress.ts';
import { packingOf } from '#campaigns/targets/processes/capabilities.ts';
import { expectedSeconds } from '#campaigns/targets/processes/real-window.ts';

/** A row of real processes of which nothing was begun and about which nothing was decided. */
export function isUndecided(plan: Plan, row: PlannedRow, state: JournalState): boolean {
  return (
    plan.withinUs !== undefined &&
    targetOf(row) === 'processes' &&
    !state.fits.has(row.rowId) &&
    row.cells.every(({ id }) => !state.cells.has(id))
  );
}

/**
 * Whose turn it is of the rows that measure, by the first of its `untouched` cells; undefined: none has any. A phase whose time may end
 * measures the longest first: the small one that no longer fits costs it least. What was begun or promised comes before.
 */
export function nextMeasured(
  plan: Plan,
  state: JournalState,
  untouched: readonly PlannedCell[],
): { readonly row: PlannedRow; readonly cell: PlannedCell } | undefined {
  const turns = plan.rows.flatMap((row) => {
    const cell = untouched.find((one) => row.cells.includes(one));
    return cell === undefined ? [] : [{ row, cell }];
  });
  const begun = turns.find(({ row }) => targetOf(row) === 'processes' && !isUndecided(plan, row, state));
  return begun ?? turns.toSorted((a, b) => secondsOfProcesses(b.row) - secondsOfProcesses(a.row))[0];
}

/** Expected for all repetitions; 0 of other rows, which come last. */
function secondsOfProcesses(row: PlannedRow): number {
  if (targetOf(row) !== 'processes') return 0;
  return row.cells.reduce((sum, { spec }) => sum + expectedSeconds(spec, packingOf(spec)), 0);
}

/** What measures this machine and has not begun: it is never left out. */
export function benchmarkCells({ rows }: Plan, state: JournalState): PlannedCell[] {
  return rows
    .filter((row) => row.skip === null && targetOf(row) === 'benchmark')
    .flatMap(({ cells }) => cells.filter(({ id }) => !state.cells.has(id)));
}

export interface TimeForRow {
  /** What the phase may take by the clock. */
  readonly withinUs: number;
  /** What it has taken. */
  readonly drivenSeconds: number;
  /** Expected for what runs afterwards in any case. */
  readonly reservedSeconds: number;
  readonly repetitions: number;
  /** Expected for all of them. */
  readonly rowSeconds: number;
}

/** Why the row is left out; null when it fits. */
export function leftOutBecause({
  withinUs,
  drivenSeconds,
  reservedSeconds,
  repetitions,
  rowSeconds,
}: TimeForRow): string | null {
  const leftSeconds = withinUs / 1e6 - drivenSeconds - reservedSeconds;
  if (rowSeconds <= leftSeconds) return null;
  const left = formatSeconds(Math.max(0, leftSeconds));
  return `${repetitions} repetitions take about ${formatSeconds(rowSeconds)}, and of the ${formatSeconds(withinUs / 1e6)} of the phase ${left} were left`;
}

/**
 * Until when further repetitions may be simulated: what was planned to be measured keeps its time. `measuredSeconds`: expected for all
 * of it. Undefined: nothing ends it.
 */
export function simulatingWithinUs(
  { simulatedWithinUs, withinUs }: Pick<Plan, 'simulatedWithinUs' | 'withinUs'>,
  measuredSeconds: number,
): number | undefined {
  if (withinUs === undefined) return simulatedWithinUs;
  return Math.min(simulatedWithinUs ?? withinUs, Math.max(0, withinUs - 1e6 * measuredSeconds));
}

/** The plan without the rows that its journal left out: they are skipped, and say why. */
export function withoutLeftOut(plan: Plan, { fits }: Pick<JournalState, 'fits'>): Plan {
  const isLeftOut = ({ rowId }: PlannedRow): boolean => typeof fits.get(rowId) === 'string';
  if (!plan.rows.some(isLeftOut)) return plan;
  const rows = plan.rows.map((row) =>
    isLeftOut(row) ? { ...row, skip: fits.get(row.rowId)!, leftOut: true as const } : row,
  );
  return { ...plan, rows };
}
