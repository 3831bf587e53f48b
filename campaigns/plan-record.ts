/**
 * What a campaign intends to run: rows (scenario x configuration) of cells (one repetition each, content-addressed).
 * Owns: the shape of plan.json. Does not own: building it (plan.ts) or running it (operator.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';

export type Comparator = 'at_least' | 'at_most' | 'equals' | 'below' | 'above';

/** One acceptance criterion with its limit resolved to the unit of its metric (metrics.ts). */
export interface Criterion {
  /** Name in the metric registry, e.g. "latency.p95". */
  readonly metric: string;
  readonly comparator: Comparator;
  readonly limit: number;
  /** As the scenario wrote it, e.g. "at_most: 100ms". */
  readonly written: string;
  /** Virtual time the criterion speaks about; a shorter measured window makes it INCONCLUSIVE. */
  readonly overUs: number | null;
  /** Which rows of a scenario's matrix it applies to when it speaks about several (scaling criteria). */
  readonly scope: 'row' | 'scenario';
  /** What the source demands, where the metric is only the nearest expression of it. */
  readonly note: string | null;
}

export interface PlannedCell {
  /** Hash of scenario, resolved configuration, code version and seed. */
  readonly id: string;
  readonly spec: RunSpec;
}

export interface PlannedRow {
  /** Stable, readable: "LT-003/nodes=500" or "CT-003/byzantine=20%". */
  readonly rowId: string;
  readonly scenarioId: string;
  readonly title: string;
  readonly source: string;
  readonly label: string;
  readonly criteria: readonly Criterion[];
  readonly cells: readonly PlannedCell[];
  /** Why the chosen target cannot run this row; null when it can. Such a row is SKIPPED, never green. */
  readonly skip: string | null;
  /** Where its cells run. Left out: on the simulator. */
  readonly target?: RunTarget;
  /** Id of the row that predicts this one: the same configuration, simulated. Measured rows of an overlap have one. */
  readonly predictedBy?: string;
  /** Simulated only for criteria over several sizes: no verdict of its own, no deployment, no price (comparison-row.ts). */
  readonly comparison?: true;
  /** What it may have beyond its cells while intervals straddle their limits. Left out: exactly its cells. */
  readonly more?: MoreRepetitions;
  /** Never stored: what a campaign made of `more` (extra-repetitions.ts). `cells` then holds the further ones, too. */
  readonly extended?: ExtendedRow;
  /** Never stored: `skip` says why the campaign had no time for it (measuring-time.ts). */
  readonly leftOut?: true;
}

/** The budget of a row for further repetitions. */
export interface MoreRepetitions {
  /** Repetitions in all. */
  readonly most: number;
  /** Expected seconds of one core for the further ones. */
  readonly coreSeconds: number;
  /** What their seeds are derived from, beside the campaign's seed. */
  readonly seedsFrom: string;
}

export interface ExtendedRow {
  /** How many of its cells the plan holds. */
  readonly planned: number;
  /** Each decision for more, in order. */
  readonly steps: ReadonlyArray<{ readonly more: number; readonly why: string }>;
  /** Why there are no more; null while that is open. */
  readonly stopped: string | null;
}

/** "6, of which 3 were planned; 3 more: latency.p95: ... straddles ...; then tight: ...". */
export function extendedWords(repetitions: number, { planned, steps, stopped }: ExtendedRow): string {
  const further = steps.map(({ more, why }) => `${more} more because ${why}`);
  const head =
    steps.length === 0 ? `${repetitions}, as planned` : `${repetitions}, of which ${planned} were planned`;
  return [head, ...further, ...(stopped === null ? [] : [`no more: ${stopped}`])].join('; ');
}

/** The targets that can answer a row, and what another one leaves out. */
export interface OnlyOn {
  readonly targets: readonly Plan['target'][];
  readonly why: string;
}

/** Where a cell can run. Rows of a cluster are not stored: they follow from the plan (deployment-plan.ts). */
export type RunTarget = 'simulator' | 'processes' | 'benchmark' | 'kubernetes';

export function targetOf(row: Pick<PlannedRow, 'target'>): RunTarget {
  return row.target ?? 'simulator';
}

export interface Plan {
  readonly version: 1;
  readonly campaign: string;
  readonly phase: string;
  readonly stack: string;
  readonly target: 'simulator' | 'processes' | 'kubernetes';
  readonly codeVersion: string;
  readonly nodeVersion: string;
  readonly seed: number;
  /** Further repetitions begin only while the whole campaign is expected to end within this time. */
  readonly simulatedWithinUs?: number;
  /** Rows of real processes begin only while they are expected to end within this time of the whole campaign. */
  readonly withinUs?: number;
  readonly rows: readonly PlannedRow[];
}

/** The plan as it was written: without what its journal added. Money and deployments are about this one. */
export function plannedOnly(plan: Plan): Plan {
  if (plan.rows.every(({ extended, leftOut }) => extended === undefined && leftOut === undefined))
    return plan;
  const rows = plan.rows.map(({ extended, leftOut, ...row }) => ({
    ...row,
    ...(extended === undefined ? {} : { cells: row.cells.slice(0, extended.planned) }),
    ...(leftOut === undefined ? {} : { skip: null }),
  }));
  return { ...plan, rows };
}
