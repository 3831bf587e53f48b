/**
 * Which fidelity answers a row: the cheapest one that is exact for its criteria.
 * Owns: that choice and its reason in words. Does not own: what each fidelity refuses (tier.ts) or judging (campaigns/analysis).
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { formatDurationUs } from '#campaigns/units.ts';
import { estimateFinality } from './finality-estimate.ts';
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

/** Metrics that say nothing about conflicting vertices beyond those of the window, or take the worse of window and counted time. */
const contestedMetrics: ReadonlySet<string> = new Set([
  'liveness.finalized_share',
  'liveness.all_honest_share',
  'liveness.undecided_share',
  'liveness.failures',
  'safety.conflicts_finalized',
  'safety.violations',
  'byzantine.detection_accuracy',
  'byzantine.detected_share',
  'byzantine.false_positive_rate',
  'resources.memory',
  'resources.cpu',
  'resources.bandwidth',
  'crashes.unplanned',
]);

/** A window that stands alone and takes longer is exchanged for a shorter one where the whole time can be counted around it. */
const costlyWindowSeconds = 8;

const steady: ReadonlySet<string> = new Set(['constant', 'open-loop', 'burst']);

/**
 * Nothing happens in it that a shorter window would not show: no faults, a load that is steady or repeats itself, attackers who do the
 * same all the time and are found out by counting, and no conflict that a criterion asks about beyond the window.
 */
function isSettled(spec: RunSpec, criteria: readonly Criterion[]): boolean {
  const { faults, workload } = spec;
  const isSteady = steady.has(workload.kind);
  const isAnswered =
    workload.conflictShare === 0 || criteria.every(({ metric }) => contestedMetrics.has(metric));
  return needsNoFinding(spec) && faults.length === 0 && isSteady && isAnswered;
}

/** Why a time that criteria speak about is not counted; null when it is. */
function uncountedReason(spec: RunSpec): string | null {
  if (spec.workload.conflictShare > 0)
    return 'conflicting vertices are polled about together: the outcomes of one poll depend on each other, and counting nodes loses that';
  return tiers.spliced.supports({ ...spec, tier: 'spliced' });
}

/**
 * Why the whole time is counted although no criterion asks for it; null when the window stands alone. On a ring polls spread vertices,
 * which is not counted.
 */
function costlyWindow(spec: RunSpec, criteria: readonly Criterion[]): string | null {
  if (!isSettled(spec, criteria) || spec.topology.kind === 'ring') return null;
  const seconds = plannedCpuSeconds({ ...spec, tier: 'message' });
  if (seconds <= costlyWindowSeconds || tiers.spliced.supports({ ...spec, tier: 'spliced' }) !== null)
    return null;
  return (
    `a window that answers every criterion alone takes about ${Math.round(seconds)} s of CPU, and nothing changes in this network: ` +
    'a shorter one, and the whole requested time is counted around it' +
    (spec.workload.conflictShare > 0
      ? ' for vertices without a conflict; what criteria ask about conflicts, the window shows'
      : '')
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
  const costly = isShort || !estimate.isLive ? null : costlyWindow(spec, criteria);
  if (costly !== null) return { tier: 'spliced', reason: costly };
  if (!isShort || !estimate.isLive) {
    const about = isShort
      ? 'the network is not live: more of the same time shows nothing new'
      : uncounted === undefined
        ? 'its window answers every criterion'
        : "criteria need the node's own code, and its window answers every one";
    return { tier: 'message', reason: about };
  }
  const refusal = uncountedReason(spec);
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
