/**
 * What judging a campaign yields. Owns: the shapes of verdicts.json. Does not own: the judging (verdict.ts).
 */
import type { TestStatus } from '#campaigns/results/schema.ts';

export interface CriterionVerdict {
  readonly metric: string;
  /** Unit of `observed`, `limit` and `interval`. */
  readonly unit: string;
  readonly written: string;
  /** What the source demands, where the metric is only the nearest expression of it. */
  readonly note: string | null;
  readonly limit: number;
  /** Mean over repetitions, where one alone decides that of the farthest beyond the limit; null when it was not observed. */
  readonly observed: number | null;
  /** 95 % confidence interval of the mean over repetitions; null with fewer than two, or where one alone decides. */
  readonly interval: readonly [number, number] | null;
  readonly repetitions: number;
  /** How many more repetitions would likely bring the interval to one side; only where it straddles the limit. */
  readonly repetitionsMissing?: number;
  /** Distance to the limit in the metric's unit, positive = inside. */
  readonly margin: number | null;
  readonly status: TestStatus;
  readonly reason: string;
  /** For INCONCLUSIVE and SKIPPED: the command or target that would answer it. */
  readonly wouldAnswer: string;
}

/** An assumption of the run (load reached, faults observed, window long enough, determinism). */
export interface ValidityCheck {
  readonly name: string;
  readonly observed: string;
  readonly required: string;
  readonly holds: boolean;
}

export interface RowVerdict {
  readonly rowId: string;
  readonly status: TestStatus;
  readonly reason: string;
  readonly validity: readonly ValidityCheck[];
  readonly criteria: readonly CriterionVerdict[];
}

export interface CampaignVerdict {
  readonly version: 1;
  readonly campaign: string;
  readonly status: TestStatus;
  readonly rows: readonly RowVerdict[];
}
