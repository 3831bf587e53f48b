/**
 * Which fidelity answers a row: the cheapest one that is exact for its criteria.
 * Owns: that choice and its reason in words. Does not own: what each fidelity refuses (tier.ts) or judging (campaigns/analysis).
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import { simulatedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { formatDurationUs } from '#campaigns/units.ts';
import { estimateFinality, type FinalityEstimate } from './finality-estimate.ts';
import { isSynchronous } from './lumped/claim.ts';
import { needsNoFinding } from './lumped/counted-detection.ts';
import { tiers } from './tier.ts';
import { planWindow } from './window.ts';

export interface TierChoice {
  readonly tier: TierName;
  readonly reason: string;
}

/** Metrics of which counting sees everything there is. */
const countedMetrics: ReadonlySet<string> = new Set([
  'throughput.avg_tps',
  'throughput.offered_share',
  'liveness.finalized_share',
  'liveness.all_honest_share',
  'liveness.undecided_share',
  'liveness.failures',
  'latency.undecided_share',
  'rounds.mean',
  'rounds.p99',
]);

/** A window that stands alone and takes longer is exchanged for a shorter one where the whole time can be counted around it. */
const costlyWindowSeconds = 15;

/**
 * Nothing happens in it that a shorter window would not show: no faults, no change of load, no conflicts, and attackers who do the
 * same all the time and are found out by counting.
 */
function isSettled(spec: RunSpec): boolean {
  const { faults, workload } = spec;
  const isSteady = workload.kind === 'constant' || workload.kind === 'open-loop';
  return needsNoFinding(spec) && faults.length === 0 && isSteady && workload.conflictShare === 0;
}

/**
 * Why the whole time is counted although no criterion asks for it; null when the window stands alone. Where spreading vertices is most of
 * finality (a ring), the estimate is too rough for counting: 480 nodes took 0.28 of it.
 */
function costlyWindow(spec: RunSpec, { disseminationUs, finalityUs }: FinalityEstimate): string | null {
  if (!isSettled(spec) || disseminationUs > finalityUs / 2) return null;
  const seconds = simulatedCpuSeconds({ ...spec, tier: 'message' });
  if (seconds <= costlyWindowSeconds || tiers.spliced.supports({ ...spec, tier: 'spliced' }) !== null)
    return null;
  return (
    `a window that answers every criterion alone takes about ${Math.round(seconds)} s of CPU, and nothing changes in this network: ` +
    'a shorter one, and the whole requested time is counted around it'
  );
}

/** `criteria`: those of the row. */
export function chooseTier(spec: RunSpec, criteria: readonly Criterion[]): TierChoice {
  const lumped = tiers.lumped.supports({ ...spec, tier: 'lumped' });
  const uncounted = criteria.find(({ metric }) => !countedMetrics.has(metric));
  if (lumped === null && isSynchronous(spec) && criteria.length > 0 && uncounted === undefined)
    return {
      tier: 'lumped',
      reason: 'polls are synchronous and every criterion is about counts: exact in law',
    };
  const estimate = estimateFinality(spec);
  const plan = planWindow(spec, estimate);
  const longest = criteria.reduce((most, { overUs }) => Math.max(most, overUs ?? 0), 0);
  const isShort = plan.measureUs < 0.999 * longest;
  const costly = isShort || !estimate.isLive ? null : costlyWindow(spec, estimate);
  if (costly !== null) return { tier: 'spliced', reason: costly };
  if (!isShort || !estimate.isLive) {
    const about = isShort
      ? 'the network is not live: more of the same time shows nothing new'
      : uncounted === undefined
        ? 'its window answers every criterion'
        : "criteria need the node's own code, and its window answers every one";
    return { tier: 'message', reason: about };
  }
  const refusal = tiers.spliced.supports({ ...spec, tier: 'spliced' });
  if (refusal !== null)
    return {
      tier: 'message',
      reason: `criteria speak about ${formatDurationUs(longest)}, but nodes cannot be counted: ${refusal}`,
    };
  return {
    tier: 'spliced',
    reason:
      `criteria speak about ${formatDurationUs(longest)} and the message budget buys ${formatDurationUs(Math.round(plan.measureUs / 1e6) * 1e6)}: ` +
      'the time is counted in full, around a window in which every message is simulated',
  };
}
