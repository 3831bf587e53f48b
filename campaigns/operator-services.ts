/**
 * The work of a campaign's steps, as the operator asks for it.
 * Owns: that contract. Does not own: the work (services.ts), doing steps in order (operator.ts).
 */
import type { RowOpenness } from '#campaigns/analysis/open-figure.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { ClusterFactory } from '#campaigns/deployment-saga.ts';
import type { ExitCode } from '#campaigns/exit-code.ts';
import type { Plan, PlannedCell, PlannedRow, RunTarget } from '#campaigns/plan-record.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import type { TargetReference } from '#campaigns/worker.ts';

/** What a step leaves behind beside its document. */
export interface StepNotes {
  readonly exitCodes: readonly ExitCode[];
  readonly notes: readonly string[];
}

/** The work of the steps. Documents are plain JSON. */
export interface OperatorServices {
  readonly target: TargetReference;
  /** Runs the rows that are measured on this machine; a plan without such rows never loads it. */
  readonly processes?: TargetReference;
  /** Runs the benchmark rows; a plan without such rows never loads it. */
  readonly benchmark?: TargetReference;
  /** The network of one deployment; asked for only when an approved plan has some. */
  readonly cluster?: ClusterFactory;
  /** What a cell is expected to take, in seconds: of one core when it is simulated, of the machine when it is measured. */
  readonly secondsOf: (cell: PlannedCell, target: RunTarget) => number;
  /**
   * The same as its plan counted it, more than 0: the time that a plan gives a row for further repetitions is a number of them, whatever
   * each is expected to take.
   */
  readonly plannedSecondsOf: (cell: PlannedCell) => number;
  /** The figures of a row that more repetitions would decide, and whether every criterion is decided. */
  readonly openFigures: (row: PlannedRow, runs: readonly RunRecord[]) => RowOpenness;
  readonly checkFeasibility: (plan: Plan) => unknown;
  readonly forecast: (record: CampaignRecord) => { readonly document: unknown } & StepNotes;
  /** May money be spent? An exit code other than 0 says no, and the notes what is missing. */
  readonly approval: (record: CampaignRecord) => { readonly document: unknown } & StepNotes;
  readonly judge: (record: CampaignRecord) => CampaignVerdict;
  /** Fills `folder` with `scale/` and `finance/`. */
  readonly report: (record: CampaignRecord, verdict: CampaignVerdict, folder: string) => Promise<void>;
}
