/**
 * What the simulator can run, for planning: loading it does not load the simulator.
 * Owns: faults, attacks and sizes it knows. Does not own: which tier refuses what (tier.ts) or running (target.ts).
 */
import { nodesMost } from '#campaigns/limits.ts';
import type { Capabilities } from '#campaigns/targets/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { tiers } from './tier.ts';

export const capabilities: Capabilities = {
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
    'memory',
    'churn',
  ]),
  attacks: new Set(['none', ...attackNames]),
  nodesMost,
  refuses: (spec) => tiers[spec.tier].supports(spec),
};
