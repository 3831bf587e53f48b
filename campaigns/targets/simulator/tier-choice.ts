/**
 * Which fidelity answers a row: the cheapest one that is exact for its criteria.
 * Owns: that choice and its reason in words. Does not own: what each fidelity refuses (tier.ts) or judging (campaigns/analysis).
 */
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec, TierName } from '#campaigns/run-spec.ts';
import { formatDurationUs } from '#campaigns/units.ts';
import { estimateFinality } from './finality-estimate.ts';
import { isSynchronous } from './lumped/claim.ts';
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
      'the time is counted in full, around a message window',
  };
}
