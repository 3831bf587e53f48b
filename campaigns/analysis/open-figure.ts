/**
 * Figures of a row that more repetitions would decide: the interval straddles the limit, and it is not narrow yet.
 * Owns: which those are. Does not own: deciding a criterion (criterion-verdict.ts) or what more repetitions cost.
 */
import type { CriterionVerdict, RowVerdict } from '#campaigns/analysis/verdict-record.ts';

/** A figure whose interval is that narrow, relative to its mean, is known: the limit happens to lie there. */
export const tightHalfWidth = 0.01;
/** Of a share, relative to what its limit leaves: 98 to 99.5 % is narrow, but against 99 % it says nothing. */
const tightShareHalfWidth = 0.1;

export interface RowOpenness {
  readonly open: readonly OpenFigure[];
  /** Whether every criterion passed or failed. */
  readonly isDecided: boolean;
}

export interface OpenFigure {
  readonly metric: string;
  /** Repetitions that would likely decide it, beyond those there are. */
  readonly missing: number;
  /** For people: "latency.p95 480 to 530 ms straddles 500 ms". */
  readonly words: string;
}

function isTight({ observed, interval, limit, unit }: CriterionVerdict): boolean {
  if (observed === null || interval === null || observed === 0) return false;
  const half = (interval[1] - interval[0]) / 2;
  const isFine = unit !== 'share' || half <= tightShareHalfWidth * Math.min(limit, 1 - limit);
  return isFine && half <= tightHalfWidth * Math.abs(observed);
}

function words({ metric, interval, limit, unit }: CriterionVerdict): string {
  const [low, high] = interval ?? [limit, limit];
  const show = (value: number): string => String(Number(value.toPrecision(4)));
  return `${metric}: ${show(low)} to ${show(high)} straddles ${show(limit)} ${unit}`.trim();
}

/** Scaling criteria are left out: they are about rows together, which would all have to be repeated. */
export function opennessOf({ criteria }: RowVerdict): RowOpenness {
  const isDecided = criteria.every(({ status }) => status === 'PASSED' || status === 'FAILED');
  const open = criteria.flatMap((criterion) => {
    const { repetitionsMissing: missing, metric } = criterion;
    return missing === undefined || isTight(criterion) ? [] : [{ metric, missing, words: words(criterion) }];
  });
  return { open, isDecided };
}
