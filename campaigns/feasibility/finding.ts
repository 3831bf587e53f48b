/**
 * What feasibility says about one question: the shapes, and which criteria a finding bears on.
 * Owns: the finding, its arithmetic lines, the report. Does not own: any check or its wording.
 */
import type { Criterion } from '#campaigns/plan-record.ts';

export type Topic =
  | 'byzantine-tolerance'
  | 'split-brain'
  | 'contested-heal'
  | 'latency-floor'
  | 'bandwidth'
  | 'cpu'
  | 'memory'
  | 'measured-node'
  | 'money'
  | 'self-contradiction';

export type Conclusion = 'possible' | 'marginal' | 'cannot-pass';

/** One line of arithmetic as it is shown. */
export interface ArithmeticLine {
  readonly symbol: string;
  readonly value: number;
  readonly unit: string;
  /** How the value came about, in words or as a formula. */
  readonly how: string;
}

/** The closest change that would pass. Distance: the sum of |ln(new / old)| over the figures that change. */
export interface NearestChange {
  readonly change: string;
  readonly values: Readonly<Record<string, number>>;
  readonly achieves: string;
}

export interface Finding {
  readonly topic: Topic;
  readonly conclusion: Conclusion;
  /** One plain sentence; starts with "cannot pass, because" when the conclusion says so. */
  readonly because: string;
  readonly arithmetic: readonly ArithmeticLine[];
  /** Metrics of the criteria it bears on. */
  readonly metrics: readonly string[];
  readonly nearest: NearestChange | null;
}

export interface RowFindings {
  readonly rowId: string;
  readonly label: string;
  readonly conclusion: Conclusion;
  readonly findings: readonly Finding[];
}

export interface FeasibilityReport {
  readonly version: 1;
  readonly campaign: string;
  readonly conclusion: Conclusion;
  readonly rows: readonly RowFindings[];
  /** About the campaign as a whole: promises of the requirements, and money. */
  readonly campaignFindings: readonly Finding[];
}

const severity: Readonly<Record<Conclusion, number>> = { possible: 0, marginal: 1, 'cannot-pass': 2 };

/** The worst of the conclusions; 'possible' when there is none. */
export function worst(findings: readonly { readonly conclusion: Conclusion }[]): Conclusion {
  let found: Conclusion = 'possible';
  for (const { conclusion } of findings) if (severity[conclusion] > severity[found]) found = conclusion;
  return found;
}

export function line(symbol: string, value: number, unit: string, how: string): ArithmeticLine {
  return { symbol, value, unit, how };
}

/** Row criteria that bound the metric from above, the tightest limit first. */
export function upperLimits(criteria: readonly Criterion[], metrics: readonly string[]): Criterion[] {
  return criteria
    .filter((c) => c.scope === 'row' && metrics.includes(c.metric) && boundsAbove(c))
    .sort((a, b) => a.limit - b.limit);
}

/** Row criteria that bound the metric from below, the tightest limit first. */
export function lowerLimits(criteria: readonly Criterion[], metrics: readonly string[]): Criterion[] {
  return criteria
    .filter((c) => c.scope === 'row' && metrics.includes(c.metric) && boundsBelow(c))
    .sort((a, b) => b.limit - a.limit);
}

function boundsAbove(criterion: Criterion): boolean {
  return ['at_most', 'below', 'equals'].includes(criterion.comparator);
}

function boundsBelow(criterion: Criterion): boolean {
  return ['at_least', 'above', 'equals'].includes(criterion.comparator);
}

/** A figure as people read it: four significant digits, no exponent between 0.001 and a million. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : 'none';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
