/**
 * The events of a campaign and the state that they add up to.
 * Owns: the event schema and the pure `journalState`. Does not own: the file (journal.ts) or what follows (next-action.ts).
 */
import { z } from 'zod';
import {
  absentDeployment,
  afterDeploymentEvent,
  type DeploymentState,
  deploymentEvents,
  inNewSession,
} from '#campaigns/deployment-state.ts';

/** Steps that a campaign takes once each, in this order; simulation of cells comes after 'feasibility'. */
export const stepName = z.enum(['feasibility', 'forecast', 'approval', 'judge', 'report']);
export type StepName = z.infer<typeof stepName>;

const session = { pid: z.number(), host: z.string() };

export const journalEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('opened'),
    campaign: z.string(),
    plan_sha256: z.string(),
    code_version: z.string(),
    ...session,
  }),
  z.strictObject({ kind: z.literal('resumed'), ...session }),
  z.strictObject({ kind: z.literal('step-started'), step: stepName }),
  z.strictObject({
    kind: z.literal('step-done'),
    step: stepName,
    /** Of the file that the step wrote; null when it wrote none. */
    sha256: z.string().nullable(),
    /** Exit codes that this step adds; empty when all is well. */
    exit_codes: z.array(z.number()),
    /** For people: what is missing, what was exceeded. */
    notes: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('cell-started'), cell: z.string() }),
  z.strictObject({
    kind: z.literal('cell-done'),
    cell: z.string(),
    manifest_sha256: z.string(),
    status: z.string(),
    /** The files were whole on disk although the journal did not say so: the process died in between. */
    adopted: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('cell-abandoned'), cell: z.string(), reason: z.string() }),
  z.strictObject({ kind: z.literal('cell-failed'), cell: z.string(), reason: z.string() }),
  /** The finished repetitions of a row were looked at: how many more it gets, 0 = it keeps these, and why. */
  z.strictObject({ kind: z.literal('row-weighed'), row: z.string(), more: z.number(), why: z.string() }),
  /** The turn of a measured row came: null = it fits the time of the phase, else why it is left out. */
  z.strictObject({ kind: z.literal('row-timed'), row: z.string(), left_out: z.string().nullable() }),
  ...deploymentEvents,
  z.strictObject({ kind: z.literal('interrupted'), times: z.number() }),
  /** The guard asked for the interruption: nothing is deployed any more, whoever resumes. */
  z.strictObject({ kind: z.literal('guard-stopped'), why: z.string() }),
  z.strictObject({ kind: z.literal('closed'), exit_code: z.number() }),
]);
export type JournalEvent = z.infer<typeof journalEvent>;

export const journalRecord = z.strictObject({
  /** 1-based line number: a lost or doubled line shows. */
  n: z.number(),
  at: z.string(),
  event: journalEvent,
});
export type JournalRecord = z.infer<typeof journalRecord>;

/**
 * `running`: begun by this process. `uncertain`: begun by a process that is gone; look at the disk, then decide.
 * `failed`: its worker died; tried again by the next process.
 */
export type CellState = 'running' | 'uncertain' | 'done' | 'failed';

export interface StepOutcome {
  readonly sha256: string | null;
  readonly exitCodes: readonly number[];
  readonly notes: readonly string[];
}

/** What was decided about further repetitions of a row. */
export interface RowWeight {
  readonly steps: ReadonlyArray<{ readonly more: number; readonly why: string }>;
  readonly stopped: string | null;
}

export interface JournalState {
  readonly cells: ReadonlyMap<string, CellState>;
  readonly manifests: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, string>;
  readonly steps: ReadonlyMap<StepName, StepOutcome>;
  /** By row; one that was never weighed is absent. */
  readonly weights: ReadonlyMap<string, RowWeight>;
  /** Measured rows whose turn came: null = it fits, else why it is left out. */
  readonly fits: ReadonlyMap<string, string | null>;
  /** By name; one that was never begun is absent. */
  readonly deployments: ReadonlyMap<string, DeploymentState>;
  /** Why the guard stopped it; null when it did not. */
  readonly guardStop: string | null;
  /** Of this process. */
  readonly interrupted: boolean;
  readonly closed: number | null;
  readonly planSha256: string | null;
}

interface MutableState {
  cells: Map<string, CellState>;
  manifests: Map<string, string>;
  failures: Map<string, string>;
  steps: Map<StepName, StepOutcome>;
  weights: Map<string, RowWeight>;
  fits: Map<string, string | null>;
  deployments: Map<string, DeploymentState>;
  guardStop: string | null;
  interrupted: boolean;
  closed: number | null;
  planSha256: string | null;
}

/** A new process took over: what the old one left running is uncertain, what failed may be tried again. */
function startSession(state: MutableState): void {
  state.interrupted = false;
  for (const [cell, before] of state.cells) {
    if (before === 'running') state.cells.set(cell, 'uncertain');
    if (before === 'failed') state.cells.delete(cell);
  }
  state.failures.clear();
  for (const [name, before] of state.deployments) state.deployments.set(name, inNewSession(before));
}

/** What was judged and reported before this is not all any more. */
function judgeAgain(state: MutableState): void {
  state.steps.delete('judge');
  state.steps.delete('report');
}

function afterWeighing(steps: RowWeight['steps'], { more, why }: RowWeight['steps'][number]): RowWeight {
  return more === 0 ? { steps, stopped: why } : { steps: [...steps, { more, why }], stopped: null };
}

function apply(state: MutableState, event: JournalEvent): void {
  switch (event.kind) {
    case 'opened':
      state.planSha256 = event.plan_sha256;
      startSession(state);
      return;
    case 'resumed':
      startSession(state);
      return;
    case 'step-started':
      return;
    case 'step-done':
      state.steps.set(event.step, { sha256: event.sha256, exitCodes: event.exit_codes, notes: event.notes });
      return;
    case 'cell-started':
      state.cells.set(event.cell, 'running');
      return;
    case 'cell-done':
      state.cells.set(event.cell, 'done');
      state.manifests.set(event.cell, event.manifest_sha256);
      judgeAgain(state);
      return;
    case 'cell-abandoned':
      state.cells.delete(event.cell);
      return;
    case 'cell-failed':
      state.cells.set(event.cell, 'failed');
      state.failures.set(event.cell, event.reason);
      return;
    case 'row-weighed':
      state.weights.set(event.row, afterWeighing(state.weights.get(event.row)?.steps ?? [], event));
      return;
    case 'row-timed':
      state.fits.set(event.row, event.left_out);
      return;
    case 'deploy-started':
    case 'deploy-done':
    case 'deploy-failed':
    case 'ready-started':
    case 'ready-done':
    case 'ready-failed':
    case 'destroy-started':
    case 'destroy-done': {
      const before = state.deployments.get(event.deployment) ?? absentDeployment;
      state.deployments.set(event.deployment, afterDeploymentEvent(before, event));
      return;
    }
    case 'guard-stopped':
      state.guardStop = event.why;
      return;
    case 'interrupted':
      state.interrupted = true;
      return;
    case 'closed':
      state.closed = event.exit_code;
      return;
  }
}

/** Pure: the same records give the same state. */
export function journalState(records: readonly JournalRecord[]): JournalState {
  const state: MutableState = {
    cells: new Map(),
    manifests: new Map(),
    failures: new Map(),
    steps: new Map(),
    weights: new Map(),
    fits: new Map(),
    deployments: new Map(),
    guardStop: null,
    interrupted: false,
    closed: null,
    planSha256: null,
  };
  for (const record of records) apply(state, record.event);
  return state;
}

/** Time in which a process drove the campaign, over all sessions, until `nowMs`. */
export function drivenSeconds(records: readonly JournalRecord[], nowMs: number): number {
  let driven = 0;
  let beganMs: number | null = null;
  let lastMs = 0;
  for (const { at, event } of records) {
    const atMs = Date.parse(at);
    if (event.kind === 'opened' || event.kind === 'resumed') {
      if (beganMs !== null) driven += lastMs - beganMs;
      beganMs = atMs;
    }
    lastMs = atMs;
  }
  return beganMs === null ? 0 : (driven + Math.max(0, nowMs - beganMs)) / 1_000;
}
