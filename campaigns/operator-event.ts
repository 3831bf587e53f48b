/**
 * What the operator tells whoever watches: the terminal, a test.
 * Owns: the events. Does not own: how they are shown (progress.ts) or what is remembered (journal-event.ts).
 */
import type { StepName } from '#campaigns/journal-event.ts';
import type { RunTarget } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';

export interface CellName {
  readonly cell: string;
  readonly rowId: string;
  /** 0-based. */
  readonly repetition: number;
}

export interface ExpectedCell extends CellName {
  readonly messageBudget: number;
  readonly target: RunTarget;
  /** Expected seconds of one core, the same on every machine: the weight of a cell in the time that is left. */
  readonly coreSeconds: number;
}

export type OperatorEvent =
  | {
      readonly kind: 'campaign';
      readonly folder: string;
      readonly phase: string;
      readonly target: string;
      readonly resumed: boolean;
      readonly cells: ReadonlyArray<ExpectedCell & { readonly done: boolean }>;
      readonly workers: number;
      /** By the clock: measured rows that do not fit are left out. Undefined: all are run. */
      readonly withinUs?: number | undefined;
    }
  | { readonly kind: 'step-started'; readonly step: StepName }
  | { readonly kind: 'step-done'; readonly step: StepName; readonly notes: readonly string[] }
  | ({ readonly kind: 'cell-started' } & CellName)
  | ({ readonly kind: 'cell-progress'; readonly share: number } & CellName)
  | ({
      readonly kind: 'cell-done';
      readonly status: TestStatus;
      readonly reason: string;
      readonly messages: number;
      readonly adopted: boolean;
    } & CellName)
  | ({ readonly kind: 'cell-failed'; readonly reason: string } & CellName)
  | ({ readonly kind: 'cell-abandoned'; readonly reason: string } & CellName)
  /** A row gets further repetitions, or it was decided that it gets none: `cells` is then empty. */
  | {
      readonly kind: 'row-weighed';
      readonly rowId: string;
      readonly cells: readonly ExpectedCell[];
      readonly why: string;
    }
  /** A line about the network of one deployment, for people. */
  | { readonly kind: 'deployment'; readonly deployment: string; readonly text: string }
  /** A row that would be measured does not fit into the time of the phase any more. */
  | {
      readonly kind: 'row-left-out';
      readonly rowId: string;
      readonly cells: readonly CellName[];
      readonly why: string;
    }
  | { readonly kind: 'interrupted'; readonly times: number }
  | { readonly kind: 'closed'; readonly exitCode: number };
