/**
 * The verdict on rows and campaigns: validity first, then every criterion, safety above all.
 * Owns: how validity, safety, criteria and missing runs combine. Does not own: one criterion (criterion-verdict.ts),
 * the assumptions (validity.ts) or exit codes (the command line).
 */
import { withoutBacklog } from '#campaigns/analysis/backlog.ts';
import {
  benchmarkValidity,
  changeWords,
  decidingFigure,
  isRegressionMetric,
  regressionReadings,
} from '#campaigns/analysis/benchmark.ts';
import { comparedSizes, comparisonNote, isComparison } from '#campaigns/analysis/comparison-row.ts';
import {
  type CriterionContext,
  judgeCriterion,
  looksAt,
  worstStatus,
} from '#campaigns/analysis/criterion-verdict.ts';
import type { Metric, ScenarioMetric } from '#campaigns/analysis/metric.ts';
import { comparesSizes, isMetricName, metrics } from '#campaigns/analysis/metrics.ts';
import { missing, type Reading, type RunRecord } from '#campaigns/analysis/reading.ts';
import { checkValidity, loadCheck } from '#campaigns/analysis/validity.ts';
import type {
  CampaignVerdict,
  CriterionVerdict,
  RowVerdict,
  ValidityCheck,
} from '#campaigns/analysis/verdict-record.ts';
import { type Criterion, type Plan, type PlannedRow, targetOf } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';

/** A row with the repetitions that have a result. */
export interface JudgedRow {
  readonly row: PlannedRow;
  readonly runs: readonly RunRecord[];
}

export interface JudgingContext {
  /** All rows of the scenario, the judged one included, in plan order. Default: the judged row alone. */
  readonly scenario?: readonly JudgedRow[];
  /** Repetitions of the same row in the campaign that serves as baseline. */
  readonly baseline?: readonly RunRecord[];
}

/** Verdict on one row. Never throws for what a run may hold; PASSED only if every criterion passed validly. */
export function judgeRow(
  row: PlannedRow,
  results: readonly RunRecord[],
  context: JudgingContext = {},
): RowVerdict {
  if (row.skip !== null) {
    const answer =
      row.leftOut === true
        ? `npm run campaign measure -- ${row.scenarioId}`
        : 'a target that can run the row';
    return unanswered(row, 'SKIPPED', row.skip, answer);
  }
  const resume = 'npm run campaign resume';
  if (results.length === 0) return unanswered(row, 'ABORTED', 'no repetition has a result', resume);
  const usable = distinct(results.filter(({ result }) => !isUnusable(result.test_status)));
  const unsafe = judgeSafety(row, results);
  if (usable.length === 0) {
    const status = worstStatus(results.map(({ result }) => result.test_status));
    const base = unanswered(
      row,
      status,
      results.find(({ result }) => result.reason !== '')?.result.reason ?? '',
      resume,
    );
    return unsafe === null
      ? base
      : { ...base, status: 'FAILED', reason: unsafe.reason, criteria: [unsafe, ...base.criteria] };
  }
  const assumptions = isBenchmark(row) ? benchmarkValidity(usable) : checkValidity(row, usable);
  const validity = [...assumptions, ...targetCheck(usable)];
  const listed = row.criteria.map((criterion) => judge(criterion, row, usable, context));
  const criteria = listed.map((verdict) => discount(withoutBacklog(verdict, row, usable), validity));
  if (unsafe !== null && !criteria.some(({ metric, status }) => isSafety(metric) && status === 'FAILED')) {
    criteria.unshift(unsafe);
  }
  const aborted = results.filter(({ result }) => result.test_status === 'ABORTED');
  return combine(row, validity, criteria, aborted);
}

/** Verdict on every row of a plan that is judged. Baselines are looked up by row id. */
export function judgeCampaign(
  plan: Plan,
  resultsByCell: ReadonlyMap<string, RunRecord>,
  baselineByRow: ReadonlyMap<string, readonly RunRecord[]> = new Map(),
): CampaignVerdict {
  const scenarios = new Map<string, JudgedRow[]>();
  const judged = plan.rows.map((row): JudgedRow => {
    const runs = row.cells.flatMap((cell) => resultsByCell.get(cell.id) ?? []);
    const entry = { row, runs };
    scenarios.set(familyOf(row), [...(scenarios.get(familyOf(row)) ?? []), entry]);
    return entry;
  });
  const rows = judged.flatMap(({ row, runs }) => {
    if (isComparison(row)) return judgeComparison(row, runs);
    return judgeRow(row, runs, {
      scenario: scenarios.get(familyOf(row)) ?? [],
      baseline: baselineByRow.get(row.rowId) ?? [],
    });
  });
  return { version: 1, campaign: plan.campaign, status: worstStatus(rows.map(({ status }) => status)), rows };
}

/** Nothing is asked of a comparison; that it was unsafe is said even so. */
function judgeComparison(row: PlannedRow, runs: readonly RunRecord[]): readonly RowVerdict[] {
  const unsafe = judgeSafety(row, runs);
  if (unsafe === null) return [];
  return [{ rowId: row.rowId, status: 'FAILED', reason: unsafe.reason, validity: [], criteria: [unsafe] }];
}

/** Rows that are compared with each other: of one scenario, and never simulated with measured ones. */
function familyOf(row: PlannedRow): string {
  return `${row.scenarioId}/${targetOf(row)}`;
}

/** The `simulate` command that runs one row alone. */
export function commandOf(row: PlannedRow): string {
  const spec = row.cells[0]?.spec;
  const verb = targetOf(row) === 'simulator' ? 'simulate' : 'measure';
  const base = `npm run campaign ${verb} -- ${row.scenarioId}`;
  if (spec === undefined || isBenchmark(row)) return base;
  const attackers =
    spec.byzantine.share > 0 ? ` --byzantine ${Number((100 * spec.byzantine.share).toPrecision(6))}%` : '';
  const attack = spec.byzantine.share > 0 ? ` --attack ${spec.byzantine.attack}` : '';
  return `${base} --nodes ${spec.nodes}${attackers}${attack}`;
}

function isUnusable(status: TestStatus): boolean {
  return status === 'SKIPPED' || status === 'ABORTED';
}

/** Two results with one determinism key and one trace are one repetition seen twice, not two. */
function distinct(runs: readonly RunRecord[]): RunRecord[] {
  const seen = new Set<string>();
  return runs.filter(({ result }) => {
    const identity = JSON.stringify([result.determinism.key, result.determinism.trace_hash]);
    if (seen.has(identity)) return false;
    seen.add(identity);
    return true;
  });
}

/** What the target itself said about fitness: it answers INCONCLUSIVE when a run could not measure what was asked. */
function targetCheck(runs: readonly RunRecord[]): ValidityCheck[] {
  const unfit = runs.find(({ result }) => result.test_status === 'INCONCLUSIVE');
  if (unfit === undefined) return [];
  return [
    { name: 'run fit', observed: unfit.result.reason, required: 'no objection of the target', holds: false },
  ];
}

function isSafety(metric: string): boolean {
  return isMetricName(metric) && metrics[metric].safety;
}

/** A criterion verdict when any repetition, aborted ones included, was unsafe; null otherwise. */
function judgeSafety(row: PlannedRow, results: readonly RunRecord[]): CriterionVerdict | null {
  const counts = results.map(({ result }) => {
    const { conflicts_finalized, safety_violations } = result.results.consensus_metrics;
    return Math.max(conflicts_finalized, safety_violations.length);
  });
  const unsafe = counts.filter((count) => count > 0).length;
  if (unsafe === 0) return null;
  const example = results.flatMap(({ result }) => result.results.consensus_metrics.safety_violations)[0];
  const observed = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return {
    metric: 'safety.violations',
    unit: metrics['safety.violations'].unit,
    written: 'always: equals 0',
    note: null,
    limit: 0,
    observed,
    interval: null,
    repetitions: counts.length,
    margin: -observed,
    status: 'FAILED',
    reason: `unsafe in ${unsafe} of ${counts.length} repetitions of ${row.rowId}${example === undefined ? '' : `: ${example}`}`,
    wouldAnswer: '',
  };
}

function judge(
  criterion: Criterion,
  row: PlannedRow,
  runs: readonly RunRecord[],
  context: JudgingContext,
): CriterionVerdict {
  const about: CriterionContext = {
    scenarioId: row.scenarioId,
    command: commandOf(row),
    measuredUs: Math.min(...runs.map(({ result }) => result.window.measured_s)) * 1e6,
  };
  if (!isMetricName(criterion.metric)) {
    return {
      ...notJudged(criterion, 'INCONCLUSIVE', 'no such metric', 'a metric of the registry'),
      repetitions: runs.length,
    };
  }
  const metric = metrics[criterion.metric];
  if (isBenchmark(row)) return judgeBenchmark(criterion, metric, runs, about);
  const { extended } = row;
  if (metric.scope === 'row') {
    const looks = extended === undefined ? 1 : looksAt(runs.length, extended.planned);
    return judgeCriterion(criterion, metric, runs.map(metric.read), { ...about, looks });
  }
  // Other rows may have fewer repetitions: rows are compared by those that the plan gave to all of them.
  const planned = extended === undefined ? runs : runs.slice(0, extended.planned);
  const noted = withComparisonNote(criterion, row, context);
  return judgeCriterion(noted, metric, readingsOf(metric, row, planned, context), about);
}

/** Who reads a criterion over several sizes must know which of them no deployment will ever have. */
function withComparisonNote(criterion: Criterion, row: PlannedRow, context: JudgingContext): Criterion {
  const sizes = comparedSizes(
    (context.scenario ?? []).map((entry) => entry.row),
    row.scenarioId,
  );
  if (sizes.length === 0 || !comparesSizes(criterion.metric)) return criterion;
  const notes = [criterion.note, comparisonNote(sizes)].filter((note) => note !== null);
  return { ...criterion, note: notes.join('; ') };
}

function isBenchmark(row: PlannedRow): boolean {
  return targetOf(row) === 'benchmark';
}

/** The note names the figure that decided. */
function judgeBenchmark(
  criterion: Criterion,
  metric: Metric,
  runs: readonly RunRecord[],
  about: CriterionContext,
): CriterionVerdict {
  if (!isRegressionMetric(criterion.metric)) {
    const why = missing('a benchmark has no network');
    return judgeCriterion(
      criterion,
      metric,
      runs.map(() => why),
      about,
    );
  }
  const deciding = decidingFigure(runs, criterion.metric, criterion.limit);
  const note = [criterion.note, deciding === null ? null : changeWords(deciding)].filter(
    (text) => text !== null,
  );
  const readings = regressionReadings(runs, deciding);
  return {
    ...judgeCriterion(criterion, metric, readings, about),
    note: note.length === 0 ? null : note.join('; '),
  };
}

function readingsOf(
  metric: ScenarioMetric,
  row: PlannedRow,
  runs: readonly RunRecord[],
  context: JudgingContext,
): Reading[] {
  const scenario = (context.scenario ?? []).map((entry) => ({
    rowId: entry.row.rowId,
    runs:
      entry.row.rowId === row.rowId
        ? runs
        : distinct(entry.runs.filter(({ result }) => !isUnusable(result.test_status))),
  }));
  const entries = scenario.some(({ rowId }) => rowId === row.rowId) ? scenario : [{ rowId: row.rowId, runs }];
  return runs.map((own, repetition) => {
    const present = entries.flatMap((entry) => {
      const run = entry.runs[repetition];
      return run === undefined ? [] : [run];
    });
    const absent = entries.filter((entry) => entry.runs[repetition] === undefined).map(({ rowId }) => rowId);
    const index = present.indexOf(own);
    const baseline = context.baseline?.[repetition] ?? context.baseline?.[0] ?? null;
    if (index < 0) return missing('the row is not part of its scenario');
    return metric.read({ rows: present, row: index, absent, baseline });
  });
}

/**
 * What a failed assumption leaves of a verdict. A safety violation stands. When only the load was not reached, a
 * failure stands too, because the network failed at less than was asked; everything else is not answered.
 */
function discount(verdict: CriterionVerdict, validity: readonly ValidityCheck[]): CriterionVerdict {
  const broken = validity.filter(({ holds }) => !holds);
  const [first] = broken;
  if (first === undefined) return verdict;
  if (verdict.status === 'FAILED') {
    if (isSafety(verdict.metric) || broken.every(({ name }) => name === loadCheck)) return verdict;
  }
  const { repetitionsMissing: _answersNothing, ...rest } = verdict;
  return {
    ...rest,
    status: 'INCONCLUSIVE',
    reason: `assumption not met: ${first.name}: ${first.observed}, required ${first.required}`,
    wouldAnswer: remedyOf(first.name),
  };
}

function remedyOf(check: string): string {
  switch (check) {
    case loadCheck:
      return 'a lower load (--tps), or a target that can issue this one';
    case 'faults observed':
      return 'a longer --duration, so that every fault falls into the measured window';
    case 'window long enough':
    case 'measurement whole':
      return 'a longer --duration or fewer --nodes, so that the message budget buys the window';
    case 'baseline':
      return 'the same command again on an idle machine: it is compared with the baseline of this machine';
    case 'machine as fast':
      return 'the same command on an idle machine, or a new baseline';
    default:
      return 'the cause found first: a run that contradicts itself answers nothing';
  }
}

function notJudged(
  criterion: Criterion,
  status: TestStatus,
  reason: string,
  wouldAnswer: string,
): CriterionVerdict {
  return {
    metric: criterion.metric,
    unit: isMetricName(criterion.metric) ? metrics[criterion.metric].unit : '',
    written: criterion.written,
    note: criterion.note,
    limit: criterion.limit,
    observed: null,
    interval: null,
    repetitions: 0,
    margin: null,
    status,
    reason,
    wouldAnswer,
  };
}

function unanswered(row: PlannedRow, status: TestStatus, reason: string, wouldAnswer: string): RowVerdict {
  const criteria = row.criteria.map((criterion) => notJudged(criterion, status, reason, wouldAnswer));
  return { rowId: row.rowId, status, reason, validity: [], criteria };
}

function combine(
  row: PlannedRow,
  validity: readonly ValidityCheck[],
  criteria: readonly CriterionVerdict[],
  aborted: readonly RunRecord[],
): RowVerdict {
  const statuses = criteria.map(({ status }) => status);
  if (aborted.length > 0) statuses.push('ABORTED');
  if (validity.some(({ holds }) => !holds)) statuses.push('INCONCLUSIVE');
  const status = worstStatus(statuses);
  return {
    rowId: row.rowId,
    status,
    reason: reasonFor(status, validity, criteria, aborted),
    validity,
    criteria,
  };
}

function reasonFor(
  status: TestStatus,
  validity: readonly ValidityCheck[],
  criteria: readonly CriterionVerdict[],
  aborted: readonly RunRecord[],
): string {
  if (status === 'PASSED') return '';
  if (status === 'ABORTED') return aborted[0]?.result.reason || 'a repetition was aborted';
  const broken = validity.find(({ holds }) => !holds);
  if (status === 'INCONCLUSIVE' && broken !== undefined) {
    return `${broken.name}: ${broken.observed}, required ${broken.required}`;
  }
  const worst = criteria.find((criterion) => criterion.status === status);
  return worst === undefined
    ? 'the row has no criterion'
    : `${worst.metric} (${worst.written}): ${worst.reason}`;
}
