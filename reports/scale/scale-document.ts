/**
 * The report as data: scale-report.json. The page shows nothing that is not in it.
 * Owns: the record, the headline figures, the safety bound and which rows form a scale. Does not own: a row's own
 * figures (row-document.ts), the analysis (campaigns/analysis) or any markup.
 */
import type { Bottleneck } from '#campaigns/analysis/bottleneck.ts';
import type { ByzantineEntry } from '#campaigns/analysis/byzantine.ts';
import { analyseCampaign, type ScenarioScaling } from '#campaigns/analysis/campaign-analysis.ts';
import type { Planning } from '#campaigns/analysis/larger-network.ts';
import { isMetricName, metrics } from '#campaigns/analysis/metrics.ts';
import { compareOverlap, type OverlapComparison } from '#campaigns/analysis/overlap.ts';
import { enumeratesNodes, type RunRecord } from '#campaigns/analysis/reading.ts';
import { zeroFailureBound } from '#campaigns/analysis/statistics.ts';
import type { FeasibilityReport, Finding } from '#campaigns/feasibility/finding.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import { type BreakingPoints, readBreakingPoints } from '#reports/scale/breaking-points.ts';
import { type PublishedSystem, publishedSystems } from '#reports/scale/published-systems.ts';
import { type ResilienceTable, readResilience } from '#reports/scale/resilience-table.ts';
import { provenanceOf, type RowDocument, rowDocument } from '#reports/scale/row-document.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';
import { type TruthDocument, truthDocument } from '#reports/scale/truth-table.ts';

export interface SafetyDocument {
  readonly conflicts: number;
  readonly violations: readonly string[];
  /** Independent ones: a simulation that several rows share counts once. */
  readonly runs: number;
  /** What the safety checker read: decisions of honest nodes; null where no run recorded how many. */
  readonly decisions: number | null;
  /** 95 % upper bound of the share of runs with a conflict, 3 / runs; null after a conflict or without a run. */
  readonly runBound: number | null;
  /** The same per decision, were decisions independent. */
  readonly decisionBound: number | null;
}

export interface SummaryDocument {
  readonly statuses: Readonly<Record<TestStatus, number>>;
  /** Judged ones. */
  readonly rows: number;
  /** Rows that others are compared with. */
  readonly comparisons: number;
  readonly runs: number;
  /** Distinct numbers of nodes that were run, ascending. */
  readonly sizes: readonly number[];
  readonly scenarioIds: readonly string[];
  readonly nodesLeast: number | null;
  readonly nodesMost: number | null;
  /** Row with the headline figures: the largest network without attackers and faults, a steady load first; null without a run. */
  readonly headline: string | null;
  readonly safety: SafetyDocument;
}

/** Rows of one scenario that differ by their scale alone; a scale that stands alone is one too. */
export interface ScalingDocument extends ScenarioScaling {
  /** The same load was offered at each scale, so that efficiency falls by its definition. */
  readonly sameLoad: boolean;
}

export interface ByzantineDocument {
  readonly scenarioId: string;
  readonly entries: readonly ByzantineEntry[];
}

/** A criterion that the arithmetic said cannot pass, and what the runs said. */
export interface PredictionDocument {
  readonly rowId: string;
  readonly metric: string;
  readonly outcome: 'borne out' | 'contradicted' | 'undecided';
}

export interface CalibrationDocument {
  readonly name: string;
  readonly measuredOn: string;
}

export interface ScaleDocument {
  readonly report: 'scale';
  readonly version: 1;
  readonly campaign: string;
  readonly phase: string;
  readonly stack: string;
  readonly target: string;
  readonly codeVersion: string;
  readonly nodeVersion: string;
  readonly seed: number;
  readonly provenance: string;
  readonly calibrations: readonly CalibrationDocument[];
  readonly status: TestStatus;
  readonly summary: SummaryDocument;
  readonly rows: readonly RowDocument[];
  readonly scaling: readonly ScalingDocument[];
  readonly bottlenecks: readonly Bottleneck[];
  readonly byzantine: readonly ByzantineDocument[];
  /** Rows that were simulated and measured. */
  readonly overlap: readonly OverlapComparison[];
  readonly feasibility: FeasibilityReport | null;
  readonly predictions: readonly PredictionDocument[];
  /** Metrics the criteria use, in words. */
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly description: string }[];
  /** What `npm run test:truth` last found; null when it stored nothing. */
  readonly truth: TruthDocument | null;
  /** What `npm run breaking` last found; null when it stored nothing. */
  readonly breaking: BreakingPoints | null;
  /** What `npm run resilience` last found; null when it stored nothing. */
  readonly resilience: ResilienceTable | null;
  /** What counting says of far larger networks; null when no row can be taken further. */
  readonly planning: Planning | null;
  /** What other systems say of themselves. */
  readonly published: readonly PublishedSystem[];
}

export function scaleDocument(input: ScaleReportInput): ScaleDocument {
  const { plan, verdict } = input;
  const verdicts = new Map(verdict.rows.map((row) => [row.rowId, row]));
  const rows = plan.rows.map((row) => rowDocument(plan, row, verdicts.get(row.rowId), input.runs));
  const analysis = analyseCampaign(plan, input.runs);
  const records = plan.rows.flatMap((row) => row.cells.flatMap((cell) => input.runs.get(cell.id) ?? []));
  return {
    report: 'scale',
    version: 1,
    campaign: input.campaign,
    phase: plan.phase,
    stack: plan.stack,
    target: plan.target,
    codeVersion: plan.codeVersion,
    nodeVersion: plan.nodeVersion,
    seed: plan.seed,
    provenance: provenanceOf(
      plan,
      records.map((record) => record.result),
    ),
    calibrations: calibrationsOf(rows),
    status: verdict.status,
    summary: summaryOf(rows, records),
    rows,
    scaling: analysis.scaling.map((scaling) => ({ ...scaling, sameLoad: isSameLoad(scaling) })),
    bottlenecks: analysis.scaling.flatMap((scaling) => scaling.bottlenecks),
    byzantine: analysis.byzantine,
    overlap: compareOverlap(plan, input.runs),
    feasibility: input.feasibility,
    predictions: predictionsOf(rows, input.feasibility),
    metrics: metricsOf(rows),
    truth: truthDocument(),
    breaking: readBreakingPoints(),
    resilience: readResilience(),
    planning: input.planning ?? null,
    published: publishedSystems,
  };
}

function isSameLoad({ entries }: ScenarioScaling): boolean {
  const offered = entries.map((entry) => entry.offeredTps);
  return entries.length > 1 && Math.max(...offered) < 1.1 * Math.min(...offered);
}

/** The group shown in scale.csv: the one with the most sizes, the first such in plan order. */
export function mainScaling(document: ScaleDocument): ScalingDocument | null {
  const most = Math.max(0, ...document.scaling.map((scaling) => scaling.entries.length));
  return document.scaling.find((scaling) => scaling.entries.length === most) ?? null;
}

function predictionsOf(
  rows: readonly RowDocument[],
  feasibility: FeasibilityReport | null,
): PredictionDocument[] {
  const rowsById = new Map(rows.map((row) => [row.rowId, row]));
  return (feasibility?.rows ?? []).flatMap(({ rowId, findings }) => {
    const doomed = findings.filter((finding) => finding.conclusion === 'cannot-pass');
    const criteria = rowsById.get(rowId)?.criteria ?? [];
    const groups = new Map(doomed.flatMap(predicted).map((metrics) => [metrics.join(' with '), metrics]));
    return [...groups].flatMap(([metric, metrics]) => {
      const judged = criteria.filter((one) => metrics.includes(one.metric));
      if (judged.length === 0) return [];
      return [{ rowId, metric, outcome: outcomeOf(judged.map((one) => one.status)) }];
    });
  });
}

/** Limits that contradict each other cannot hold together: one of them fails, and nobody can say which. */
function predicted({ topic, metrics }: Finding): readonly (readonly string[])[] {
  return topic === 'self-contradiction' ? [metrics] : metrics.map((metric) => [metric]);
}

/** Several criteria may judge one metric, of which the finding means one: a single failure bears it out. */
function outcomeOf(statuses: readonly TestStatus[]): PredictionDocument['outcome'] {
  if (statuses.includes('FAILED')) return 'borne out';
  return statuses.every((status) => status === 'PASSED') ? 'contradicted' : 'undecided';
}

function calibrationsOf(rows: readonly RowDocument[]): CalibrationDocument[] {
  const named = rows.flatMap((row) =>
    row.spec === null || row.benchmark !== null ? [] : [[row.spec.calibration.name, row.spec] as const],
  );
  return [...new Map(named).values()].map(({ calibration: { name, measuredOn } }) => ({ name, measuredOn }));
}

function summaryOf(rows: readonly RowDocument[], records: readonly RunRecord[]): SummaryDocument {
  const statuses = { PASSED: 0, FAILED: 0, INCONCLUSIVE: 0, ABORTED: 0, SKIPPED: 0 };
  const judged = rows.flatMap(({ status }) => status ?? []);
  for (const status of judged) statuses[status] += 1;
  const ran = rows.filter((row) => row.runs.length > 0 && row.spec !== null && row.benchmark === null);
  const nodes = ran.map((row) => row.spec?.nodes ?? 0);
  const calm = ran.filter((row) => row.byzantineNodes === 0 && row.faults.length === 0);
  const headline = (calm.length > 0 ? calm : ran).toSorted((a, b) => headlineRank(b) - headlineRank(a))[0];
  return {
    statuses,
    rows: judged.length,
    comparisons: rows.length - judged.length,
    runs: records.length,
    sizes: [...new Set(nodes)].toSorted((a, b) => a - b),
    scenarioIds: [...new Set(rows.map((row) => row.scenarioId))],
    nodesLeast: nodes.length > 0 ? Math.min(...nodes) : null,
    nodesMost: nodes.length > 0 ? Math.max(...nodes) : null,
    headline: headline?.rowId ?? null,
    // Where no node decides by itself nothing could have gone wrong: such runs would make the bounds look tighter than they are.
    safety: safetyOf(records.filter(({ result }) => enumeratesNodes(result.tier))),
  };
}

/** Larger is better; between equal sizes a steady load wins, because a mean over a ramp describes no load. */
function headlineRank({ spec }: RowDocument): number {
  if (spec === null) return 0;
  return 2 * spec.nodes + (spec.workload.kind === 'constant' || spec.workload.kind === 'open-loop' ? 1 : 0);
}

/** One simulation that several rows share is one run. */
function independent(records: readonly RunRecord[]): RunRecord[] {
  const seen = new Map<string, RunRecord>();
  for (const record of records) {
    const { seed, trace_hash } = record.result.determinism;
    const name = trace_hash === '' ? record.result.test_run_id : `${seed} ${trace_hash}`;
    if (!seen.has(name)) seen.set(name, record);
  }
  return [...seen.values()];
}

function safetyOf(all: readonly RunRecord[]): SafetyDocument {
  const records = independent(all);
  const metrics = records.map(({ result }) => result.results.consensus_metrics);
  const conflicts = sumOf(metrics.map((one) => one.conflicts_finalized));
  const violations = metrics.flatMap((one) => one.safety_violations);
  const checked = metrics.flatMap((one) => one.decisions_checked ?? []);
  const decisions = checked.length === 0 ? null : sumOf(checked);
  const clean = conflicts === 0 && violations.length === 0;
  return {
    conflicts,
    violations,
    runs: records.length,
    decisions,
    runBound: clean && records.length > 0 ? zeroFailureBound(records.length) : null,
    decisionBound: clean && decisions !== null && decisions > 0 ? zeroFailureBound(decisions) : null,
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function metricsOf(rows: readonly RowDocument[]): ScaleDocument['metrics'] {
  const names = new Set(rows.flatMap((row) => row.criteria.map((criterion) => criterion.metric)));
  return [...names].toSorted().map((name) => {
    const known = isMetricName(name) ? metrics[name] : null;
    return { name, unit: known?.unit ?? '', description: known?.description ?? 'not in the registry' };
  });
}
