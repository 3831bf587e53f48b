/**
 * The statistics every verdict rests on: means with confidence intervals, bounds on shares, least-squares fits.
 * Owns: the arithmetic. Does not own: what is compared with what.
 * Sources: Student 1908 (t interval), Wilson 1927, Clopper & Pearson 1934, Hanley & Lippman-Hand 1983 (rule of three).
 */
import { regularisedBeta } from '#campaigns/analysis/beta-function.ts';

export type Interval = readonly [low: number, high: number];

export interface Summary {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); 0 for one value. */
  readonly deviation: number;
  /** Interval of the mean, 95 % unless said; null with fewer than two values. */
  readonly interval: Interval | null;
}

const usualConfidence = 0.95;

/** Mean and t-based interval, 95 % unless said. Throws RangeError for an empty list or a value that is not finite. */
export function summarise(values: readonly number[], confidence: number = usualConfidence): Summary {
  if (values.length === 0) throw new RangeError('no values to summarise');
  if (!values.every(Number.isFinite)) throw new RangeError('a value to summarise is not finite');
  const count = values.length;
  // Shifting by the first value keeps equal values exactly equal: their deviation is 0, not rounding dust.
  const origin = values[0] ?? 0;
  const mean = origin + values.reduce((sum, value) => sum + (value - origin), 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  if (count < 2) return { count, mean, deviation, interval: null };
  const half = halfWidth(deviation, count, confidence);
  return { count, mean, deviation, interval: [mean - half, mean + half] };
}

/** Quantiles by confidence and degrees of freedom: they are asked for again and again. */
const quantiles = new Map<string, number>();

/** Half width of the interval (95 % unless said) of a mean of `count` values with this sample deviation. */
export function halfWidth(deviation: number, count: number, confidence: number = usualConfidence): number {
  const freedom = count - 1;
  const name = `${confidence}/${freedom}`;
  const quantile = quantiles.get(name) ?? studentQuantile(1 - (1 - confidence) / 2, freedom);
  quantiles.set(name, quantile);
  return (quantile * deviation) / Math.sqrt(count);
}

/** Value below which a Student t variable with `freedom` degrees of freedom falls with probability `p`. */
export function studentQuantile(p: number, freedom: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`probability ${p} must lie between 0 and 1`);
  if (!(freedom >= 1)) throw new RangeError(`degrees of freedom ${freedom} must be >= 1`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  // P(|T| > t) = I_x(freedom / 2, 1 / 2) with x = freedom / (freedom + t^2); x falls as t grows.
  const x = betaQuantile(2 * (1 - p), freedom / 2, 0.5);
  return Math.sqrt((freedom * (1 - x)) / x);
}

/** Standard normal quantile at 97.5 %. */
const normal975 = 1.959963984540054;

/** Wilson score interval (95 %) of a share seen `successes` times in `trials`. */
export function wilson(successes: number, trials: number): Interval {
  checkCounts(successes, trials);
  const share = successes / trials;
  const square = normal975 ** 2;
  const centre = (share + square / (2 * trials)) / (1 + square / trials);
  const spread = Math.sqrt((share * (1 - share)) / trials + square / (4 * trials ** 2));
  const half = (normal975 * spread) / (1 + square / trials);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Exact (Clopper-Pearson) 95 % interval of a share seen `successes` times in `trials`. */
export function clopperPearson(successes: number, trials: number): Interval {
  checkCounts(successes, trials);
  const tail = (1 - usualConfidence) / 2;
  const low = successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1);
  const high = successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes);
  return [low, high];
}

/** One-sided 95 % upper bound of a failure rate after no failure in `trials` runs, as published: 3 / N, at most 1. */
export function zeroFailureBound(trials: number): number {
  if (!(Number.isInteger(trials) && trials > 0)) throw new RangeError(`${trials} trials`);
  return Math.min(1, 3 / trials);
}

function checkCounts(successes: number, trials: number): void {
  const whole = Number.isInteger(successes) && Number.isInteger(trials);
  if (!whole || trials < 1 || successes < 0 || successes > trials) {
    throw new RangeError(`${successes} successes of ${trials} trials`);
  }
}

/** x with I_x(a, b) = p, by bisection to the last bit. */
function betaQuantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 1_100 && low < high; step += 1) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (regularisedBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return low + (high - low) / 2;
}

export interface Fit {
  readonly intercept: number;
  readonly slope: number;
  /** 1 - residual / total sum of squares; 1 when all y are equal, because the constant then fits exactly. */
  readonly rSquared: number;
}

/** Least squares y = intercept + slope x; null with fewer than two distinct x. */
export function linearFit(points: readonly (readonly [x: number, y: number])[]): Fit | null {
  if (points.length < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const xx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const xy = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const yy = points.reduce((sum, [, y]) => sum + (y - meanY) ** 2, 0);
  if (!(xx > 0)) return null;
  const slope = xy / xx;
  const intercept = meanY - slope * meanX;
  const residual = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  const rSquared = yy > 0 ? Math.max(0, 1 - residual / yy) : 1;
  return { intercept, slope, rSquared };
}

/** Least squares y = intercept + slope ln x for positive x; null with fewer than two distinct x. */
export function logFit(points: readonly (readonly [x: number, y: number])[]): Fit | null {
  if (points.some(([x]) => !(x > 0))) throw new RangeError('a logarithmic fit needs positive x');
  return linearFit(points.map(([x, y]) => [Math.log(x), y]));
}
