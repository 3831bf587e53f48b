/**
 * What the formulas and counted nodes say of networks far larger than those of a campaign: 100,000 and 1,000,000 nodes.
 * Owns: which row is taken further, and its figures at those sizes. Does not own: the fidelity (campaigns/targets/simulator/lumped) or
 * showing them (reports/scale). The same plan gives the same figures.
 */
import type { LargerNetwork, Planning } from '#campaigns/analysis/larger-network.ts';
import { livenessTolerance } from '#campaigns/analytic/tolerance.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import { type Plan, targetOf } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { runLumpedTier } from '#campaigns/targets/simulator/lumped/lumped-tier.ts';
import { lumpedRefusal } from '#campaigns/targets/simulator/lumped/refusal.ts';

export const plannedSizes = [100_000, 1_000_000] as const;

/** Virtual time that is counted: stretches of minutes look alike, and a report is written often. */
const measureUs = 60_000_000;
const warmupUs = 20_000_000;

/** The largest row with a steady load, nobody attacking and nothing failing; null when the plan has none. */
export function planningOf(plan: Plan): Planning | null {
  let largest: { rowId: string; spec: RunSpec } | null = null;
  for (const row of plan.rows) {
    const spec = row.cells[0]?.spec;
    if (spec === undefined || targetOf(row) !== 'simulator' || !isCalm(spec)) continue;
    if (largest === null || spec.nodes > largest.spec.nodes) largest = { rowId: row.rowId, spec };
  }
  if (largest === null) return null;
  const { rowId, spec } = largest;
  return {
    rowId,
    label: spec.label,
    seconds: measureUs / 1_000_000,
    sizes: plannedSizes.filter((nodes) => nodes > spec.nodes).map((nodes) => largerNetwork(spec, nodes)),
  };
}

function isCalm({ workload, faults, byzantine }: RunSpec): boolean {
  return (
    workload.kind === 'constant' &&
    faults.length === 0 &&
    (byzantine.share === 0 || byzantine.attack === 'none')
  );
}

function largerNetwork(row: RunSpec, nodes: number): LargerNetwork {
  const { tierReason: _, ...rest } = row;
  const spec: RunSpec = {
    ...rest,
    tier: 'lumped',
    nodes,
    duration: { warmupUs, measureUs, cooldownUs: row.duration.cooldownUs },
  };
  const { k, alphaConfidence: alpha, beta, maxRounds } = spec.consensus;
  const { loss } = spec.network;
  const tolerance = livenessTolerance(
    { nodes, k, alpha, beta, maxRounds, voter: 'reject', loss, offlineShare: 0, retry: true },
    { oneWithinLeast: 0, allWithinLeast: 0.95 },
  );
  const toleratedShare = tolerance.byzantine < 0 ? 0 : tolerance.share;
  const refusal = lumpedRefusal(spec);
  if (refusal !== null) {
    const nothing = { p50Ms: null, p95Ms: null, finalizedShare: null, roundsMean: null };
    return { nodes, ...nothing, mbpsPerNode: null, memoryMb: null, toleratedShare, why: refusal };
  }
  const { latency, consensus_metrics, resource_usage } = runLumpedTier(spec).result.results;
  const load = nodeLoad(spec);
  return {
    nodes,
    p50Ms: latency.p50_ms,
    p95Ms: latency.p95_ms,
    finalizedShare: consensus_metrics.finalized_share,
    roundsMean: consensus_metrics.rounds.mean,
    mbpsPerNode: load.uniqueMbps + load.announcementMbps + load.pollMbps,
    memoryMb: resource_usage.peak_memory_mb,
    toleratedShare,
    why: '',
  };
}
