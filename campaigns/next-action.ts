/**
 * What a campaign does next, as a pure function of its plan and its journal: resuming and going on are the same code.
 * Owns: the order of the steps. Does not own: doing them (operator.ts).
 */
import { decidedPlan } from '#campaigns/decided-plan.ts';
import { deploymentsOf, type PlannedDeployment } from '#campaigns/deployment-plan.ts';
import { absentDeployment, type DeploymentState } from '#campaigns/deployment-state.ts';
import { mayHaveMore } from '#campaigns/extra-repetitions.ts';
import type { CellState, JournalState } from '#campaigns/journal-event.ts';
import { isUndecided, nextMeasured } from '#campaigns/measuring-time.ts';
import { type Plan, type PlannedCell, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import { dearestFirst } from '#campaigns/run-order.ts';
import { type Twin, twinsOf } from '#campaigns/same-simulation.ts';

export type Action =
  | { readonly kind: 'check-feasibility' }
  /** Another process began this cell and is gone: its result is whole on disk, or it is run again. */
  | { readonly kind: 'look'; readonly cell: PlannedCell }
  /** `twin`: the same simulation, done for another row; null: there is none. */
  | { readonly kind: 'simulate'; readonly cell: PlannedCell; readonly twin: Twin | null }
  /** All repetitions of the row are done: are they enough? */
  | { readonly kind: 'weigh'; readonly row: PlannedRow }
  /** The turn of a measured row has come: does it fit into the time of the phase? */
  | { readonly kind: 'time-row'; readonly row: PlannedRow }
  /** Every cell is running or done, or all workers are busy: nothing to do until one ends. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'forecast' }
  | { readonly kind: 'need-approval' }
  | { readonly kind: 'deploy'; readonly deployment: PlannedDeployment }
  | { readonly kind: 'await-ready'; readonly deployment: PlannedDeployment }
  | { readonly kind: 'measure'; readonly deployment: PlannedDeployment; readonly cell: PlannedCell }
  /** Also what may only perhaps be there: a destruction of nothing is an inventory. */
  | { readonly kind: 'destroy'; readonly deployment: PlannedDeployment }
  | { readonly kind: 'judge' }
  | { readonly kind: 'report' }
  | { readonly kind: 'close' }
  /** Nothing runs any more and the campaign is not over: leave, to be resumed. */
  | { readonly kind: 'leave'; readonly because: 'interrupted' | 'deploy-failed' | 'teardown-incomplete' }
  | { readonly kind: 'finished'; readonly exitCode: number };

/** Beginnings of one deployment, over all sessions: a network that never comes up is not paid for again and again. */
export const deployAttemptsMost = 3;
/** Destructions in one session until a person has to look. */
export const destroyAttemptsMost = 3;

/** Cells that are to run: a skipped row has none. */
export function cellsToRun(plan: Plan): PlannedCell[] {
  return plan.rows.flatMap((row) => (row.skip === null ? row.cells : []));
}

/** Cells that measure this machine: nothing may run beside them, or their figures are those of something else. */
function measuredCells(plan: Plan): ReadonlySet<string> {
  const rows = plan.rows.filter((row) => targetOf(row) !== 'simulator');
  return new Set(rows.flatMap(({ cells }) => cells.map(({ id }) => id)));
}

/** The approval step is done and nothing is missing; what was overridden stays as a note. */
export function isApproved(plan: Plan, state: JournalState): boolean {
  const approval = state.steps.get('approval');
  return plan.target === 'kubernetes' && approval?.exitCodes.length === 0;
}

export function deploymentState(state: JournalState, { name }: PlannedDeployment): DeploymentState {
  return state.deployments.get(name) ?? absentDeployment;
}

const wait: Action = { kind: 'wait' };

/** What stands or may stand is ended before anything new begins; null when all are proven to be gone. */
function endOf(plan: Plan, state: JournalState): Action | null {
  for (const deployment of deploymentsOf(plan)) {
    const { phase, destroys } = deploymentState(state, deployment);
    switch (phase) {
      case 'absent':
        break;
      case 'deploying':
      case 'waiting':
      case 'destroying':
        return wait;
      case 'left':
        if (destroys < destroyAttemptsMost) return { kind: 'destroy', deployment };
        break;
      case 'up':
      case 'ready':
      case 'broken':
        return { kind: 'destroy', deployment };
    }
  }
  return null;
}

function isIncomplete(plan: Plan, state: JournalState): boolean {
  return deploymentsOf(plan).some((deployment) => deploymentState(state, deployment).phase === 'left');
}

/** One deployment: the next step of its life, or null when it has none left in this session. */
function stepOf(deployment: PlannedDeployment, state: JournalState): Action | null {
  const { phase, attempts, failure, destroys } = deploymentState(state, deployment);
  const open = deployment.cells.find(({ id }) => !state.cells.has(id));
  switch (phase) {
    case 'absent': {
      const mayBegin = failure === null && attempts < deployAttemptsMost && state.guardStop === null;
      return open !== undefined && mayBegin ? { kind: 'deploy', deployment } : null;
    }
    case 'deploying':
    case 'waiting':
    case 'destroying':
      return wait;
    case 'up':
      return { kind: 'await-ready', deployment };
    case 'ready':
      if (deployment.cells.some(({ id }) => state.cells.get(id) === 'running')) return wait;
      return open === undefined
        ? { kind: 'destroy', deployment }
        : { kind: 'measure', deployment, cell: open };
    case 'broken':
      return { kind: 'destroy', deployment };
    case 'left':
      return destroys < destroyAttemptsMost ? { kind: 'destroy', deployment } : null;
  }
}

/** One network at a time; none beside one that could not be removed. Null when there is nothing more to measure. */
function measureAction(plan: Plan, state: JournalState): Action | null {
  if (!isApproved(plan, state)) return null;
  const deployments = deploymentsOf(plan);
  const standing = deployments.find((one) => deploymentState(state, one).phase !== 'absent');
  if (standing !== undefined) return stepOf(standing, state);
  for (const deployment of deployments) {
    const action = stepOf(deployment, state);
    if (action !== null) return action;
  }
  return null;
}

/**
 * A row whose repetitions are all done, and about which nothing was decided since; null when there is none. Who was given fewest times
 * comes first: time that rows share is not used up by one of them.
 */
function rowToWeigh(plan: Plan, state: JournalState): PlannedRow | null {
  const isOpen = ({ extended }: PlannedRow): boolean => extended === undefined || extended.stopped === null;
  const isDone = ({ cells }: PlannedRow): boolean => cells.every(({ id }) => state.cells.get(id) === 'done');
  const given = ({ extended }: PlannedRow): number => extended?.steps.length ?? 0;
  const rows = plan.rows.filter((row) => mayHaveMore(row) && isOpen(row) && isDone(row));
  return rows.reduce<PlannedRow | null>(
    (first, row) => (first !== null && given(first) <= given(row) ? first : row),
    null,
  );
}

/** Cells of this machine, the dearest first; null when each is done or failed. Further repetitions come after all that is planned. */
function simulateAction(plan: Plan, state: JournalState, workers: number): Action | null {
  const cells = cellsToRun(plan);
  const running = cells.filter((cell) => state.cells.get(cell.id) === 'running').length;
  const alone = measuredCells(plan);
  const isAloneRunning = cells.some(({ id }) => alone.has(id) && state.cells.get(id) === 'running');
  const untouched = cells.filter((cell) => !state.cells.has(cell.id));
  const simulated = untouched.filter(({ id }) => !alone.has(id));
  const next =
    running < workers && !isAloneRunning ? nextOf(dearestFirst(simulated, plan), plan, state) : null;
  if (next !== null) return next;
  const row = simulated.length === 0 && !isAloneRunning ? rowToWeigh(plan, state) : null;
  if (row !== null) return { kind: 'weigh', row };
  const turn = running > 0 || simulated.length > 0 ? undefined : nextMeasured(plan, state, untouched);
  if (turn === undefined) return running > 0 ? wait : null;
  return isUndecided(plan, turn.row, state)
    ? { kind: 'time-row', row: turn.row }
    : { kind: 'simulate', cell: turn.cell, twin: null };
}

/** The first cell that need not wait for the run of its twin; one whose twin failed is run for itself. */
function nextOf(cells: readonly PlannedCell[], plan: Plan, state: JournalState): Action | null {
  const twins = twinsOf(plan);
  const stateOf = ({ id }: PlannedCell): CellState | null => {
    const twin = twins.get(id);
    return twin === undefined ? null : (state.cells.get(twin.cell.id) ?? null);
  };
  const cell = cells.find((one) => stateOf(one) !== 'running');
  if (cell === undefined) return null;
  return { kind: 'simulate', cell, twin: stateOf(cell) === 'done' ? twins.get(cell.id)! : null };
}

/** Judged, reported, and over: unless something still stands, or another session may do better. */
function endAction(plan: Plan, state: JournalState): Action {
  if (!state.steps.has('judge')) return { kind: 'judge' };
  if (!state.steps.has('report')) return { kind: 'report' };
  if (isIncomplete(plan, state)) return { kind: 'leave', because: 'teardown-incomplete' };
  const mayTryAgain = deploymentsOf(plan).some((deployment) => {
    const { failure, attempts } = deploymentState(state, deployment);
    return failure !== null && attempts < deployAttemptsMost;
  });
  return mayTryAgain && state.guardStop === null
    ? { kind: 'leave', because: 'deploy-failed' }
    : { kind: 'close' };
}

/** `workers`: how many cells may run at once, at least 1. O(cells). */
export function nextAction(plan: Plan, state: JournalState, workers: number): Action {
  if (state.closed !== null) return { kind: 'finished', exitCode: state.closed };
  const extended = decidedPlan(plan, state);
  const cells = [...cellsToRun(extended), ...deploymentsOf(plan).flatMap((deployment) => deployment.cells)];
  if (state.interrupted) {
    if (cells.some((cell) => state.cells.get(cell.id) === 'running')) return wait;
    const because = isIncomplete(plan, state) ? 'teardown-incomplete' : 'interrupted';
    return endOf(plan, state) ?? { kind: 'leave', because };
  }
  if (!state.steps.has('feasibility')) return { kind: 'check-feasibility' };
  const uncertain = cells.find((cell) => state.cells.get(cell.id) === 'uncertain');
  if (uncertain !== undefined) return { kind: 'look', cell: uncertain };
  const simulate = simulateAction(extended, state, workers);
  if (simulate !== null) return simulate;
  if (!state.steps.has('forecast')) return { kind: 'forecast' };
  if (!state.steps.has('approval')) return { kind: 'need-approval' };
  return measureAction(plan, state) ?? endAction(plan, state);
}
