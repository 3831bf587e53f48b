/**
 * Everything the report says about one row: figures over its repetitions, curves, distributions, faults, windows.
 * Owns: that record and how it is drawn from plan, verdict and runs. Does not own: its words and pictures (sections).
 */
import { figureChanges } from '#campaigns/analysis/benchmark.ts';
import { comparisonWords, isComparison } from '#campaigns/analysis/comparison-row.ts';
import { latencyOf } from '#campaigns/analysis/latency.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CriterionVerdict, RowVerdict, ValidityCheck } from '#campaigns/analysis/verdict-record.ts';
import {
  type Comparator,
  type ExtendedRow,
  type Plan,
  type PlannedRow,
  targetOf,
} from '#campaigns/plan-record.ts';
import { machineText } from '#campaigns/results/benchmark-record.ts';
import type { FaultRecord, RunResult, TestStatus } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import {
  type Estimate,
  estimate,
  latencyShares,
  median,
  type RoundsShares,
  roundsShares,
  type Timeline,
  timeline,
} from '#reports/scale/repetitions.ts';
import { reproduceCommand } from '#reports/scale/reproduce-command.ts';

export const figureReaders = {
  offeredTps: (run: RunResult) => run.results.throughput.offered_tps,
  avgTps: (run: RunResult) => run.results.throughput.avg_tps,
  peakTps: (run: RunResult) => run.results.throughput.peak_tps,
  minTps: (run: RunResult) => run.results.throughput.min_tps,
  verticesPerSecond: (run: RunResult) => run.results.throughput.vertices_per_second,
  queuedTransactions: (run: RunResult) => run.results.throughput.queued_transactions,
  p50Ms: (run: RunResult) => run.results.latency.p50_ms,
  p99Ms: (run: RunResult) => run.results.latency.p99_ms,
  p999Ms: (run: RunResult) => run.results.latency.p999_ms,
  maxMs: (run: RunResult) => run.results.latency.max_ms,
  undecidedShare: (run: RunResult) => run.results.latency.undecided_share,
  roundsMean: (run: RunResult) => run.results.consensus_metrics.rounds.mean,
  roundsP99: (run: RunResult) => run.results.consensus_metrics.rounds.p99,
  finalizedShare: (run: RunResult) => run.results.consensus_metrics.finalized_share,
  allHonestShare: (run: RunResult) => run.results.consensus_metrics.all_honest_share,
  pollsSuccessfulShare: (run: RunResult) => run.results.consensus_metrics.polls_successful_share,
  confidence: (run: RunResult) => run.results.consensus_metrics.confidence_at_finalization,
  cpuPercent: (run: RunResult) => run.results.resource_usage.avg_cpu_percent,
  cpuPeakPercent: (run: RunResult) => run.results.resource_usage.peak_cpu_percent,
  signatureCpuPercent: (run: RunResult) => run.results.resource_usage.signature_cpu_percent,
  memoryMb: (run: RunResult) => run.results.resource_usage.avg_memory_mb,
  memoryPeakMb: (run: RunResult) => run.results.resource_usage.peak_memory_mb,
  memoryGrowthPercent: (run: RunResult) => run.results.resource_usage.memory_growth_percent,
  networkMbps: (run: RunResult) => run.results.resource_usage.avg_network_mbps,
  networkPeakMbps: (run: RunResult) => run.results.resource_usage.peak_network_mbps,
  messages: (run: RunResult) => run.results.simulation.messages,
} as const;

export type FigureName = keyof typeof figureReaders | 'p95Ms';
export type Figures = Readonly<Record<FigureName, Estimate | null>>;

export interface CriterionDocument extends CriterionVerdict {
  readonly comparator: Comparator;
}

/** Faults of one kind and description, over the repetitions. Times in virtual seconds from the window's start. */
export interface FaultDocument {
  readonly kind: string;
  readonly description: string;
  readonly asked: number;
  readonly observed: number;
  readonly firstAtS: number | null;
  readonly lastUntilS: number | null;
  readonly evidence: string;
  readonly recoveryS: Estimate | null;
  readonly rejoinS: Estimate | null;
  /** When it was active in the first repetition. */
  readonly periods: readonly (readonly [number, number])[];
}

export interface RunDocument {
  readonly cellId: string;
  readonly seed: number;
  readonly status: TestStatus;
  readonly reason: string;
  readonly traceHash: string;
  readonly determinismKey: string;
  readonly avgTps: number;
  readonly p95Ms: number | null;
  readonly messages: number;
  readonly cpuSeconds: number;
}

export interface WindowDocument {
  readonly requestedS: number;
  readonly measuredS: number;
  readonly warmupS: number;
  readonly cooldownS: number;
  readonly compression: number;
  readonly finalityTimes: number;
}

export interface RowDocument {
  readonly rowId: string;
  readonly anchor: string;
  readonly scenarioId: string;
  readonly title: string;
  readonly source: string;
  readonly label: string;
  /** null: nothing is asked of it, other rows are compared with it. */
  readonly status: TestStatus | null;
  readonly reason: string;
  readonly provenance: string;
  readonly spec: RunSpec | null;
  readonly byzantineNodes: number;
  readonly criteria: readonly CriterionDocument[];
  /** Index into `criteria` of the one that decided; null when there is none. */
  readonly decisive: number | null;
  readonly validity: readonly ValidityCheck[];
  readonly figures: Figures;
  readonly timeline: Timeline | null;
  readonly latencyShares: readonly (readonly [number, number])[];
  readonly rounds: RoundsShares;
  readonly faults: readonly FaultDocument[];
  readonly anomalies: readonly { readonly text: string; readonly repetitions: number }[];
  readonly window: WindowDocument | null;
  readonly planned: number;
  /** What was decided about repetitions beyond the plan's; null = nothing: the row has a fixed number. */
  readonly extended: ExtendedRow | null;
  readonly runs: readonly RunDocument[];
  readonly seeds: readonly number[];
  readonly command: string;
  /** Of a benchmark only: it has figures of its own, and none of a network. */
  readonly benchmark: BenchmarkDocument | null;
}

export interface BenchmarkFigureDocument {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Of the medians of the repetitions, in the unit. */
  readonly now: Estimate | null;
  /** Null without a baseline. */
  readonly before: number | null;
  /** Percent, positive is worse. */
  readonly change: number | null;
  readonly changeInterval: readonly [number, number] | null;
}

export interface BenchmarkDocument {
  readonly machine: string;
  readonly loadAverage: number;
  /** Campaign and day of the baseline; null = there was none. */
  readonly baseline: string | null;
  readonly figures: readonly BenchmarkFigureDocument[];
}

/** Bins of the timelines in the report: enough for the width of the picture. */
const timelineBins = { mostBins: 90, fewestBins: 24 } as const;

/** A bin should hold several vertices, else its rate jumps between none and many. */
const verticesPerBin = 5;

export function rowDocument(
  plan: Plan,
  row: PlannedRow,
  verdict: RowVerdict | undefined,
  stored: ReadonlyMap<string, RunRecord>,
): RowDocument {
  const all = row.cells.map((cell) => stored.get(cell.id));
  const finished = all.flatMap((record) => (record !== undefined && isFinished(record) ? [record] : []));
  const isBenchmark = targetOf(row) === 'benchmark';
  const records = isBenchmark ? [] : finished;
  const results = records.map((record) => record.result);
  const criteria = (verdict?.criteria ?? []).map((one) => withComparator(one, row));
  const first = row.cells[0]?.spec ?? null;
  const unjudged = isComparison(row) ? null : 'SKIPPED';
  return {
    rowId: row.rowId,
    anchor: anchorOf(row.rowId),
    scenarioId: row.scenarioId,
    title: row.title,
    source: row.source,
    label: row.label,
    status: verdict?.status ?? unjudged,
    reason: verdict?.reason ?? row.skip ?? (unjudged === null ? comparisonWords : 'no verdict was recorded'),
    provenance: isBenchmark || results.length === 0 ? plannedProvenance(row) : provenanceOf(plan, results),
    spec: first,
    byzantineNodes: results[0]?.configuration.byzantine_nodes ?? 0,
    criteria,
    decisive: decisiveOf(verdict?.status ?? unjudged, criteria),
    validity: verdict?.validity ?? [],
    figures: figuresOf(records),
    timeline: timeline(
      records.map((record) => record.series),
      { ...timelineBins, leastS: smoothBinS(records) },
    ),
    latencyShares: latencyShares(results, 60),
    rounds: roundsShares(results, 40),
    faults: faultsOf(records),
    anomalies: anomaliesOf(results),
    window: windowOf(results),
    planned: row.cells.length,
    extended: row.extended ?? null,
    runs: row.cells.flatMap((cell, index) => runDocument(cell.id, all[index])),
    seeds: row.cells.map((cell) => cell.spec.seed),
    command: reproduceCommand(plan, row),
    benchmark: isBenchmark ? benchmarkDocument(finished) : null,
  };
}

function benchmarkDocument(records: readonly RunRecord[]): BenchmarkDocument | null {
  const benchmarks = records.flatMap(({ result }) => result.benchmark ?? []);
  const [first] = benchmarks;
  if (first === undefined) return null;
  const changes = new Map(figureChanges(records).map((change) => [change.figure.id, change]));
  const { baseline } = first;
  return {
    machine: machineText(first.machine),
    loadAverage: Math.max(...benchmarks.map(({ load_average }) => load_average)),
    baseline: baseline === null ? null : `${baseline.campaign} of ${baseline.saved_at.slice(0, 10)}`,
    figures: first.figures.map(({ id, title, unit }) => {
      const change = changes.get(id);
      const of = ({ figures }: (typeof benchmarks)[number]): number | null =>
        figures.find((one) => one.id === id)?.median ?? null;
      return {
        id,
        title,
        unit,
        now: estimate(benchmarks.map(of)),
        before: change?.before ?? null,
        change: change?.summary.mean ?? null,
        changeInterval: change?.summary.interval ?? null,
      };
    }),
  };
}

/** Seconds in which `verticesPerBin` vertices are finalised on average; 0 when nothing was. */
function smoothBinS(records: readonly RunRecord[]): number {
  const rates = records.map(({ result }) => result.results.throughput.vertices_per_second);
  const rate = median(rates) ?? 0;
  return rate > 0 ? verticesPerBin / rate : 0;
}

/** The figures of a run that was stopped or never ran belong to no mean. */
function isFinished({ result }: RunRecord): boolean {
  return result.test_status !== 'ABORTED' && result.test_status !== 'SKIPPED';
}

/** Of a row that has no run yet. */
function plannedProvenance(row: PlannedRow): string {
  return targetOf(row) !== 'simulator' ? 'MEASURED' : 'SIMULATED';
}

/** The words that say where the figures come from; several are joined, never merged. */
export function provenanceOf(plan: Plan, results: readonly RunResult[]): string {
  const words = new Set<string>(results.map((result) => result.provenance));
  if (words.size === 0) words.add(plan.target === 'simulator' ? 'SIMULATED' : 'MEASURED');
  return [...words].toSorted().join(' + ');
}

export function anchorOf(rowId: string): string {
  return `row-${rowId.replaceAll('%', '').replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
}

function withComparator(criterion: CriterionVerdict, row: PlannedRow): CriterionDocument {
  const planned = row.criteria.find(
    (one) => one.metric === criterion.metric && one.written === criterion.written,
  );
  return { ...criterion, comparator: planned?.comparator ?? 'equals' };
}

/** Failed: the one farthest outside, relative to its limit. Passed: the tightest. Else the first of that status. */
function decisiveOf(status: TestStatus | null, criteria: readonly CriterionDocument[]): number | null {
  const candidates = [...criteria.entries()].filter(([, one]) => one.status === status);
  const tightness = ([, one]: [number, CriterionDocument]): number =>
    one.margin === null || one.limit === 0 ? Number.POSITIVE_INFINITY : one.margin / Math.abs(one.limit);
  if (status === 'PASSED' || status === 'FAILED') candidates.sort((a, b) => tightness(a) - tightness(b));
  return candidates[0]?.[0] ?? null;
}

function figuresOf(records: readonly RunRecord[]): Figures {
  const entries = Object.entries(figureReaders).map(([name, read]) => [
    name,
    estimate(records.map(({ result }) => read(result))),
  ]);
  // A p95 with more than 5 % of the pairs undecided does not exist, whatever the decided ones took.
  const p95Ms = estimate(
    records.map((record) => {
      const reading = latencyOf('p95_ms', 0.95)(record);
      return reading.kind === 'value' ? reading.value : null;
    }),
  );
  return { ...(Object.fromEntries(entries) as Omit<Record<FigureName, Estimate | null>, 'p95Ms'>), p95Ms };
}

function faultsOf(records: readonly RunRecord[]): FaultDocument[] {
  const groups = new Map<string, { run: number; startUs: number; fault: FaultRecord }[]>();
  for (const [run, { result, series }] of records.entries()) {
    for (const fault of result.faults) {
      const key = `${fault.kind}\n${fault.description}`;
      groups.set(key, [...(groups.get(key) ?? []), { run, startUs: series.window_us[0], fault }]);
    }
  }
  return [...groups.values()].map((members) => {
    const sinceStart = (us: number | null, startUs: number): number[] =>
      us === null ? [] : [(us - startUs) / 1e6];
    const starts = members.flatMap(({ fault, startUs }) => sinceStart(fault.at_us, startUs));
    const ends = members.flatMap(({ fault, startUs }) => sinceStart(fault.until_us, startUs));
    const seconds = (us: number | null): number | null => (us === null ? null : us / 1e6);
    const observed = members.filter(({ fault }) => fault.observed);
    const { kind, description } = members[0]!.fault;
    return {
      kind,
      description,
      asked: members.length,
      observed: observed.length,
      firstAtS: starts.length > 0 ? Math.min(...starts) : null,
      lastUntilS: ends.length > 0 ? Math.max(...ends) : null,
      evidence: (observed[0] ?? members[0]!).fault.evidence,
      recoveryS: estimate(members.map(({ fault }) => seconds(fault.recovery_us))),
      rejoinS: estimate(members.map(({ fault }) => seconds(fault.rejoin_us))),
      periods: members.flatMap(({ run, fault, startUs }) => (run === 0 ? periodOf(fault, startUs) : [])),
    };
  });
}

function periodOf(fault: FaultRecord, startUs: number): [number, number][] {
  if (fault.at_us === null) return [];
  const from = (fault.at_us - startUs) / 1e6;
  return [[from, fault.until_us === null ? from : (fault.until_us - startUs) / 1e6]];
}

function anomaliesOf(results: readonly RunResult[]): { text: string; repetitions: number }[] {
  const counts = new Map<string, number>();
  for (const result of results) {
    for (const text of new Set(result.anomalies)) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, repetitions]) => ({ text, repetitions }));
}

function windowOf(results: readonly RunResult[]): WindowDocument | null {
  if (results.length === 0) return null;
  const middle = (read: (window: RunResult['window']) => number): number =>
    median(results.map((result) => read(result.window))) ?? 0;
  return {
    requestedS: middle((window) => window.requested_s),
    measuredS: middle((window) => window.measured_s),
    warmupS: middle((window) => window.warmup_s),
    cooldownS: middle((window) => window.cooldown_s),
    compression: middle((window) => window.compression),
    finalityTimes: middle((window) => window.finality_times),
  };
}

function runDocument(cellId: string, record: RunRecord | undefined): RunDocument[] {
  if (record === undefined) return [];
  const { result } = record;
  return [
    {
      cellId,
      seed: result.determinism.seed,
      status: result.test_status,
      reason: result.reason,
      traceHash: result.determinism.trace_hash,
      determinismKey: result.determinism.key,
      avgTps: result.results.throughput.avg_tps,
      p95Ms: result.results.latency.p95_ms,
      messages: result.results.simulation.messages,
      cpuSeconds: result.results.simulation.cpu_seconds,
    },
  ];
}
