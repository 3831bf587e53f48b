/**
 * What every target must offer: the contract between the operator and the place where a run happens.
 * Owns: the interface and the shape of its answers. Does not own: any target.
 */

import type { RunTarget } from '#campaigns/plan-record.ts';
import type { RunResult, RunSeries } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';

/** What one executed run hands back. `events` are JSON lines for events.jsonl, in order. */
export interface RunOutcome {
  readonly result: RunResult;
  readonly series: RunSeries;
  readonly events: readonly string[];
}

export interface Capabilities {
  readonly name: RunTarget;
  /** Fault kinds it can inject and observe; a run that needs another is SKIPPED with the reason. */
  readonly faults: ReadonlySet<string>;
  readonly attacks: ReadonlySet<string>;
  readonly nodesMost: number;
  /** Why it cannot run this specification although it knows its faults and attacks; null when it can. */
  readonly refuses?: (spec: RunSpec) => string | null;
}

/** Of a run whose test_status is ABORTED although it began. */
export const abortedReason = 'stopped before the end of the run';

/** Share of the work of a run that is done, 0 to 1, never less than before. */
export type Progress = (share: number) => void;

export interface Target {
  readonly capabilities: Capabilities;
  /** After it was stopped or broken off anything may be there: `destroy` follows, never a second `deploy`. */
  deploy(signal: AbortSignal): Promise<void>;
  /** False, or a rejection with the reason: it will not be ready. */
  ready(signal?: AbortSignal): Promise<boolean>;
  /** Rejects only on programmer errors; an unfit run answers with SKIPPED or INCONCLUSIVE. */
  run(spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome>;
  collect(): Promise<void>;
  /** Never takes the signal of the run: teardown must finish. */
  destroy(): Promise<void>;
  /** What is still there; empty when the target is torn down. */
  inventory(): Promise<readonly string[]>;
}
