/**
 * Time to finality over one or several repetitions: percentiles with undecided pairs counted as latest.
 * Owns: reading percentiles and merging histograms. Does not own: recording them (campaigns/measure).
 */
import { atLeast, missing, type Reading, type RunRecord, seen } from '#campaigns/analysis/reading.ts';

type Percentile = 'p50_ms' | 'p95_ms' | 'p99_ms' | 'p999_ms' | 'max_ms';

/** Reader of a percentile; a percentile that lies among the undecided pairs is later than any figure. */
export function latencyOf(name: Percentile, quantile: number): (run: RunRecord) => Reading {
  return ({ result }) => {
    const latency = result.results.latency;
    const value = latency[name];
    const undecided = latency.undecided_share;
    if (undecided > 1 - quantile + 1e-12 && undecided > 0) {
      const percent = Number((100 * undecided).toPrecision(3));
      return atLeast(
        Number.POSITIVE_INFINITY,
        `${percent} % of the pairs were never decided: later than any figure`,
      );
    }
    return value === null ? missing('no transaction was finalised in the window') : seen(value);
  };
}

/** Pairs per bin of several runs; bounds in ms, ascending. */
export interface LatencyDistribution {
  readonly bins: readonly (readonly [upperMs: number, pairs: number])[];
  readonly decidedPairs: number;
  /** Pairs that were never decided; an estimate when a run decided none, because its record holds only the share. */
  readonly undecidedPairs: number;
}

/** Sum of the histograms of several runs. Bins with one bound are added, others are kept apart. */
export function mergeLatencies(runs: readonly RunRecord[]): LatencyDistribution {
  const pairsOf = new Map<number, number>();
  let decidedPairs = 0;
  let undecidedPairs = 0;
  let runsWithoutDecision = 0;
  for (const { result } of runs) {
    const { histogram, undecided_share } = result.results.latency;
    let decided = 0;
    for (const [bound, pairs] of histogram) {
      pairsOf.set(bound, (pairsOf.get(bound) ?? 0) + pairs);
      decided += pairs;
    }
    decidedPairs += decided;
    if (undecided_share < 1)
      undecidedPairs += Math.round((decided * undecided_share) / (1 - undecided_share));
    else runsWithoutDecision += 1;
  }
  const others = runs.length - runsWithoutDecision;
  // A run that decided nothing had about as many pairs as its siblings.
  if (runsWithoutDecision > 0) {
    const typical = others > 0 ? Math.round((decidedPairs + undecidedPairs) / others) : 1;
    undecidedPairs += runsWithoutDecision * typical;
  }
  const bins = [...pairsOf].sort(([left], [right]) => left - right);
  return { bins, decidedPairs, undecidedPairs };
}

/**
 * Upper bound (ms) of the bin that holds the quantile 0..1 over decided and undecided pairs;
 * Infinity when it lies among the undecided, null without any pair.
 */
export function quantileMs(distribution: LatencyDistribution, quantile: number): number | null {
  const total = distribution.decidedPairs + distribution.undecidedPairs;
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(quantile * total - 1e-9));
  let below = 0;
  for (const [bound, pairs] of distribution.bins) {
    below += pairs;
    if (below >= rank) return bound;
  }
  return Number.POSITIVE_INFINITY;
}

/** Share of all pairs decided within each bound, ascending: the points of a distribution chart. */
export function cumulativeShares(
  distribution: LatencyDistribution,
): (readonly [upperMs: number, share: number])[] {
  const total = distribution.decidedPairs + distribution.undecidedPairs;
  let below = 0;
  return distribution.bins.map(([bound, pairs]) => {
    below += pairs;
    return [bound, total > 0 ? below / total : 0] as const;
  });
}
