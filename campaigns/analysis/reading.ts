/**
 * What reading a metric from a run yields, and what a reader is given.
 * Owns: the sum type of a reading (a value, a lower bound, nothing) and the run and scenario views.
 * Does not own: which metrics exist (metrics.ts) or judging them (verdict.ts).
 */
import type { RunResult, RunSeries } from '#campaigns/results/schema.ts';

/** One finished repetition as stored: result.json and series.json. */
export interface RunRecord {
  readonly result: RunResult;
  readonly series: RunSeries;
}

/** The same repetition of every row of a scenario, in plan order; `row` is the index of the judged one. */
export interface ScenarioView {
  readonly rows: readonly RunRecord[];
  readonly row: number;
  /** Rows of the scenario that have no such repetition (skipped, aborted, not run). */
  readonly absent: readonly string[];
  /** The same row in the campaign that serves as baseline; null when none was given. */
  readonly baseline: RunRecord | null;
}

/**
 * `value`: seen. `at-least`: the true figure is this or more (an undecided pair is later than any figure: Infinity;
 * a recovery that did not end within the run took at least the rest of it). `missing`: the run cannot say, and why.
 */
export type Reading =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'at-least'; readonly value: number; readonly why: string }
  | { readonly kind: 'missing'; readonly why: string };

/** Whether nodes decided one by one in the node's own code: formulas and counted nodes record no decisions. */
export function enumeratesNodes(tier: string): boolean {
  return tier !== 'analytic' && tier !== 'lumped' && tier !== 'benchmark';
}

export function seen(value: number): Reading {
  return Number.isFinite(value) ? { kind: 'value', value } : missing(`the record holds ${value}`);
}

export function atLeast(value: number, why: string): Reading {
  return { kind: 'at-least', value, why };
}

export function missing(why: string): Reading {
  return { kind: 'missing', why };
}

/** Bins that lie wholly inside the measured window. */
export function windowPoints(series: RunSeries): RunSeries['points'] {
  const [from, until] = series.window_us;
  return series.points.filter((point) => point.at_us >= from && point.at_us + point.for_us <= until);
}
