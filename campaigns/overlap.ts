/**
 * Rows that run on two targets: once simulated, once measured, with one specification, so that the two can be compared.
 * Owns: making the pair. Does not own: which scenarios overlap (phases), running or comparing (analysis/overlap.ts).
 */
import type { RowToPlan } from '#campaigns/plan.ts';
import type { ResolvedRow } from '#campaigns/resolve.ts';

/** The suffix is part of the row's name: every table shows which of the two it is. */
export const simulatedSuffix = 'simulated';
export const measuredSuffix = 'measured';

function named(rowId: string, suffix: string): string {
  return `${rowId}${rowId.includes('/') ? ',' : '/'}${suffix}`;
}

function packed(row: ResolvedRow, nodesPerProcess: number | null): ResolvedRow['specs'] {
  return nodesPerProcess === null ? row.specs : row.specs.map((spec) => ({ ...spec, nodesPerProcess }));
}

/** What the simulated row of a pair is called. */
export function simulatedRowId(rowId: string): string {
  return named(rowId, simulatedSuffix);
}

/** The measured row alone; `predictedBy` names the row it is compared with, if that is planned, too. */
export function measuredRow(
  row: ResolvedRow,
  nodesPerProcess: number | null,
  predictedBy: string | null,
): RowToPlan {
  if (row.target === 'benchmark') return row; // measured as it is
  const { more: _simulatedOnly, ...same } = row;
  return {
    ...same,
    rowId: named(row.rowId, measuredSuffix),
    specs: packed(row, nodesPerProcess),
    target: 'processes',
    ...(predictedBy === null ? {} : { predictedBy }),
  };
}

/** Same specification, same seeds: what differs is the target, and how nodes are packed, which only a measurement knows. */
export function overlapPair(row: ResolvedRow, nodesPerProcess: number | null): RowToPlan[] {
  if (row.target === 'benchmark') return [row]; // there is nothing to predict
  // Both have the same repetitions, or one of the two would be compared with others.
  const { more: _notForPairs, ...same } = row;
  const simulated: RowToPlan = { ...same, rowId: simulatedRowId(row.rowId) };
  return [simulated, measuredRow(row, nodesPerProcess, simulated.rowId)];
}
