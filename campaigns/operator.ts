/**
 * Drives a campaign: does what nextAction says, and journals it before and after.
 * Owns: starting, resuming and running a campaign on this machine, interruption. Does not own: the order of the steps
 * (next-action.ts), the work of each step (injected services), the terminal (progress.ts).
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sha256Hex } from '#budgets/sha256.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { codeOfClosing, codeOfLeaving } from '#campaigns/campaign-code.ts';
import { CellBook } from '#campaigns/cell-book.ts';
import { decidedPlan } from '#campaigns/decided-plan.ts';
import { deploymentsOf, withClusterRows } from '#campaigns/deployment-plan.ts';
import { DeploymentSaga } from '#campaigns/deployment-saga.ts';
import { troublesOf } from '#campaigns/deployment-state.ts';
import { CampaignError } from '#campaigns/errors.ts';
import { type ExitCode, exitCodeOfStatus, exitCodes, knownExitCodes, loudest } from '#campaigns/exit-code.ts';
import { secondsUntilOver, type Weight, weigh } from '#campaigns/extra-repetitions.ts';
import { failpoint } from '#campaigns/failpoint.ts';
import { guardStopReason, wasStoppedByGuard } from '#campaigns/guard/run-link.ts';
import { Journal, journalFile } from '#campaigns/journal.ts';
import {
  drivenSeconds,
  type JournalEvent,
  type JournalState,
  journalState,
  type StepName,
} from '#campaigns/journal-event.ts';
import { acquireLock, type Lock } from '#campaigns/lock.ts';
import { benchmarkCells, leftOutBecause, simulatingWithinUs } from '#campaigns/measuring-time.ts';
import { type Action, cellsToRun, isApproved, nextAction } from '#campaigns/next-action.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import type { OperatorServices, StepNotes } from '#campaigns/operator-services.ts';
import type { Plan, PlannedCell, PlannedRow, RunTarget } from '#campaigns/plan-record.ts';
import { Pool, type PoolOutcome } from '#campaigns/pool.ts';
import { readCampaign, readCell, readPlan, wholeCell } from '#campaigns/results/reader.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import {
  createCampaignFolder,
  pointLatest,
  prettyJson,
  sweepTemporary,
  writeCell,
  writeFileAtomic,
  writeFolder,
} from '#campaigns/results/writer.ts';
import type { Progress } from '#campaigns/targets/target.ts';
import { twinOutcome } from '#campaigns/twin-outcome.ts';

export interface OperatorOptions {
  readonly workers: number;
  readonly onEvent: (event: OperatorEvent) => void;
  /** Aborted at the first wish to stop: running cells are given up safely, the campaign can be resumed. */
  readonly stop: AbortSignal;
  /** Aborted at the second: leave at once. */
  readonly leave: AbortSignal;
  /** ISO 8601, for the journal and the time of the phase. Left out: the machine's. */
  readonly now?: () => string;
}

export interface CampaignEnd {
  readonly folder: string;
  readonly exitCode: ExitCode;
  /** null when the campaign was interrupted before it was judged. */
  readonly verdict: CampaignVerdict | null;
  /** What stands between the campaign and a deployment. */
  readonly notes: readonly string[];
  /** Runs without a result because their thread or target failed. */
  readonly failures: readonly string[];
  /** What went wrong with networks, and what of them may still be there; empty when nothing stands. */
  readonly deployments: readonly string[];
  /** A network is not proven to be gone. */
  readonly isStanding: boolean;
}

/** Creates the folder of a new campaign and writes its plan. `nameOf` gets the folder's name into the plan. */
export function createCampaign(runsFolder: string, name: string, planOf: (campaign: string) => Plan): string {
  const folder = createCampaignFolder(runsFolder, name);
  failpoint('campaign.created');
  writeFileAtomic(path.join(folder, 'plan.json'), prettyJson(planOf(path.basename(folder))));
  pointLatest(folder);
  return folder;
}

/** Runs or goes on with the campaign in `folder` until it is closed or interrupted. */
export async function runCampaign(
  folder: string,
  services: OperatorServices,
  options: OperatorOptions,
): Promise<CampaignEnd> {
  const lock = acquireLock(folder);
  try {
    const operator = new Operator(folder, services, options, lock);
    return await operator.run();
  } finally {
    lock.release();
  }
}

class Operator {
  readonly #folder: string;
  readonly #services: OperatorServices;
  readonly #options: OperatorOptions;
  readonly #now: () => string;
  readonly #journal: Journal;
  readonly #plan: Plan;
  readonly #pools: Readonly<Record<Exclude<RunTarget, 'kubernetes'>, Pool>>;
  readonly #saga: DeploymentSaga;
  readonly #running = new Map<string, Promise<void>>();
  readonly #cells: CellBook;
  #state: JournalState;

  constructor(folder: string, services: OperatorServices, options: OperatorOptions, lock: Lock) {
    this.#folder = folder;
    this.#services = services;
    this.#options = options;
    this.#cells = new CellBook(services.secondsOf, options.workers);
    sweepTemporary(folder);
    this.#now = options.now ?? (() => new Date().toISOString());
    this.#journal = Journal.open(path.join(folder, journalFile), this.#now);
    this.#state = journalState(this.#journal.records);
    this.#plan = readPlan(folder, this.#state.planSha256);
    const { target, processes = target, benchmark = target } = services;
    this.#pools = {
      simulator: new Pool(target),
      processes: new Pool(processes),
      benchmark: new Pool(benchmark),
    };
    this.#saga = new DeploymentSaga({
      folder,
      campaign: this.#plan.campaign,
      stack: this.#plan.stack,
      cluster: services.cluster ?? null,
      record: (event) => this.#record(event),
      hasLeft: () => options.leave.aborted,
      say: (deployment, text) => options.onEvent({ kind: 'deployment', deployment, text }),
    });
    for (const row of decidedPlan(withClusterRows(this.#plan), this.#state).rows)
      this.#cells.remember(row, row.cells);
    if (this.#state.closed !== null) return;
    const session = { pid: lock.owner.pid, host: os.hostname() };
    if (this.#journal.records.length > 0) this.#record({ kind: 'resumed', ...session });
    else {
      const planSha256 = sha256Hex(readFileSync(path.join(folder, 'plan.json'), 'utf8'));
      const { campaign, codeVersion } = this.#plan;
      this.#record({
        kind: 'opened',
        campaign,
        plan_sha256: planSha256,
        code_version: codeVersion,
        ...session,
      });
    }
  }

  async run(): Promise<CampaignEnd> {
    const interrupted = new Promise<void>((resolve) => {
      this.#options.stop.addEventListener('abort', () => resolve(), { once: true });
    });
    const left = new Promise<void>((resolve) => {
      this.#options.leave.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#announce();
    try {
      for (;;) {
        if (this.#options.leave.aborted) return this.#leaveAtOnce();
        if (this.#options.stop.aborted && !this.#state.interrupted && this.#state.closed === null)
          this.#interrupt();
        const action = nextAction(this.#plan, this.#state, this.#options.workers);
        if (action.kind === 'finished') return this.#end(loudest(knownExitCodes([action.exitCode])));
        if (action.kind === 'leave') return this.#end(codeOfLeaving(this.#state, action.because));
        if (action.kind === 'wait') {
          const signals = this.#state.interrupted ? [left] : [left, interrupted];
          await Promise.race([...this.#running.values(), ...this.#saga.running, ...signals]);
        } else {
          await this.#perform(action);
          // Signals and answers of threads are seen between two steps.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    } finally {
      await Promise.all(Object.values(this.#pools).map((pool) => pool.close()));
      this.#journal.close();
    }
  }

  async #perform(action: Exclude<Action, { kind: 'finished' | 'leave' | 'wait' }>): Promise<void> {
    switch (action.kind) {
      case 'check-feasibility':
        return this.#step('feasibility', () => ({
          file: 'feasibility.json',
          document: this.#services.checkFeasibility(this.#plan),
        }));
      case 'look':
        return this.#look(action.cell);
      case 'simulate':
        return this.#run(action.cell, (onProgress) =>
          action.twin === null
            ? this.#poolOf(action.cell).run(action.cell.id, action.cell.spec, onProgress)
            : twinOutcome(this.#folder, action.cell, action.twin),
        );
      case 'weigh':
        return this.#weigh(action.row);
      case 'time-row':
        return this.#timeRow(action.row);
      case 'forecast':
        return this.#step('forecast', () => ({
          file: 'forecast.json',
          ...this.#services.forecast(readCampaign(this.#folder)),
        }));
      case 'need-approval':
        return this.#step('approval', () => ({
          file: 'approval.json',
          ...this.#services.approval(readCampaign(this.#folder)),
        }));
      case 'deploy':
        return this.#saga.deploy(action.deployment);
      case 'await-ready':
        return this.#saga.awaitReady(action.deployment);
      case 'measure':
        return this.#run(action.cell, (onProgress) =>
          this.#saga.measure(action.deployment, action.cell, onProgress),
        );
      case 'destroy':
        return this.#saga.destroy(action.deployment);
      case 'judge':
        return this.#step('judge', () => {
          const verdict = this.#services.judge(readCampaign(this.#folder));
          return { file: 'verdicts.json', document: verdict, exitCodes: [exitCodeOfStatus(verdict.status)] };
        });
      case 'report':
        return this.#report();
      case 'close':
        return this.#close();
    }
  }

  #record(event: JournalEvent): void {
    this.#journal.append(event);
    this.#state = journalState(this.#journal.records);
  }

  #step(
    step: StepName,
    work: () => Partial<StepNotes> & { readonly file?: string; readonly document?: unknown },
  ): void {
    this.#options.onEvent({ kind: 'step-started', step });
    this.#record({ kind: 'step-started', step });
    const done = work();
    const text = done.file === undefined ? null : prettyJson(done.document);
    if (done.file !== undefined && text !== null) writeFileAtomic(path.join(this.#folder, done.file), text);
    this.#stepDone(step, text === null ? null : sha256Hex(text), done.exitCodes ?? [], done.notes ?? []);
  }

  #stepDone(
    step: StepName,
    sha256: string | null,
    codes: readonly ExitCode[],
    notes: readonly string[],
  ): void {
    const adding = codes.filter((code) => code !== exitCodes.passed);
    this.#record({ kind: 'step-done', step, sha256, exit_codes: adding, notes: [...notes] });
    this.#options.onEvent({ kind: 'step-done', step, notes });
  }

  async #report(): Promise<void> {
    this.#options.onEvent({ kind: 'step-started', step: 'report' });
    this.#record({ kind: 'step-started', step: 'report' });
    const record = readCampaign(this.#folder);
    const verdict = this.#verdict();
    if (verdict === null)
      throw new CampaignError('results-damaged', 'the verdicts are missing', 'run the campaign again');
    await writeFolder(path.join(this.#folder, 'reports'), (folder) =>
      this.#services.report(record, verdict, folder),
    );
    this.#stepDone('report', null, [], []);
  }

  /** The verdicts as they were just written, or null. */
  #verdict(): CampaignVerdict | null {
    if (!this.#state.steps.has('judge')) return null;
    const text = readFileSync(path.join(this.#folder, 'verdicts.json'), 'utf8');
    const verdict: CampaignVerdict = JSON.parse(text);
    return verdict;
  }

  #look(cell: PlannedCell): void {
    const manifest = wholeCell(this.#folder, cell.id);
    if (manifest === null) {
      this.#record({
        kind: 'cell-abandoned',
        cell: cell.id,
        reason: 'its process ended before the result was whole',
      });
      return;
    }
    this.#cellDone(cell, manifest, readCell(this.#folder, cell.id).result, true);
  }

  #cellDone(cell: PlannedCell, manifest: string, result: RunResult, adopted: boolean): void {
    const { test_status: status, reason, results } = result;
    this.#record({ kind: 'cell-done', cell: cell.id, manifest_sha256: manifest, status, adopted });
    const { messages } = results.simulation;
    this.#options.onEvent({
      kind: 'cell-done',
      ...this.#cells.nameOf(cell),
      status,
      reason,
      messages,
      adopted,
    });
  }

  /** Decides once about the repetitions that a row has: the decision is journalled before anything follows from it. */
  #weigh(row: PlannedRow): void {
    const { more, why } = this.#weightOf(row);
    this.#record({ kind: 'row-weighed', row: row.rowId, more, why });
    const { rows } = decidedPlan(this.#plan, this.#state);
    const further = rows.find(({ rowId }) => rowId === row.rowId)?.cells.slice(row.cells.length) ?? [];
    this.#cells.remember(row, further);
    const cells = further.map((cell) => this.#cells.expected(cell));
    this.#options.onEvent({ kind: 'row-weighed', rowId: row.rowId, cells, why });
  }

  #weightOf(row: PlannedRow): Weight {
    const { most, coreSeconds } = row.more!;
    // Further repetitions are new runs, though those that were planned may have been taken over.
    const each = this.#cells.runSecondsOf(row.cells.at(-1)!);
    const further = row.cells.length - (row.extended?.planned ?? row.cells.length);
    const runs = row.cells.map(({ id }) => readCell(this.#folder, id));
    return weigh({
      done: row.cells.length,
      most,
      ...this.#services.openFigures(row, runs),
      secondsEach: each,
      ownSecondsLeft: each * (coreSeconds / this.#services.plannedSecondsOf(row.cells[0]!) - further),
      clockSecondsLeft: this.#clockSecondsLeft(),
    });
  }

  /** Journalled before anything follows from it: who resumes leaves out the same rows. */
  #timeRow({ rowId, cells }: PlannedRow): void {
    const why = leftOutBecause({
      withinUs: this.#plan.withinUs!,
      drivenSeconds: drivenSeconds(this.#journal.records, Date.parse(this.#now())),
      reservedSeconds: this.#cells.measuredSeconds(benchmarkCells(this.#plan, this.#state)),
      repetitions: cells.length,
      rowSeconds: this.#cells.measuredSeconds(cells),
    });
    this.#record({ kind: 'row-timed', row: rowId, left_out: why });
    const names = cells.map((cell) => this.#cells.nameOf(cell));
    if (why !== null) this.#options.onEvent({ kind: 'row-left-out', rowId, cells: names, why });
  }

  /** Of all cores, until the time for simulating is over, without what simulated cells are expected to take. */
  #clockSecondsLeft(): number {
    const cells = cellsToRun(decidedPlan(this.#plan, this.#state));
    return secondsUntilOver({
      withinUs: simulatingWithinUs(this.#plan, this.#cells.measuredSeconds(cells)),
      drivenSeconds: drivenSeconds(this.#journal.records, Date.parse(this.#now())),
      workers: this.#options.workers,
      ...this.#cells.simulatedSeconds(cells, this.#state.cells),
    });
  }

  #run(cell: PlannedCell, start: (onProgress: Progress) => Promise<PoolOutcome>): void {
    const name = this.#cells.nameOf(cell);
    this.#record({ kind: 'cell-started', cell: cell.id });
    this.#options.onEvent({ kind: 'cell-started', ...name });
    const onProgress = (share: number): void =>
      this.#options.onEvent({ kind: 'cell-progress', ...name, share });
    const ended = start(onProgress).then((outcome) => {
      this.#running.delete(cell.id);
      if (this.#options.leave.aborted) return;
      switch (outcome.kind) {
        case 'outcome': {
          const manifest = writeCell(this.#folder, cell.id, cell.spec, outcome.outcome);
          this.#cellDone(cell, manifest, outcome.outcome.result, false);
          return;
        }
        case 'stopped':
          this.#record({ kind: 'cell-abandoned', cell: cell.id, reason: 'interrupted' });
          this.#options.onEvent({ kind: 'cell-abandoned', ...name, reason: 'interrupted' });
          return;
        case 'failed':
          this.#record({ kind: 'cell-failed', cell: cell.id, reason: outcome.reason });
          this.#options.onEvent({ kind: 'cell-failed', ...name, reason: outcome.reason });
          return;
      }
    });
    this.#running.set(cell.id, ended);
  }

  #interrupt(): void {
    this.#record({ kind: 'interrupted', times: 1 });
    this.#options.onEvent({ kind: 'interrupted', times: 1 });
    if (wasStoppedByGuard(this.#folder))
      this.#record({ kind: 'guard-stopped', why: guardStopReason(this.#folder) });
    for (const pool of Object.values(this.#pools)) void pool.stopAll();
    this.#saga.interrupt();
  }

  #leaveAtOnce(): CampaignEnd {
    this.#record({ kind: 'interrupted', times: 2 });
    this.#options.onEvent({ kind: 'interrupted', times: 2 });
    return this.#end(exitCodes.interrupted);
  }

  #close(): void {
    const exitCode = codeOfClosing(this.#state);
    this.#record({ kind: 'closed', exit_code: exitCode });
    this.#options.onEvent({ kind: 'closed', exitCode });
  }

  #end(exitCode: ExitCode): CampaignEnd {
    const notes = [...this.#state.steps.values()].flatMap((step) => step.notes);
    const failures = [...this.#state.failures].map(
      ([cell, reason]) => `${this.#cells.rowOf(cell)} (cell ${cell}): ${reason.split('\n')[0] ?? ''}`,
    );
    const verdict = this.#verdict();
    const { deployments, isStanding } = troublesOf(this.#state.deployments);
    return { folder: this.#folder, exitCode, verdict, notes, failures, deployments, isStanding };
  }

  #poolOf(cell: PlannedCell): Pool {
    const target = this.#cells.targetOf(cell.id);
    return this.#pools[target === 'kubernetes' ? 'simulator' : target];
  }

  #announce(): void {
    const inCluster = isApproved(this.#plan, this.#state) ? deploymentsOf(this.#plan) : [];
    const here = cellsToRun(decidedPlan(this.#plan, this.#state));
    const cells = [...here, ...inCluster.flatMap((one) => one.cells)].map((cell) => ({
      ...this.#cells.expected(cell),
      done: this.#state.cells.get(cell.id) === 'done',
    }));
    const { phase, target, withinUs } = this.#plan;
    this.#options.onEvent({
      kind: 'campaign',
      folder: this.#folder,
      phase,
      target,
      resumed: this.#journal.records.some((record) => record.event.kind === 'resumed'),
      cells,
      workers: this.#options.workers,
      withinUs,
    });
  }
}
