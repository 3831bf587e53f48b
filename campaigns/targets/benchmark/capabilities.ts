/**
 * What the benchmark can do as a target: one suite, no faults, no attackers.
 * Owns: that record and how long a repetition takes. Does not own: running it (target.ts).
 */
import { nodesMost } from '#campaigns/limits.ts';
import type { Capabilities } from '#campaigns/targets/target.ts';

export const capabilities: Capabilities = {
  name: 'benchmark',
  faults: new Set(),
  attacks: new Set(['none']),
  nodesMost,
};

/** Of one repetition on an idle machine: for the time that is left, and what of it measured rows leave to the suite (measuring-time.ts). */
export const expectedSuiteSeconds = 13;
