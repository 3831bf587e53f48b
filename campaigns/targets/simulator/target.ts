/**
 * The simulator as a target: what it can do, and a repetition at the tier the specification asks for.
 * Owns: capabilities and the choice of the tier's runner. Does not own: either runner. There is nothing to deploy or leave behind.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Capabilities, Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { analyticRun } from './analytic-run.ts';
import { mostMembers } from './event.ts';
import { runMessageTier } from './run.ts';
import { tiers } from './tier.ts';

const capabilities: Capabilities = {
  name: 'simulator',
  faults: new Set([
    'partition',
    'kill',
    'cascade',
    'latency',
    'loss',
    'throttle',
    'clock-skew',
    'disk',
    'churn',
  ]),
  attacks: new Set(['none', ...attackNames]),
  nodesMost: mostMembers,
  refuses: (spec) => tiers[spec.tier].supports(spec),
};

export function createSimulator(): Target {
  return {
    capabilities,
    deploy: async () => {},
    ready: async () => true,
    run: async (spec: RunSpec, progress: Progress, signal: AbortSignal): Promise<RunOutcome> =>
      spec.tier === 'analytic' ? analyticRun(spec) : runMessageTier(spec, progress, signal),
    collect: async () => {},
    destroy: async () => {},
    inventory: async () => [],
  };
}
