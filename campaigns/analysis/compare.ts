/**
 * Two campaigns side by side: which metric of which row got worse by more than ten per cent.
 * Owns: the regression rule. Does not own: reading campaigns (campaigns/results) or printing.
 */

import { worstStatus } from '#campaigns/analysis/criterion-verdict.ts';
import type { RowMetric, Unit } from '#campaigns/analysis/metric.ts';
import { type MetricName, metricNames, metrics } from '#campaigns/analysis/metrics.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { changePercent } from '#campaigns/analysis/regression.ts';
import { type Interval, type Summary, summarise } from '#campaigns/analysis/statistics.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';

/** PR-001: within 10 % of the baseline. */
export const regressionPercent = 10;

/** A campaign as stored: row id -> its finished repetitions. */
export interface CampaignRuns {
  readonly campaign: string;
  readonly rows: ReadonlyMap<string, readonly RunRecord[]>;
}

/** `suspected`: the mean is more than 10 % worse, but the intervals overlap, so that noise may explain it. */
export type Change = 'regression' | 'suspected' | 'improvement' | 'same';

export interface MetricComparison {
  readonly rowId: string;
  readonly metric: MetricName;
  readonly unit: Unit;
  readonly before: number;
  readonly after: number;
  readonly beforeInterval: Interval | null;
  readonly afterInterval: Interval | null;
  /** Percent of the baseline, positive = worse; null when the baseline is 0. */
  readonly changePercent: number | null;
  readonly change: Change;
}

export interface CampaignComparison {
  readonly before: string;
  readonly after: string;
  /** PASSED: no regression; FAILED: at least one; INCONCLUSIVE: only suspected ones, lost rows or nothing in common. */
  readonly status: TestStatus;
  readonly comparisons: readonly MetricComparison[];
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** Metrics that the baseline observed and the other campaign did not, as "row: metric". */
  readonly lost: readonly string[];
}

/** A change smaller than this, in the metric's unit, is never a regression however large it is in percent. */
const noticeable: Readonly<Record<Unit, number>> = {
  tps: 0.1,
  ms: 0.1,
  s: 0.1,
  percent: 0.5,
  share: 0.001,
  MB: 1,
  Mbps: 0.01,
  count: 0.5,
  polls: 0.1,
  ratio: 0.01,
};

/** Compares every row metric of every row that both campaigns hold. `before` is the baseline. */
export function compareRuns(before: CampaignRuns, after: CampaignRuns): CampaignComparison {
  const comparisons: MetricComparison[] = [];
  const lost: string[] = [];
  for (const [rowId, baseline] of before.rows) {
    const current = after.rows.get(rowId);
    if (current === undefined || current.length === 0 || baseline.length === 0) continue;
    for (const name of metricNames) {
      const metric = metrics[name];
      if (metric.scope !== 'row') continue;
      const was = observe(metric, baseline);
      const is = observe(metric, current);
      if (was !== null && is !== null) comparisons.push(compareMetric(rowId, name, metric, was, is));
      else if (was !== null) lost.push(`${rowId}: ${name}`);
    }
  }
  const filled = (campaign: CampaignRuns, rowId: string): boolean =>
    (campaign.rows.get(rowId)?.length ?? 0) > 0;
  const onlyBefore = [...before.rows.keys()].filter(
    (rowId) => filled(before, rowId) && !filled(after, rowId),
  );
  const onlyAfter = [...after.rows.keys()].filter((rowId) => filled(after, rowId) && !filled(before, rowId));
  const status = statusOf(comparisons, onlyBefore.length + lost.length);
  return { before: before.campaign, after: after.campaign, status, comparisons, onlyBefore, onlyAfter, lost };
}

/** Mean over the repetitions; null unless every repetition observed a finite value. */
function observe(metric: RowMetric, runs: readonly RunRecord[]): Summary | null {
  const readings = runs.map(metric.read);
  const values = readings.flatMap((reading) => (reading.kind === 'value' ? [reading.value] : []));
  return values.length === readings.length && values.length > 0 ? summarise(values) : null;
}

function compareMetric(
  rowId: string,
  name: MetricName,
  metric: RowMetric,
  was: Summary,
  is: Summary,
): MetricComparison {
  return {
    rowId,
    metric: name,
    unit: metric.unit,
    before: was.mean,
    after: is.mean,
    beforeInterval: was.interval,
    afterInterval: is.interval,
    changePercent: was.mean === is.mean ? 0 : changePercent(was.mean, is.mean, metric.better),
    change: classify(metric, was, is),
  };
}

function classify(metric: RowMetric, was: Summary, is: Summary): Change {
  const worseBy = metric.better === 'lower' ? is.mean - was.mean : was.mean - is.mean;
  if (Math.abs(worseBy) < noticeable[metric.unit]) return 'same';
  const limit = (regressionPercent / 100) * Math.abs(was.mean);
  if (Math.abs(worseBy) <= limit) return 'same';
  if (overlap(was.interval, is.interval)) return worseBy > 0 ? 'suspected' : 'same';
  return worseBy > 0 ? 'regression' : 'improvement';
}

/** Without two intervals nothing rules noise out. */
function overlap(left: Interval | null, right: Interval | null): boolean {
  if (left === null || right === null) return true;
  return left[0] <= right[1] && right[0] <= left[1];
}

function statusOf(comparisons: readonly MetricComparison[], gaps: number): TestStatus {
  const statuses = comparisons.map(({ change }): TestStatus => {
    if (change === 'regression') return 'FAILED';
    return change === 'suspected' ? 'INCONCLUSIVE' : 'PASSED';
  });
  if (gaps > 0) statuses.push('INCONCLUSIVE');
  return worstStatus(statuses);
}
