/**
 * One criterion against the readings of the repetitions: passed, failed or not answered, and what would answer it.
 * Owns: the decision by confidence interval. Does not own: assumptions of the run (validity.ts) or rows (verdict.ts).
 */
import type { Metric } from '#campaigns/analysis/metric.ts';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { halfWidth, type Interval, type Summary, summarise } from '#campaigns/analysis/statistics.ts';
import type { CriterionVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { Comparator, Criterion } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import { formatDurationUs } from '#campaigns/units.ts';

/** Requirements 2.5: every row at least three repetitions. */
export const repetitionsLeast = 3;

export interface CriterionContext {
  readonly scenarioId: string;
  /** The `simulate` command that runs this row alone. */
  readonly command: string;
  /** Shortest measured window of the repetitions, virtual microseconds. */
  readonly measuredUs: number;
  /** How often the intervals were looked at before repetitions ended. Left out: once. */
  readonly looks?: number;
}

/** Looks at the intervals of a row until it had that many repetitions: one for the planned ones, one per doubling. */
export function looksAt(repetitions: number, planned: number): number {
  return 1 + Math.max(0, Math.ceil(Math.log2(repetitions / Math.max(1, planned)) - 1e-9));
}

/**
 * Who looks again after more repetitions has another chance to be wrong. Each look therefore has to be twice as certain as the one
 * before: 95 %, 97.5 %, 98.75 %; together they are wrong at most twice as often as one look at 95 %.
 */
export function confidenceOfLook(look: number): number {
  return 1 - 0.05 / 2 ** (look - 1);
}

/** The verdict on one criterion; `readings` holds one entry per repetition. */
export function judgeCriterion(
  criterion: Criterion,
  metric: Metric,
  readings: readonly Reading[],
  context: CriterionContext,
): CriterionVerdict {
  const known = readings.flatMap((reading) => (reading.kind === 'missing' ? [] : [reading.value]));
  const summary = known.length > 0 && known.every(Number.isFinite) ? summarise(known) : null;
  const interval = summary?.interval ? clamp(summary.interval, metric.unit) : null;
  const confidence = confidenceOfLook(context.looks ?? 1);
  const strict = summary === null ? null : summarise(known, confidence).interval;
  const deciding = strict === null ? null : { confidence, interval: clamp(strict, metric.unit) };
  const broken = metric.everyRepetition ? brokenIn(criterion, readings) : [];
  // Where one repetition decides, the mean says nothing: it may lie inside the limit.
  const worst = farthest(broken, criterion.limit);
  const observed = worst !== null && Number.isFinite(worst.value) ? worst.value : (summary?.mean ?? null);
  const decision =
    worst === null
      ? decide(criterion, metric, readings, summary, deciding, context)
      : failed(
          `violated in ${broken.length} of ${readings.length} repetitions${worstWords(worst, metric.unit)}`,
        );
  return {
    metric: criterion.metric,
    unit: metric.unit,
    written: criterion.written,
    note: criterion.note,
    limit: criterion.limit,
    observed,
    interval: worst === null ? interval : null,
    repetitions: readings.length,
    margin: observed === null ? null : marginOf(criterion, observed),
    ...decision,
  };
}

type Decision = Pick<CriterionVerdict, 'status' | 'reason' | 'wouldAnswer' | 'repetitionsMissing'>;

/** The interval that decides, and how certain it is. */
interface Deciding {
  readonly confidence: number;
  readonly interval: Interval;
}

function decide(
  criterion: Criterion,
  metric: Metric,
  readings: readonly Reading[],
  summary: Summary | null,
  deciding: Deciding | null,
  context: CriterionContext,
): Decision {
  const { comparator } = criterion;
  const unseen = readings.find((reading) => reading.kind === 'missing');
  if (readings.length === 0) return open('no repetition has a result', context.command);
  if (unseen?.kind === 'missing') {
    return open(
      `not observed: ${unseen.why}`,
      metric.wouldAnswer.replaceAll('{scenario}', context.scenarioId),
    );
  }
  const tooShort = shortWindow(criterion, context);
  if (tooShort !== null) return tooShort;
  if (readings.length < repetitionsLeast) {
    const reason = `${readings.length} of at least ${repetitionsLeast} repetitions`;
    return open(reason, `${context.command} --replications ${repetitionsLeast}`);
  }
  const bounded = readings.find((reading) => reading.kind === 'at-least');
  if (bounded?.kind === 'at-least' && comparator !== 'at_least' && comparator !== 'above') {
    return fromBounds(criterion, readings, deciding?.interval ?? null, bounded.why, context);
  }
  if (summary === null || deciding === null)
    return open('the repetitions have no common mean', context.command);
  const decision = fromInterval(criterion, metric.unit, readings, summary, deciding, context);
  if (metric.scope === 'row') return decision;
  const { repetitionsMissing: _ofAllRows, ...known } = decision;
  return known;
}

type Known = Exclude<Reading, { kind: 'missing' }>;

/** Repetitions beyond the limit. */
function brokenIn({ comparator, limit }: Criterion, readings: readonly Reading[]): readonly Known[] {
  return readings.flatMap((reading) =>
    reading.kind === 'missing' || holds(comparator, reading.value, limit) ? [] : [reading],
  );
}

function farthest(broken: readonly Known[], limit: number): Known | null {
  const off = ({ value }: Known): number => Math.abs(value - limit);
  return broken.reduce<Known | null>((far, one) => (far === null || off(one) > off(far) ? one : far), null);
}

function worstWords(worst: Known, unit: Metric['unit']): string {
  if (!Number.isFinite(worst.value)) return '';
  return `, at worst ${show(worst.value, unit)}${worst.kind === 'at-least' ? ' or more' : ''}`;
}

function failed(reason: string): Decision {
  return { status: 'FAILED', reason, wouldAnswer: '' };
}

function open(reason: string, wouldAnswer: string): Decision {
  return { status: 'INCONCLUSIVE', reason, wouldAnswer };
}

function shortWindow({ overUs }: Criterion, context: CriterionContext): Decision | null {
  // A thousandth of tolerance: a window that ends with its last whole bin is not a shorter one.
  if (overUs === null || context.measuredUs >= overUs * 0.999) return null;
  const measured = formatDurationUs(Math.round(context.measuredUs / 1_000_000) * 1_000_000);
  const wanted = formatDurationUs(overUs);
  return open(
    `it speaks about ${wanted}; ${measured} were measured`,
    `${context.command} --duration ${wanted}, or the processes target for ${wanted}`,
  );
}

/** Some repetitions know only that the figure is their value or more; the comparator wants it low. */
function fromBounds(
  { limit }: Criterion,
  readings: readonly Reading[],
  interval: Interval | null,
  why: string,
  context: CriterionContext,
): Decision {
  const values = readings.flatMap((reading) => (reading.kind === 'missing' ? [] : [reading.value]));
  const breaking = values.filter((value) => value > limit + dust(limit)).length;
  const certain = interval === null ? breaking === values.length : interval[0] > limit + dust(limit);
  if (certain) return failed(why);
  return open(
    `${breaking} of ${values.length} repetitions are certainly beyond the limit: ${why}`,
    `a longer window: ${context.command} --duration ${formatDurationUs(Math.max(1_000_000, Math.ceil(context.measuredUs / 500_000) * 1_000_000))}`,
  );
}

function fromInterval(
  criterion: Criterion,
  unit: Metric['unit'],
  readings: readonly Reading[],
  summary: Summary,
  { confidence, interval }: Deciding,
  context: CriterionContext,
): Decision {
  const { comparator, limit } = criterion;
  const percent = `${Number((100 * confidence).toFixed(3))} %`;
  const side = sideOf(criterion, summary, interval);
  if (side === 'right') return { status: 'PASSED', reason: '', wouldAnswer: '' };
  if (side === 'wrong') {
    return failed(
      `mean ${show(summary.mean, unit)}, ${percent} interval ${show(interval[0], unit)} to ${show(interval[1], unit)}: beyond ${show(limit, unit)}`,
    );
  }
  const more = moreRepetitions(summary, limit, confidence);
  const reason = `the ${percent} interval ${show(interval[0], unit)} to ${show(interval[1], unit)} straddles ${show(limit, unit)}`;
  if (comparator === 'equals' || more === null) {
    return open(`${reason}; repetitions alone are unlikely to settle it`, context.command);
  }
  const settled = open(
    `${reason}; ${more === 1 ? 'one more repetition' : `about ${more} more repetitions`} would likely settle it`,
    `${context.command} --replications ${readings.length + more}`,
  );
  return { ...settled, repetitionsMissing: more };
}

function sideOf(
  { comparator, limit }: Criterion,
  { mean }: Summary,
  [low, high]: Interval,
): 'right' | 'wrong' | 'astride' {
  const holdsBoth = holds(comparator, low, limit) && holds(comparator, high, limit);
  if (holdsBoth) return 'right';
  if (holds(comparator, mean, limit)) return 'astride';
  if (comparator === 'equals') return low > limit || high < limit ? 'wrong' : 'astride';
  return !holds(comparator, low, limit) && !holds(comparator, high, limit) ? 'wrong' : 'astride';
}

/** Rounding dust of decimal limits, far below any figure that is measured. */
function dust(limit: number): number {
  return 1e-9 * Math.max(1, Math.abs(limit));
}

/** Whether one value satisfies the comparison. */
export function holds(comparator: Comparator, value: number, limit: number): boolean {
  switch (comparator) {
    case 'at_least':
      return value >= limit - dust(limit);
    case 'above':
      return value > limit;
    case 'at_most':
      return value <= limit + dust(limit);
    case 'below':
      return value < limit;
    case 'equals':
      return Math.abs(value - limit) <= dust(limit);
  }
}

/** Distance to the limit in the metric's unit; positive = inside. */
function marginOf({ comparator, limit }: Criterion, mean: number): number {
  switch (comparator) {
    case 'at_least':
    case 'above':
      return mean - limit;
    case 'at_most':
    case 'below':
      return limit - mean;
    case 'equals':
      return mean === limit ? 0 : -Math.abs(mean - limit);
  }
}

const repetitionsMost = 1_000;

/**
 * How many more repetitions would bring the interval to one side if mean and deviation stay as they are;
 * null when more than a thousand or when the mean lies on the limit.
 */
function moreRepetitions(
  { mean, deviation, count }: Summary,
  limit: number,
  confidence: number,
): number | null {
  const distance = Math.abs(mean - limit);
  if (!(distance > dust(limit)) || count >= repetitionsMost) return null;
  if (!(halfWidth(deviation, repetitionsMost, confidence) < distance)) return null;
  // The half width falls with the number of repetitions: bisect for the first that is small enough.
  let [short, enough] = [count, repetitionsMost];
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2);
    if (halfWidth(deviation, middle, confidence) < distance) enough = middle;
    else short = middle;
  }
  return enough - count;
}

/** An interval of a figure that cannot be negative or more than the whole is cut there. */
function clamp([low, high]: Interval, unit: Metric['unit']): Interval {
  if (unit === 'percent') return [low, high]; // changes may be negative
  const most = unit === 'share' ? 1 : Number.POSITIVE_INFINITY;
  return [Math.min(most, Math.max(0, low)), Math.max(0, Math.min(most, high))];
}

const unitWords: Readonly<Record<Metric['unit'], string>> = {
  tps: ' TPS',
  ms: ' ms',
  s: ' s',
  percent: ' %',
  share: ' %',
  MB: ' MB',
  Mbps: ' Mbps',
  count: '',
  polls: ' polls',
  ratio: '',
};

function show(value: number, unit: Metric['unit']): string {
  return `${Number((unit === 'share' ? 100 * value : value).toPrecision(4))}${unitWords[unit]}`;
}

const severity: Readonly<Record<TestStatus, number>> = {
  FAILED: 4,
  ABORTED: 3,
  INCONCLUSIVE: 2,
  SKIPPED: 1,
  PASSED: 0,
};

/** The worst by FAILED > ABORTED > INCONCLUSIVE > SKIPPED > PASSED. Nothing at all is INCONCLUSIVE, never green. */
export function worstStatus(statuses: readonly TestStatus[]): TestStatus {
  const [first, ...rest] = statuses;
  if (first === undefined) return 'INCONCLUSIVE';
  return rest.reduce((worst, status) => (severity[status] > severity[worst] ? status : worst), first);
}
