/**
 * From several repetitions to one figure or one curve: means with intervals, medians with bands, pooled distributions.
 * Owns: that aggregation. Does not own: which figure is asked for (scale-document.ts) or judging it (campaigns/analysis).
 */
import { summarise } from '#campaigns/analysis/statistics.ts';
import type { RunResult, RunSeries, SeriesPoint } from '#campaigns/results/schema.ts';

/** A figure over repetitions. `interval`: 95 % confidence interval of the mean; null with fewer than two. */
export interface Estimate {
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
  readonly least: number;
  readonly most: number;
  readonly repetitions: number;
}

/** Median of the repetitions and their band, for one bin of one curve; all null where no repetition has a value. */
export interface Banded {
  readonly median: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** Null when no repetition observed the figure. */
export function estimate(values: readonly (number | null)[]): Estimate | null {
  const seen = values.filter((value) => value !== null);
  if (seen.length === 0) return null;
  const { mean, interval, count } = summarise(seen);
  return { mean, interval, least: Math.min(...seen), most: Math.max(...seen), repetitions: count };
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : (upper + sorted[middle - 1]!) / 2;
}

export type CurveName =
  | 'offered_tps'
  | 'finalized_tps'
  | 'p50_ms'
  | 'p95_ms'
  | 'cpu_percent'
  | 'memory_mb'
  | 'network_mbps'
  | 'undecided_vertices';

/** Bins of equal length, seconds from the start of the measured window. */
export interface Timeline {
  readonly startS: readonly number[];
  readonly binS: number;
  /** End of the measured window, seconds from its start (its start is 0). Median over repetitions. */
  readonly windowEndS: number;
  readonly curves: Readonly<Record<CurveName, readonly Banded[]>>;
}

const curveNames: readonly CurveName[] = [
  'offered_tps',
  'finalized_tps',
  'p50_ms',
  'p95_ms',
  'cpu_percent',
  'memory_mb',
  'network_mbps',
  'undecided_vertices',
];

export interface Binning {
  readonly mostBins: number;
  /** Bins shorter than this show single vertices arriving, not a rate; kept unless fewer than `fewestBins` remain. */
  readonly leastS: number;
  readonly fewestBins: number;
}

/** Everything that was recorded, in equal bins. Null without any point. */
export function timeline(series: readonly RunSeries[], binning: Binning): Timeline | null {
  const recorded = series.filter((one) => one.points.length > 0);
  if (recorded.length === 0) return null;
  const from = Math.min(...recorded.map((one) => (one.points[0]!.at_us - one.window_us[0]) / 1e6));
  const to = Math.max(
    ...recorded.map((one) => {
      const last = one.points.at(-1)!;
      return (last.at_us + last.for_us - one.window_us[0]) / 1e6;
    }),
  );
  const finest = Math.min(...recorded.flatMap((one) => one.points.map((point) => point.for_us / 1e6)));
  const span = to - from;
  const smooth = Math.min(binning.leastS, span / binning.fewestBins);
  const binS = Math.max(finest, span / binning.mostBins, smooth);
  const bins = Math.max(1, Math.ceil(span / binS - 1e-9));
  const startS = Array.from({ length: bins }, (_, bin) => from + bin * binS);
  const ends = recorded.map((one) => (one.window_us[1] - one.window_us[0]) / 1e6);
  const curve = (name: CurveName): Banded[] => {
    const perRun = recorded.map((one) => resample(one, name, from, binS, bins));
    return startS.map((_, bin) => band(perRun.map((values) => values[bin] ?? null)));
  };
  const curves = Object.fromEntries(curveNames.map((name) => [name, curve(name)]));
  return { startS, binS, windowEndS: median(ends) ?? 0, curves: curves as Record<CurveName, Banded[]> };
}

/** Time-weighted mean of the points that overlap each bin; null where none has a value. */
function resample(
  one: RunSeries,
  name: CurveName,
  fromS: number,
  binS: number,
  bins: number,
): (number | null)[] {
  const sums = new Float64Array(bins);
  const weights = new Float64Array(bins);
  const add = (point: SeriesPoint, value: number): void => {
    const start = (point.at_us - one.window_us[0]) / 1e6 - fromS;
    const end = start + point.for_us / 1e6;
    const last = Math.min(bins - 1, Math.floor(end / binS));
    for (let bin = Math.max(0, Math.floor(start / binS)); bin <= last; bin += 1) {
      const overlap = Math.min(end, (bin + 1) * binS) - Math.max(start, bin * binS);
      // Slivers from rounding would give an empty bin the value of its neighbour.
      if (overlap < 1e-6 * binS) continue;
      sums[bin]! += value * overlap;
      weights[bin]! += overlap;
    }
  };
  for (const point of one.points) {
    const value = point[name];
    if (value !== null) add(point, value);
  }
  return Array.from(sums, (sum, bin) => (weights[bin]! > 0 ? sum / weights[bin]! : null));
}

function band(values: readonly (number | null)[]): Banded {
  const seen = values.filter((value) => value !== null);
  if (seen.length === 0) return { median: null, least: null, most: null };
  return { median: median(seen), least: Math.min(...seen), most: Math.max(...seen) };
}

/**
 * Share of (honest node, transaction) pairs decided within each latency, pooled over repetitions, thinned to about
 * `mostPoints`. The last share stays below 1 by the undecided pairs.
 */
export function latencyShares(results: readonly RunResult[], mostPoints: number): [number, number][] {
  const counts = new Map<number, number>();
  let pairs = 0;
  for (const { latency } of results.map((result) => result.results)) {
    const decided = latency.histogram.reduce((sum, [, count]) => sum + count, 0);
    pairs += latency.undecided_share < 1 ? decided / (1 - latency.undecided_share) : 0;
    for (const [boundMs, count] of latency.histogram) counts.set(boundMs, (counts.get(boundMs) ?? 0) + count);
  }
  const bounds = [...counts.keys()].toSorted((a, b) => a - b);
  const shares: [number, number][] = [];
  let seen = 0;
  let shown = Number.NEGATIVE_INFINITY;
  for (const [index, boundMs] of bounds.entries()) {
    seen += counts.get(boundMs) ?? 0;
    const share = pairs > 0 ? seen / pairs : 0;
    const edge = index === 0 || index === bounds.length - 1;
    if (!edge && share - shown < 1 / mostPoints) continue;
    shares.push([boundMs, share]);
    shown = share;
  }
  return shares;
}

/** [fewest rounds of the bin, share of finalised pairs], pooled over repetitions; bins of equal width. */
export interface RoundsShares {
  readonly width: number;
  readonly bins: readonly (readonly [number, number])[];
}

export function roundsShares(results: readonly RunResult[], mostBins: number): RoundsShares {
  const entries = results.flatMap((result) => result.results.consensus_metrics.rounds.histogram);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return { width: 1, bins: [] };
  const rounds = entries.map(([round]) => round);
  const least = Math.min(...rounds);
  const width = Math.max(1, Math.ceil((Math.max(...rounds) - least + 1) / mostBins));
  const shares = new Map<number, number>();
  for (const [round, count] of entries) {
    const start = least + Math.floor((round - least) / width) * width;
    shares.set(start, (shares.get(start) ?? 0) + count / total);
  }
  return { width, bins: [...shares].toSorted(([a], [b]) => a - b) };
}
