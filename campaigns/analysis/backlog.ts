/**
 * What is left of a backlog after a ramp beyond saturation: a share of undecided transactions that only a watched cool-down settles.
 * Owns: when such a share is no finding. Does not own: the length of a cool-down (targets), the criteria.
 */
import { loadSteps, saturation } from '#campaigns/analysis/load.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CriterionVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { PlannedRow } from '#campaigns/plan-record.ts';
import { rampEndOf } from '#campaigns/run-spec.ts';

const shares: readonly string[] = ['latency.undecided_share', 'liveness.undecided_share'];

/** What it sustained before it was saturated; null when it never was, or sustained nothing. */
function sustainedBelow(run: RunRecord): number | null {
  const found = saturation(loadSteps(run));
  return found?.saturatedAt == null || found.sustainedTps === 0 ? null : found.sustainedTps;
}

/**
 * A network that kept up with lower steps may still decide what waits when the load ends. Watching it for longer only lowers the
 * share: a criterion that passes stands, one that fails after a shortened cool-down is not answered.
 */
export function withoutBacklog(
  verdict: CriterionVerdict,
  row: PlannedRow,
  runs: readonly RunRecord[],
): CriterionVerdict {
  const spec = row.cells[0]?.spec;
  if (verdict.status !== 'FAILED' || !shares.includes(verdict.metric) || spec?.workload.kind !== 'ramp')
    return verdict;
  // Such a ramp falls, and is watched until the backlog is gone or the time for it is over.
  if (rampEndOf(spec.workload) !== null) return verdict;
  const askedSeconds = spec.duration.cooldownUs / 1e6;
  const watchedSeconds = Math.min(...runs.map(({ result }) => result.window.cooldown_s));
  const sustained = runs.flatMap((run) => sustainedBelow(run) ?? []);
  if (watchedSeconds >= askedSeconds || sustained.length === 0) return verdict;
  const tps = Math.floor(Math.min(...sustained));
  return {
    ...verdict,
    status: 'INCONCLUSIVE',
    reason:
      `the ramp went beyond saturation, and ${watchedSeconds.toPrecision(2)} s of its cool-down of ${askedSeconds} s were watched: ` +
      'what still waits counts as undecided',
    wouldAnswer: `a ramp with until: { cpu: 95% }, which falls and is watched until it has recovered; up to the load that it sustains: npm run campaign simulate -- ${row.scenarioId} --nodes ${spec.nodes} --tps ${tps}`,
  };
}
