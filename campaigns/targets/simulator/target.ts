/**
 * The simulator as a target: what it can do, and a repetition at the tier the specification asks for.
 * Owns: the choice of the tier's runner. Does not own: the runners or what they can do (capabilities.ts). There is nothing to deploy or leave behind.
 */

import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';
import { analyticRun } from './analytic-run.ts';
import { capabilities } from './capabilities.ts';
import { runLumpedTier } from './lumped/lumped-tier.ts';
import { runSplicedTier } from './lumped/spliced-run.ts';
import { runEvents } from './run.ts';

function runTier(spec: RunSpec, progress: Progress, signal: AbortSignal): RunOutcome {
  switch (spec.tier) {
    case 'analytic': {
      const outcome = analyticRun(spec);
      progress(1);
      return outcome;
    }
    case 'lumped':
      return runLumpedTier(spec, { progress, signal });
    case 'spliced':
      return runSplicedTier(spec, progress, signal);
    case 'poll':
    case 'message':
      return runEvents(spec, progress, signal);
  }
}

/** The record says why its fidelity was chosen. */
function withReason({ tier, tierReason }: RunSpec, outcome: RunOutcome): RunOutcome {
  if (tierReason === undefined) return outcome;
  const { result } = outcome;
  const anomalies = [`fidelity ${tier}: ${tierReason}`, ...result.anomalies];
  return { ...outcome, result: { ...result, anomalies } };
}

export function createSimulator(): Target {
  return {
    capabilities,
    deploy: async () => {},
    ready: async () => true,
    run: async (spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome> =>
      withReason(spec, runTier(spec, progress, signal)),
    collect: async () => {},
    destroy: async () => {},
    inventory: async () => [],
  };
}
