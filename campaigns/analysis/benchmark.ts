/**
 * Figures of a benchmark against the baseline of their machine: change, interval, and whether they may be compared at all.
 * Owns: which figure a criterion is decided by, the assumptions of a benchmark, what makes figures fit to become the baseline.
 * Does not own: deciding by an interval (criterion-verdict.ts), files (results/baseline-file.ts), measuring.
 */
import { missing, type Reading, type RunRecord, seen } from '#campaigns/analysis/reading.ts';
import { changePercent } from '#campaigns/analysis/regression.ts';
import { type Summary, summarise } from '#campaigns/analysis/statistics.ts';
import type { ValidityCheck } from '#campaigns/analysis/verdict-record.ts';
import {
  type BenchmarkBaseline,
  type BenchmarkGroup,
  type BenchmarkRecord,
  baselinePath,
  machineText,
} from '#campaigns/results/benchmark-record.ts';

/** A baseline must not be less certain than the change it is to show; a core that changed more is another machine. */
const limitPercent = 10;
/** Fewest repetitions of a baseline. */
const repetitionsLeast = 3;

/** The figures that each metric is about; null = all of them. */
export const regressionGroups = {
  'regression.worst_change': null,
  'regression.vertex_creation': 'vertex',
  'regression.graph': 'graph',
  'regression.consensus': 'consensus',
  'regression.storage': 'storage',
  'regression.hashing': 'hashing',
} as const satisfies Readonly<Record<string, BenchmarkGroup | null>>;
export type RegressionMetric = keyof typeof regressionGroups;

export function isRegressionMetric(name: string): name is RegressionMetric {
  return Object.hasOwn(regressionGroups, name);
}

type Figure = BenchmarkRecord['figures'][number];

export interface FigureChange {
  readonly figure: Figure;
  /** In the unit of the figure: mean of the baseline's repetitions, and of these. */
  readonly before: number;
  readonly now: number;
  /** Percent of the baseline, one value per repetition; positive is worse. */
  readonly changes: readonly number[];
  readonly summary: Summary;
}

function recordsOf(runs: readonly RunRecord[]): BenchmarkRecord[] {
  return runs.flatMap(({ result }) => (result.benchmark === undefined ? [] : [result.benchmark]));
}

function medians(records: readonly BenchmarkRecord[], id: string): number[] {
  return records.flatMap(({ figures }) => figures.filter((one) => one.id === id).map(({ median }) => median));
}

/**
 * Each repetition against one of the baseline, in turn: the interval of the change then holds the noise of both sides. Figures that
 * the baseline does not have are left out.
 */
export function figureChanges(runs: readonly RunRecord[]): FigureChange[] {
  const records = recordsOf(runs);
  const [first] = records;
  const baseline = first?.baseline ?? null;
  if (first === undefined || baseline === null) return [];
  return first.figures.flatMap((figure): FigureChange[] => {
    const before = baseline.figures[figure.id] ?? [];
    const now = medians(records, figure.id);
    if (before.length === 0 || now.length !== records.length) return [];
    const changes = now.flatMap(
      (value, i) => changePercent(before[i % before.length] ?? 0, value, figure.better) ?? [],
    );
    if (changes.length !== now.length) return [];
    return [
      {
        figure,
        before: summarise(before).mean,
        now: summarise(now).mean,
        changes,
        summary: summarise(changes),
      },
    ];
  });
}

function low({ summary }: FigureChange): number {
  return summary.interval?.[0] ?? summary.mean;
}

function high({ summary }: FigureChange): number {
  return summary.interval?.[1] ?? summary.mean;
}

/**
 * The figure that decides: one that is certainly beyond the limit if there is one, otherwise the one that may be worst. So a criterion
 * passes only when every figure does, and noise in one figure does not hide a certain regression in another.
 */
export function decidingFigure(
  runs: readonly RunRecord[],
  metric: RegressionMetric,
  limit: number,
): FigureChange | null {
  const group = regressionGroups[metric];
  const changes = figureChanges(runs).filter(({ figure }) => group === null || figure.group === group);
  const certain = changes.filter((change) => low(change) > limit).sort((a, b) => low(b) - low(a));
  const [worst] = certain.length > 0 ? certain : changes.toSorted((a, b) => high(b) - high(a));
  return worst ?? null;
}

/** One reading per repetition, of the figure that decides. */
export function regressionReadings(runs: readonly RunRecord[], deciding: FigureChange | null): Reading[] {
  return runs.map((_run, i) => {
    const change = deciding?.changes[i];
    return change === undefined ? missing('there is nothing to compare it with') : seen(change);
  });
}

/** "storage.put: 21.3 CPU us, baseline 19.8" */
export function changeWords({ figure, now, before }: FigureChange): string {
  return `${figure.id}: ${digits(now)} ${figure.unit}, baseline ${digits(before)}`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Assumptions of a comparison; `runs` is not empty. */
export function benchmarkValidity(runs: readonly RunRecord[]): ValidityCheck[] {
  const records = recordsOf(runs);
  const [first] = records;
  if (first === undefined || records.length < runs.length) {
    return [
      { name: 'figures there', observed: 'a repetition without figures', required: 'figures', holds: false },
    ];
  }
  const { baseline } = first;
  if (baseline === null) return [withoutBaseline(runs, first)];
  const unknown = first.figures.filter(({ id }) => baseline.figures[id] === undefined);
  const reference = summarise(records.map(({ reference_ns }) => reference_ns)).mean;
  const change = 100 * (reference / summarise(baseline.reference_ns).mean - 1);
  return [
    {
      name: 'baseline',
      observed: `${baseline.campaign}, ${baseline.saved_at.slice(0, 10)}, code ${baseline.code_version}, ${machineText(baseline.machine)}`,
      required: 'of this machine and this version of Node',
      holds: true,
    },
    {
      name: 'same figures',
      observed:
        unknown.length === 0
          ? `all ${first.figures.length} are in the baseline`
          : `the baseline lacks ${unknown.map(({ id }) => id).join(', ')}`,
      required: `every figure in the baseline; remove ${baselinePath(baseline.machine)} to store a new one`,
      holds: unknown.length === 0,
    },
    {
      name: 'machine as fast',
      observed: `a fixed chain of operations took ${digits(Math.abs(change))} % ${change < 0 ? 'less' : 'more'} CPU time than at the baseline`,
      required: `at most ${limitPercent} % of difference: beyond it the machine, not the code, has changed`,
      holds: Math.abs(change) <= limitPercent,
    },
  ];
}

function withoutBaseline(runs: readonly RunRecord[], { machine }: BenchmarkRecord): ValidityCheck {
  const noisy = baselineObjection(runs);
  const file = baselinePath(machine);
  return {
    name: 'baseline',
    observed:
      noisy === null
        ? `none of this machine was there; these figures are stored as it (${file}), and the next run is compared with them`
        : `none of this machine is there, and these figures cannot be it: ${noisy}`,
    required: `a baseline of ${machineText(machine)}`,
    holds: false,
  };
}

/** Why the figures are not fit to be a baseline; null when they are. */
export function baselineObjection(runs: readonly RunRecord[]): string | null {
  const records = recordsOf(runs);
  if (records.length < repetitionsLeast)
    return `${records.length} of at least ${repetitionsLeast} repetitions`;
  const noise = (records[0]?.figures ?? []).map(({ id }) => {
    const { mean, interval } = summarise(medians(records, id));
    return { id, percent: interval === null ? 0 : (50 * (interval[1] - interval[0])) / mean };
  });
  const tooNoisy = noise
    .filter(({ percent }) => percent > limitPercent)
    .sort((a, b) => b.percent - a.percent);
  const [worst] = tooNoisy;
  if (worst === undefined) return null;
  const load = digits(Math.max(...records.map(({ load_average }) => load_average)));
  return `${tooNoisy.length} of ${noise.length} are uncertain by more than ${limitPercent} %, ${worst.id} by ${digits(worst.percent)} % (load of the machine ${load} on ${records[0]?.machine.cores} cores)`;
}

/** The figures as a baseline; null when they are not fit for it. */
export function baselineOf(
  runs: readonly RunRecord[],
  origin: Pick<BenchmarkBaseline, 'saved_at' | 'campaign' | 'code_version'>,
): BenchmarkBaseline | null {
  const records = recordsOf(runs);
  const [first] = records;
  if (first === undefined || baselineObjection(runs) !== null) return null;
  return {
    ...origin,
    machine: first.machine,
    reference_ns: records.map(({ reference_ns }) => reference_ns),
    figures: Object.fromEntries(first.figures.map(({ id }) => [id, medians(records, id)])),
  };
}
