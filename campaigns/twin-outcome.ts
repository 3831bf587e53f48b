/**
 * The run of a cell whose simulation was done for another row.
 * Owns: reading that run, proven by its hashes. Does not own: which cells share one (same-simulation.ts), storing it (operator.ts).
 */
import type { PlannedCell } from '#campaigns/plan-record.ts';
import type { PoolOutcome } from '#campaigns/pool.ts';
import { readCell } from '#campaigns/results/reader.ts';
import { type Twin, takenOver } from '#campaigns/same-simulation.ts';

/** Never rejects: a stored run that was changed meanwhile is a failure of this cell, too. */
export async function twinOutcome(folder: string, { spec }: PlannedCell, twin: Twin): Promise<PoolOutcome> {
  try {
    return { kind: 'outcome', outcome: takenOver(spec, twin, readCell(folder, twin.cell.id)) };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
