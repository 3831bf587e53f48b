/**
 * Which run a deployed network was working for at a moment: the journal's begun and ended runs as spans of time.
 * Owns: reading them out of journal and plan, and the answer for two looks of a meter. Does not own: the journal, amounts.
 */
import { clusterRows } from '#campaigns/deployment-plan.ts';
import type { JournalRecord } from '#campaigns/journal-event.ts';
import type { Plan } from '#campaigns/plan-record.ts';

/** What a charge belongs to. The row is the one that was forecast: a run in the cloud has the row of its prediction. */
export interface RunOwner {
  readonly rowId: string | null;
  readonly scenarioId: string | null;
  /** 0-based. */
  readonly repetition: number | null;
}

/** Deploying, what is between two runs, teardown, and whatever cannot be told apart. */
export const SHARED: RunOwner = { rowId: null, scenarioId: null, repetition: null };

export interface RunSpan {
  readonly owner: RunOwner;
  readonly fromMs: number;
  /** Infinity: the journal does not say that it ended. */
  readonly untilMs: number;
}

/** Only runs in a deployed network: the simulator's cost nothing. Pure. */
export function runSpans(plan: Plan, records: readonly JournalRecord[]): readonly RunSpan[] {
  const owners = new Map<string, RunOwner>();
  for (const { rowId, scenarioId, predictedBy, cells } of clusterRows(plan))
    for (const [repetition, { id }] of cells.entries())
      owners.set(id, { rowId: predictedBy ?? rowId, scenarioId, repetition });
  const open = new Map<RunOwner, number>();
  const spans: RunSpan[] = [];
  const close = (owner: RunOwner, untilMs: number): void => {
    const fromMs = open.get(owner);
    if (fromMs !== undefined) spans.push({ owner, fromMs, untilMs });
    open.delete(owner);
  };
  for (const { at, event } of records) {
    const atMs = Date.parse(at);
    // A network that is being removed measures nothing, whatever became of the run.
    if (event.kind === 'destroy-started') for (const owner of [...open.keys()]) close(owner, atMs);
    if (!('cell' in event)) continue;
    const owner = owners.get(event.cell);
    if (owner === undefined) continue;
    // Taken up again after an interruption it is still the run that began.
    if (event.kind === 'cell-started') open.set(owner, open.get(owner) ?? atMs);
    else close(owner, atMs);
  }
  for (const owner of [...open.keys()]) close(owner, Number.POSITIVE_INFINITY);
  return spans;
}

/** The one run that was measured at both moments; shared when there is none, or more than one. */
export function runBetween(spans: readonly RunSpan[], fromMs: number, untilMs: number): RunOwner {
  const over = spans.filter((span) => span.fromMs < untilMs && span.untilMs > fromMs);
  const [only] = over;
  const covers = only !== undefined && only.fromMs <= fromMs && only.untilMs >= untilMs;
  return over.length === 1 && covers ? only.owner : SHARED;
}
