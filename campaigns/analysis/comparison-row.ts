/**
 * Comparison rows: sizes that a phase simulates only so that criteria over several sizes have something to compare with.
 * Owns: their words, and which criteria of a deployed row are answered by them. Does not own: which sizes (phases), running them (operator.ts).
 *
 * Nothing is deployed, priced or judged for them. A finding over sizes that were never deployed is one about the simulation, so
 * that the row that is deployed does not carry it: simulated and measured figures are never put into one criterion.
 */
import { comparesSizes } from '#campaigns/analysis/metrics.ts';
import type { Criterion, Plan, PlannedRow } from '#campaigns/plan-record.ts';

function listed(sizes: readonly number[]): string {
  return sizes.join(', ');
}

/** Part of the label of every comparison row. `judged`: the sizes it is compared with. */
export function comparisonReason(judged: readonly number[]): string {
  return `only simulated, to compare with ${listed(judged)}`;
}

/** In place of a verdict. */
export const comparisonWords = 'not judged: other rows are compared with it';

export function isComparison({ comparison }: Pick<PlannedRow, 'comparison'>): boolean {
  return comparison === true;
}

/** Sizes of the comparison rows of a scenario, ascending. */
export function comparedSizes(rows: readonly PlannedRow[], scenarioId: string): readonly number[] {
  const sizes = rows.flatMap((row) =>
    row.scenarioId === scenarioId && isComparison(row) ? row.cells.slice(0, 1) : [],
  );
  return [...new Set(sizes.map(({ spec }) => spec.nodes))].sort((a, b) => a - b);
}

/** Beside a criterion that was judged over comparison rows. */
export function comparisonNote(sizes: readonly number[]): string {
  return `over simulations; ${listed(sizes)} nodes are simulated only`;
}

/** What a deployed row is judged by, and what its label says about the rest. */
export function deployedCriteria(
  plan: Pick<Plan, 'rows'>,
  { scenarioId, criteria, label }: PlannedRow,
): { readonly criteria: readonly Criterion[]; readonly label: string } {
  const sizes = comparedSizes(plan.rows, scenarioId);
  const own = criteria.filter(({ metric }) => sizes.length === 0 || !comparesSizes(metric));
  if (own.length === criteria.length) return { criteria, label };
  const left = criteria.filter((one) => !own.includes(one)).map(({ metric }) => metric);
  const why = `${left.join(', ')}: judged on the simulation, as ${listed(sizes)} nodes are not deployed`;
  return { criteria: own, label: `${label} (${why})` };
}
