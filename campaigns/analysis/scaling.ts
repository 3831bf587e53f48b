/**
 * What happens when only the number of nodes changes: the scaling table, its fits and its turning points.
 * Owns: efficiency and its labels (requirements 2.6), fits over scales, saturation and degradation points.
 * Does not own: what limits a scale and what to do about it (bottleneck.ts).
 */
import { latencyOf } from '#campaigns/analysis/latency.ts';
import { loadSteps, sustainedShare } from '#campaigns/analysis/load.ts';
import {
  atLeast,
  missing,
  type Reading,
  type RunRecord,
  type ScenarioView,
  seen,
} from '#campaigns/analysis/reading.ts';
import { type Fit, linearFit, logFit, summarise } from '#campaigns/analysis/statistics.ts';

/** A row as the analysis needs it: its finished repetitions, and what its plan says about them. */
export interface ScaleRow {
  readonly rowId: string;
  readonly runs: readonly RunRecord[];
  /** Bytes of one transaction (spec.workload.payloadBytes); null when the plan is not at hand. */
  readonly payloadBytes: number | null;
}

export type EfficiencyLabel = 'excellent' | 'good' | 'moderate' | 'poor';

/** One scale: means over the repetitions of a row. */
export interface ScaleEntry {
  readonly rowId: string;
  readonly nodes: number;
  readonly repetitions: number;
  readonly avgTps: number;
  readonly offeredTps: number;
  /** Finalised / offered, at most 1. From 95 % on the load bounds the throughput, not the network. */
  readonly servedShare: number;
  readonly loadBound: boolean;
  readonly meanLatencyMs: number | null;
  readonly p95Ms: number | null;
  /** (Honest node, vertex) pairs finalised within the round limit, 0..1. */
  readonly successShare: number;
  /** Throughput ratio / node ratio against the smallest scale; 1 there by definition. */
  readonly efficiency: number;
  readonly efficiencyLabel: EfficiencyLabel;
  readonly cpuPercent: number;
  readonly peakMemoryMb: number;
  readonly networkMbps: number;
  /** Work of one node: messages and polls per second of virtual time, messages per finalised transaction. */
  readonly messagesPerNodeSecond: number;
  readonly pollsPerNodeSecond: number;
  readonly messagesPerNodeTransaction: number | null;
  /** Payload finalised / data sent by a node; null when the payload is not known or nothing was sent. */
  readonly networkEfficiency: number | null;
  readonly signatureCpuPercent: number;
}

/** Requirements 2.6: > 80 % excellent, 60-80 good, 40-60 moderate, < 40 poor. */
export function efficiencyLabel(efficiency: number): EfficiencyLabel {
  if (efficiency > 0.8) return 'excellent';
  if (efficiency >= 0.6) return 'good';
  return efficiency >= 0.4 ? 'moderate' : 'poor';
}

/** Throughput ratio over node ratio. Throws RangeError when the base measured nothing. */
export function efficiency(
  base: { nodes: number; avgTps: number },
  at: { nodes: number; avgTps: number },
): number {
  if (!(base.nodes > 0 && base.avgTps > 0)) throw new RangeError('the smallest scale finalised nothing');
  return at.avgTps / base.avgTps / (at.nodes / base.nodes);
}

/** What must be equal for two rows to differ by their scale alone. */
function settingOf(run: RunRecord): string {
  const { attack, byzantine_percentage, network_profile, topology, resource_profile, workload } =
    run.result.configuration;
  return JSON.stringify([
    run.result.provenance,
    attack,
    byzantine_percentage,
    network_profile,
    topology,
    resource_profile,
    workload,
  ]);
}

/** Rows that differ by their scale alone, each group in ascending scale; rows without a result are left out. */
export function scaleGroups(rows: readonly ScaleRow[]): ScaleRow[][] {
  const groups = new Map<string, ScaleRow[]>();
  for (const row of rows) {
    const first = row.runs[0];
    if (first === undefined) continue;
    const group = groups.get(settingOf(first)) ?? [];
    group.push(row);
    groups.set(settingOf(first), group);
  }
  return [...groups.values()].map((group) => group.sort((left, right) => nodesOf(left) - nodesOf(right)));
}

function nodesOf(row: ScaleRow): number {
  return row.runs[0]?.result.configuration.node_count ?? 0;
}

/** The scaling table of one group of `scaleGroups`, ascending. */
export function scaleTable(group: readonly ScaleRow[]): ScaleEntry[] {
  const filled = group.filter((row) => row.runs.length > 0);
  const base = filled[0];
  if (base === undefined) return [];
  const baseTps = mean(base, (run) => run.result.results.throughput.avg_tps);
  return filled.map((row) => entryOf(row, { nodes: nodesOf(base), avgTps: baseTps }));
}

function entryOf(row: ScaleRow, base: { nodes: number; avgTps: number }): ScaleEntry {
  const nodes = nodesOf(row);
  const avgTps = mean(row, (run) => run.result.results.throughput.avg_tps);
  const offeredTps = mean(row, (run) => run.result.results.throughput.offered_tps);
  const networkMbps = mean(row, (run) => run.result.results.resource_usage.avg_network_mbps);
  const servedShare = offeredTps > 0 ? Math.min(1, avgTps / offeredTps) : 0;
  const ratio = base.avgTps > 0 ? efficiency(base, { nodes, avgTps }) : 0;
  const messagesPerNodeSecond = mean(row, ({ result }) =>
    perNodeSecond(result.results.simulation.messages, result),
  );
  const payloadMbps = row.payloadBytes === null ? null : (avgTps * row.payloadBytes * 8) / 1e6;
  return {
    rowId: row.rowId,
    nodes,
    repetitions: row.runs.length,
    avgTps,
    offeredTps,
    servedShare,
    loadBound: servedShare >= sustainedShare,
    meanLatencyMs: meanOrNull(row, (run) => run.result.results.latency.mean_ms),
    p95Ms: meanOrNull(row, p95Of),
    successShare: mean(row, (run) => run.result.results.consensus_metrics.finalized_share),
    efficiency: ratio,
    efficiencyLabel: efficiencyLabel(ratio),
    cpuPercent: mean(row, (run) => run.result.results.resource_usage.avg_cpu_percent),
    peakMemoryMb: mean(row, (run) => run.result.results.resource_usage.peak_memory_mb),
    networkMbps,
    messagesPerNodeSecond,
    pollsPerNodeSecond: mean(row, ({ result }) => perNodeSecond(result.results.simulation.polls, result)),
    messagesPerNodeTransaction: avgTps > 0 ? messagesPerNodeSecond / avgTps : null,
    networkEfficiency: payloadMbps !== null && networkMbps > 0 ? payloadMbps / networkMbps : null,
    signatureCpuPercent: mean(row, (run) => run.result.results.resource_usage.signature_cpu_percent),
  };
}

function perNodeSecond(count: number, result: RunRecord['result']): number {
  const seconds = result.results.simulation.virtual_seconds;
  return seconds > 0 ? count / seconds / result.configuration.node_count : 0;
}

function p95Of(run: RunRecord): number | null {
  const reading = latencyOf('p95_ms', 0.95)(run);
  return reading.kind === 'value' ? reading.value : null;
}

function mean(row: ScaleRow, read: (run: RunRecord) => number): number {
  return summarise(row.runs.map(read)).mean;
}

function meanOrNull(row: ScaleRow, read: (run: RunRecord) => number | null): number | null {
  const values = row.runs.map(read).filter((value) => value !== null);
  return values.length === row.runs.length ? summarise(values).mean : null;
}

/** Everything the report says about one group of scales. */
export interface ScalingAnalysis {
  readonly entries: readonly ScaleEntry[];
  /** Fits over the scales; null with fewer than three. x is the number of nodes. */
  readonly tpsLinear: Fit | null;
  readonly latencyLinear: Fit | null;
  readonly latencyLog: Fit | null;
  /** p95 ratio of the largest to the smallest scale divided by the ratio of log N; at most 1 is O(log N). */
  readonly latencyGrowth: number | null;
  /** First scale that finalised less than 95 % of what was offered; null when every scale kept up. */
  readonly saturationAt: ScaleEntry | null;
  /** First scale whose p95 is more than twice that of the smallest (or not observable); null when there is none. */
  readonly latencyDegradesAt: ScaleEntry | null;
}

/** Analysis of one group of `scaleGroups`. */
export function analyseScaling(group: readonly ScaleRow[]): ScalingAnalysis {
  const entries = scaleTable(group);
  const latencies = entries.flatMap(({ nodes, p95Ms }) => (p95Ms === null ? [] : [[nodes, p95Ms] as const]));
  const enough = entries.length >= 3;
  const baseP95 = entries[0]?.p95Ms ?? null;
  const degraded = entries.find(({ p95Ms }) => baseP95 !== null && (p95Ms === null || p95Ms > 2 * baseP95));
  return {
    entries,
    tpsLinear: enough ? linearFit(entries.map(({ nodes, avgTps }) => [nodes, avgTps])) : null,
    latencyLinear: latencies.length >= 3 ? linearFit(latencies) : null,
    latencyLog: latencies.length >= 3 ? logFit(latencies) : null,
    latencyGrowth: latencies.length === entries.length ? growth(latencies) : null,
    saturationAt: entries.find(({ loadBound }) => !loadBound) ?? null,
    latencyDegradesAt: degraded ?? null,
  };
}

function growth(points: readonly (readonly [nodes: number, p95Ms: number])[]): number | null {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || first[0] < 2 || last[0] <= first[0] || first[1] <= 0)
    return null;
  return last[1] / first[1] / (Math.log(last[0]) / Math.log(first[0]));
}

/** The rows that differ from the judged one by their scale alone, ascending. */
function siblings(view: ScenarioView): RunRecord[] {
  const judged = view.rows[view.row];
  if (judged === undefined) return [];
  return view.rows
    .filter((run) => settingOf(run) === settingOf(judged))
    .sort((left, right) => left.result.configuration.node_count - right.result.configuration.node_count);
}

/** Why the scales at hand cannot speak for the scenario; null when they can. */
function incomplete(view: ScenarioView, scales: number, needed: number): Reading | null {
  const [first] = view.absent;
  if (first !== undefined) return missing(`${first} has no result`);
  if (scales >= needed) return null;
  return missing(`${scales} scale${scales === 1 ? '' : 's'} with a result; ${needed} are needed`);
}

/** p95 of every scale, or why one of them has none. */
function latenciesOf(runs: readonly RunRecord[]): { points: [number, number][] } | { failed: Reading } {
  const points: [number, number][] = [];
  for (const run of runs) {
    const nodes = run.result.configuration.node_count;
    const reading = latencyOf('p95_ms', 0.95)(run);
    if (reading.kind === 'at-least')
      return { failed: atLeast(Number.POSITIVE_INFINITY, `${nodes} nodes: ${reading.why}`) };
    if (reading.kind === 'missing') return { failed: missing(`${nodes} nodes: ${reading.why}`) };
    points.push([nodes, reading.value]);
  }
  return { points };
}

/** Reader of scaling.latency_log_r2. */
export function latencyLogFitOf(view: ScenarioView): Reading {
  const runs = siblings(view);
  const few = incomplete(view, runs.length, 3);
  if (few !== null) return few;
  const latencies = latenciesOf(runs);
  if ('failed' in latencies) return missing(latencies.failed.kind === 'value' ? '' : latencies.failed.why);
  const fit = logFit(latencies.points);
  return fit === null ? missing('the scales do not differ') : seen(fit.rSquared);
}

/** Reader of scaling.latency_growth. */
export function latencyGrowthOf(view: ScenarioView): Reading {
  const runs = siblings(view);
  const few = incomplete(view, runs.length, 2);
  if (few !== null) return few;
  const latencies = latenciesOf(runs);
  if ('failed' in latencies) return latencies.failed;
  const value = growth(latencies.points);
  return value === null ? missing('the scales do not differ, or the smallest has no latency') : seen(value);
}

/** Reader of scaling.efficiency: the largest against the smallest scale. */
export function efficiencyOf(view: ScenarioView): Reading {
  const runs = siblings(view);
  const [first, last] = [runs[0], runs.at(-1)];
  const few = incomplete(view, runs.length, 2);
  if (few !== null) return few;
  if (first === undefined || last === undefined) return missing('the row has no result');
  const base = {
    nodes: first.result.configuration.node_count,
    avgTps: first.result.results.throughput.avg_tps,
  };
  if (!(base.avgTps > 0)) return missing('the smallest scale finalised nothing');
  return seen(
    efficiency(base, {
      nodes: last.result.configuration.node_count,
      avgTps: last.result.results.throughput.avg_tps,
    }),
  );
}

/** Reader of scaling.tps_r2: finalised against offered TPS, over the rows or, when they offer one load, over its steps. */
export function tpsFitOf(view: ScenarioView): Reading {
  const overRows = view.rows.map(({ result }): [number, number] => [
    result.results.throughput.offered_tps,
    result.results.throughput.avg_tps,
  ]);
  const judged = view.rows[view.row];
  const steps = judged === undefined ? [] : loadSteps(judged);
  const overSteps = steps.map((step): [number, number] => [step.offeredTps, step.finalizedTps]);
  for (const points of [overRows, overSteps]) {
    const loads = points.map(([offered]) => offered);
    if (points.length < 3 || Math.max(...loads) < 1.5 * Math.min(...loads)) continue;
    const fit = linearFit(points);
    if (fit !== null) return seen(fit.rSquared);
  }
  return missing('the rows and their steps offer about one load, so there is no line to fit');
}
