/**
 * The worst change of one run against its baseline, as one figure.
 * Owns: which figures of a run count as its performance. Does not own: comparing whole campaigns (compare.ts).
 */
import {
  missing,
  type Reading,
  type RunRecord,
  type ScenarioView,
  seen,
} from '#campaigns/analysis/reading.ts';

interface Figure {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  readonly read: (results: RunRecord['result']['results']) => number | null;
}

const figures: readonly Figure[] = [
  { name: 'throughput', better: 'higher', read: (results) => results.throughput.avg_tps },
  { name: 'p50', better: 'lower', read: (results) => results.latency.p50_ms },
  { name: 'p95', better: 'lower', read: (results) => results.latency.p95_ms },
  { name: 'p99', better: 'lower', read: (results) => results.latency.p99_ms },
  { name: 'rounds', better: 'lower', read: (results) => results.consensus_metrics.rounds.mean },
  { name: 'CPU', better: 'lower', read: (results) => results.resource_usage.avg_cpu_percent },
  { name: 'memory', better: 'lower', read: (results) => results.resource_usage.peak_memory_mb },
  { name: 'bandwidth', better: 'lower', read: (results) => results.resource_usage.avg_network_mbps },
];

/** Change in percent of the baseline, positive = worse; null when the baseline is not positive. */
export function changePercent(baseline: number, current: number, better: 'higher' | 'lower'): number | null {
  if (!(baseline > 0)) return null;
  const worse = better === 'lower' ? current - baseline : baseline - current;
  return (100 * worse) / baseline;
}

/** Reader of regression.worst_change. */
export function worstChange(view: ScenarioView): Reading {
  const current = view.rows[view.row];
  if (current === undefined) return missing('the row has no result');
  if (view.baseline === null) return missing('no baseline run was given');
  let worst: number | null = null;
  for (const figure of figures) {
    const before = figure.read(view.baseline.result.results);
    const now = figure.read(current.result.results);
    if (before === null) continue;
    if (now === null) return missing(`the baseline has a figure for ${figure.name}, this run has none`);
    const change = changePercent(before, now, figure.better);
    if (change !== null && (worst === null || change > worst)) worst = change;
  }
  return worst === null ? missing('the baseline holds no figure to compare with') : seen(worst);
}
