/**
 * The lumped fidelity as a runner: one repetition, from its specification to its record.
 * Owns: decisions or a load, and the CPU time it took. Does not own: either (lumped-run.ts), the record (lumped-outcome.ts).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { abortedReason, type RunOutcome } from '#campaigns/targets/target.ts';
import { decisionsOutcome, loadOutcome } from './lumped-outcome.ts';
import { nobody, type Onlooker, runDecisions, runLoad, untuned } from './lumped-run.ts';

/** Runs one repetition at lumped fidelity. An aborted signal yields a result with status ABORTED. */
export function runLumpedTier(spec: RunSpec, onlooker: Onlooker = nobody): RunOutcome {
  const outcome = wholeOutcome(spec, onlooker);
  return onlooker.signal.aborted ? abortedOutcome(outcome) : outcome;
}

/** What was seen until a run was stopped answers nothing. */
export function abortedOutcome(outcome: RunOutcome): RunOutcome {
  const result = { ...outcome.result, test_status: 'ABORTED' as const, reason: abortedReason };
  return { ...outcome, result };
}

function wholeOutcome(spec: RunSpec, onlooker: Onlooker): RunOutcome {
  const started = process.threadCpuUsage();
  const cpuSeconds = (): number => {
    const { user, system } = process.threadCpuUsage(started);
    return (user + system) / 1_000_000;
  };
  if (spec.workload.kind === 'single') {
    const decisions = runDecisions(spec, onlooker);
    return decisionsOutcome(decisions, cpuSeconds());
  }
  const run = runLoad(spec, untuned, onlooker);
  return loadOutcome(run, cpuSeconds());
}
