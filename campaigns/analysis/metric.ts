/**
 * What a metric is: unit, direction, scope and reader, and the helpers that declare one.
 * Owns: the record of a metric. Does not own: which metrics exist (metrics.ts).
 */
import {
  missing,
  type Reading,
  type RunRecord,
  type ScenarioView,
  seen,
} from '#campaigns/analysis/reading.ts';

export type Unit = 'tps' | 'ms' | 's' | 'percent' | 'share' | 'MB' | 'Mbps' | 'count' | 'polls' | 'ratio';

interface MetricFacts {
  readonly unit: Unit;
  /** One sentence for reports and for `show`. */
  readonly description: string;
  readonly better: 'higher' | 'lower';
  /** Every repetition must hold by itself: one event in one repetition is already a violation. */
  readonly everyRepetition: boolean;
  /** Decided whatever else is wrong with the run. */
  readonly safety: boolean;
  /** What would yield the figure when a run does not; `{scenario}` stands for the scenario's id. */
  readonly wouldAnswer: string;
}

export interface RowMetric extends MetricFacts {
  readonly scope: 'row';
  readonly read: (run: RunRecord) => Reading;
}

export interface ScenarioMetric extends MetricFacts {
  readonly scope: 'scenario';
  /** It speaks about networks of several sizes. */
  readonly comparesSizes: boolean;
  readonly read: (view: ScenarioView) => Reading;
}

export type Metric = RowMetric | ScenarioMetric;

const simulateMore = 'npm run campaign simulate -- {scenario} --tier message';
const allScales = 'npm run campaign simulate -- {scenario} (all scales of the scenario)';

interface Options {
  readonly everyRepetition?: boolean;
  readonly safety?: boolean;
  readonly wouldAnswer?: string;
}

interface AcrossOptions extends Options {
  readonly comparesSizes?: boolean;
}

function facts(
  unit: Unit,
  better: MetricFacts['better'],
  description: string,
  options: Options,
): MetricFacts {
  return {
    unit,
    better,
    description,
    everyRepetition: options.everyRepetition ?? false,
    safety: options.safety ?? false,
    wouldAnswer: options.wouldAnswer ?? simulateMore,
  };
}

export function row(
  unit: Unit,
  better: MetricFacts['better'],
  description: string,
  read: (run: RunRecord) => Reading,
  options: Options = {},
): RowMetric {
  return { ...facts(unit, better, description, options), scope: 'row', read };
}

export function across(
  unit: Unit,
  better: MetricFacts['better'],
  description: string,
  read: (view: ScenarioView) => Reading,
  options: AcrossOptions = {},
): ScenarioMetric {
  return {
    ...facts(unit, better, description, { wouldAnswer: allScales, ...options }),
    scope: 'scenario',
    comparesSizes: options.comparesSizes ?? false,
    read,
  };
}

type Results = RunRecord['result']['results'];

/** A field of the results; null is "not observed". A run without a measured window has observed nothing. */
export function field(
  pick: (results: Results) => number | null,
  whyNull: string,
): (run: RunRecord) => Reading {
  return ({ result }) => {
    if (!(result.window.measured_s > 0)) return missing('the run measured nothing: its window is empty');
    const value = pick(result.results);
    return value === null ? missing(whyNull) : seen(value);
  };
}
