/**
 * How many repetitions a row gets beyond those of its plan: more while the interval of a judged figure straddles its limit and time
 * lasts.
 * Owns: the time each row may take for them, the stopping rule, the cells that follow from what was decided. Does not own: which
 * figures are open (analysis/open-figure.ts), remembering the decisions (journal-event.ts), running them (operator.ts).
 *
 * A row's share is counted in expected seconds, which are the same on every machine. On top of it a phase gives away what its clock has
 * left once all that was planned is done: on a machine that is faster than expected, more. Decisions are journalled, not made again.
 */
import type { OpenFigure } from '#campaigns/analysis/open-figure.ts';
import type { JournalState } from '#campaigns/journal-event.ts';
import { phaseCoreShare } from '#campaigns/limits.ts';
import { cellId } from '#campaigns/plan.ts';
import { type Plan, type PlannedCell, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import { repetitionSeed } from '#campaigns/repetition-seed.ts';

/** Three doublings: a row of 3 repetitions gets at most 24. */
export const doublingsMost = 3;
/** Of an even share of the time of its phase, what all repetitions of a row may take together: only rows far below it get more. */
const rowShare = 0.5;
/** Of what the clock has left, what one decision may take: other rows may be open, too. */
const clockShare = 0.5;
/** Repetitions that would be needed, in times those allowed, from which on none is begun. */
const hopelessFactor = 4;

/** What the repetitions in the plan cost, and what all rows may take; expected seconds of one core. */
export interface PhaseTime {
  readonly rowSeconds: readonly number[];
  readonly allSeconds: number;
}

/** Seconds of one core that each row may take for further repetitions; all of them together fit what is left. */
export function extraSeconds({ rowSeconds, allSeconds }: PhaseTime): number[] {
  const each = (rowShare * allSeconds) / Math.max(1, rowSeconds.length);
  const wanted = rowSeconds.map((seconds) => Math.max(0, each - seconds));
  const planned = rowSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const sum = wanted.reduce((all, seconds) => all + seconds, 0);
  const left = Math.max(0, allSeconds - planned);
  return wanted.map((seconds) => (sum > left ? (seconds * left) / sum : seconds));
}

export interface ClockTime {
  /** Left out: nothing ends it. */
  readonly withinUs: number | undefined;
  /** In which a process drove the campaign. */
  readonly drivenSeconds: number;
  readonly workers: number;
  /** Expected seconds of one core: of what was simulated, and of what still has to be. */
  readonly doneSeconds: number;
  readonly aheadSeconds: number;
}

/** Expected seconds of one core until the time is over, at the pace at which this machine went so far. */
export function secondsUntilOver(clock: ClockTime): number {
  const { withinUs, drivenSeconds, workers, doneSeconds, aheadSeconds } = clock;
  if (withinUs === undefined) return Number.POSITIVE_INFINITY;
  const pace = doneSeconds > 0 && drivenSeconds > 0 ? doneSeconds / (drivenSeconds * workers) : 1;
  return ((phaseCoreShare * withinUs) / 1e6 - drivenSeconds) * workers * pace - aheadSeconds;
}

export interface Weighing {
  /** Repetitions that were run. */
  readonly done: number;
  /** Repetitions in all. */
  readonly most: number;
  readonly open: readonly OpenFigure[];
  /** Whether every criterion passed or failed. */
  readonly isDecided: boolean;
  /** Expected seconds of one core for one repetition. */
  readonly secondsEach: number;
  /** Of the row's own time for further ones, what is left; expected seconds of one core. */
  readonly ownSecondsLeft: number;
  /** The same of all rows until the time of the phase is over; Infinity where nothing ends it. */
  readonly clockSecondsLeft: number;
}

export interface Weight {
  /** 0: these are enough, or there is no time for more. */
  readonly more: number;
  readonly why: string;
}

/** Its own time, or half of what the clock has left. */
function rowSecondsLeft({ ownSecondsLeft, clockSecondsLeft }: Weighing): number {
  const isTimed = Number.isFinite(clockSecondsLeft);
  return isTimed ? Math.max(ownSecondsLeft, clockShare * clockSecondsLeft) : ownSecondsLeft;
}

/**
 * Doubles the repetitions: each look at the intervals costs certainty (analysis/criterion-verdict.ts), so there are few of them.
 * Pure; more repetitions, less time or fewer open figures never give more.
 */
export function weigh(weighing: Weighing): Weight {
  const { done, most, open, isDecided, secondsEach, clockSecondsLeft } = weighing;
  const reachable = open.filter(({ missing }) => missing <= hopelessFactor * most);
  const [widest] = (reachable.length > 0 ? reachable : [...open]).sort((a, b) => b.missing - a.missing);
  if (widest === undefined) {
    const why = isDecided
      ? 'tight: every interval decides its criterion'
      : 'what is open, repetitions do not answer';
    return { more: 0, why };
  }
  const secondsLeft = rowSecondsLeft(weighing);
  const affordable = Math.floor(Math.min(secondsLeft, clockSecondsLeft) / Math.max(1e-6, secondsEach));
  const needed = `about ${widest.missing} more would settle ${widest.words}`;
  if (reachable.length === 0) return { more: 0, why: `out of reach: ${needed}` };
  if (done >= most) return { more: 0, why: `${most} repetitions are the most: ${needed}` };
  if (affordable < 1) {
    const budget = Number.isFinite(clockSecondsLeft)
      ? 'time of the phase used'
      : 'its share of the time used';
    return { more: 0, why: `${budget}: ${needed}` };
  }
  return { more: Math.min(done, most - done, affordable), why: widest.words };
}

const cellsOfPlan = new WeakMap<Plan, Map<string, PlannedCell>>();

function furtherCell(plan: Plan, row: PlannedRow, repetition: number): PlannedCell {
  const known = cellsOfPlan.get(plan) ?? new Map<string, PlannedCell>();
  cellsOfPlan.set(plan, known);
  const name = `${row.rowId}\n${repetition}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const seed = repetitionSeed(plan.seed, row.more!.seedsFrom, repetition);
  const spec = { ...row.cells[0]!.spec, seed, repetition };
  const cell = { id: cellId(spec, plan.codeVersion, targetOf(row)), spec };
  known.set(name, cell);
  return cell;
}

/** Whether the campaign may decide about further repetitions of the row. */
export function mayHaveMore(row: PlannedRow): boolean {
  return row.skip === null && row.more !== undefined && row.cells.length > 0 && targetOf(row) === 'simulator';
}

function extendedRow(plan: Plan, row: PlannedRow, state: Pick<JournalState, 'weights'>): PlannedRow {
  const weight = state.weights.get(row.rowId);
  if (weight === undefined || !mayHaveMore(row)) return row;
  const planned = row.cells.length;
  const further = weight.steps.reduce((sum, { more }) => sum + more, 0);
  const cells = Array.from({ length: further }, (_, index) => furtherCell(plan, row, planned + index));
  return { ...row, cells: [...row.cells, ...cells], extended: { planned, ...weight } };
}

/** The plan with every repetition that its journal decided on. The same journal gives the same cells. */
export function withExtraRepetitions(plan: Plan, state: Pick<JournalState, 'weights'>): Plan {
  if (state.weights.size === 0) return plan;
  return { ...plan, rows: plan.rows.map((row) => extendedRow(plan, row, state)) };
}
