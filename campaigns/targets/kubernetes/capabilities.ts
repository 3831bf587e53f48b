/**
 * What a network of pods can do. Pods are never ended from inside: a killed node is one that its agent keeps dark.
 * Owns: capabilities. Does not own: reasons for refusing a specification (campaigns/deployment-plan.ts).
 */
import { clusterRefuses } from '#campaigns/deployment-plan.ts';
import type { Capabilities } from '#campaigns/targets/target.ts';
import { NODES_MOST } from '#infra/config.ts';
import { attackNames } from '#node/byzantine/attacks.ts';

export const capabilities: Capabilities = {
  name: 'kubernetes',
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
  nodesMost: NODES_MOST,
  refuses: clusterRefuses,
};
