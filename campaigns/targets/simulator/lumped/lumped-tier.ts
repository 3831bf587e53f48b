/**
 * The lumped fidelity as a runner: one repetition, from its specification to its record.
 * Owns: decisions or a load, and the CPU time it took. Does not own: either (lumped-run.ts), the record (lumped-outcome.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { decisionsOutcome, loadOutcome } from './lumped-outcome.ts';
import { runDecisions, runLoad } from './lumped-run.ts';

/** Runs one repetition at lumped fidelity. */
export function runLumpedTier(spec: RunSpec): RunOutcome {
  const started = process.threadCpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.threadCpuUsage(started);
    return (user + system) / 1_000_000;
  };
  if (spec.workload.kind === 'single') {
    const decisions = runDecisions(spec);
    return decisionsOutcome(decisions, cpuSeconds());
  }
  const run = runLoad(spec);
  return loadOutcome(run, cpuSeconds());
}
