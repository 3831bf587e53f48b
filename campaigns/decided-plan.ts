/**
 * The plan as its journal has changed it: further repetitions, rows that were left out.
 * Owns: putting the two together. Does not own: either decision (extra-repetitions.ts, measuring-time.ts).
 */
import { withExtraRepetitions } from '#campaigns/extra-repetitions.ts';
import type { JournalState } from '#campaigns/journal-event.ts';
import { withoutLeftOut } from '#campaigns/measuring-time.ts';
import type { Plan } from '#campaigns/plan-record.ts';

/** The same journal gives the same plan. */
export function decidedPlan(plan: Plan, state: Pick<JournalState, 'weights' | 'fits'>): Plan {
  return withoutLeftOut(withExtraRepetitions(plan, state), state);
}
