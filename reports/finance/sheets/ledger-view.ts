/**
 * What the ledger says in each state, grouped for the sheets. States are never added to each other.
 * Owns: grouping and sums. Does not own: the ledger (budgets/ledger).
 */
import type { Charge, LedgerState } from '#budgets/ledger/entry.ts';
import { sum, type UsdMicros, usdMicros } from '#budgets/money.ts';
import type { FinanceReportInput } from '#reports/finance/finance-input.ts';

export function chargesIn({ ledger = [] }: FinanceReportInput, state: LedgerState): readonly Charge[] {
  return ledger.flatMap(({ record }) => (record.type === 'charge' && record.state === state ? [record] : []));
}

/** Null when the ledger has nothing in that state: unknown is not zero. */
export function totalIn(
  input: FinanceReportInput,
  state: LedgerState,
  which: (charge: Charge) => boolean = () => true,
): UsdMicros | null {
  const found = chargesIn(input, state).filter(which);
  return found.length === 0 ? null : sum(found.map(({ usdMicros }) => usdMicros));
}

/** The furthest state that anything is in: what the report as a whole may call itself. */
export function statusOf(input: FinanceReportInput): LedgerState {
  for (const state of ['INVOICED', 'BILLED', 'METERED'] as const)
    if (chargesIn(input, state).length > 0) return state;
  return 'FORECAST';
}

/**
 * What has been spent at least: the highest of what was metered, billed and invoiced, which are views of the same money. A bill that
 * is still partial is below the meter, a meter does not see traffic. Null when the ledger has none of them.
 */
export function spentAtLeast(input: FinanceReportInput): UsdMicros | null {
  const totals = (['METERED', 'BILLED', 'INVOICED'] as const)
    .map((state) => totalIn(input, state))
    .filter((total) => total !== null);
  return totals.length === 0 ? null : usdMicros(Math.max(...totals));
}
