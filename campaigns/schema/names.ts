/**
 * The closed lists of names that a configuration may use, checked against the types they stand for.
 * Owns: attacks, topologies, targets, the form of a scenario id, resource profiles (requirements 2.1).
 * Does not own: networks (network.ts), metrics (analysis/metrics.ts).
 */
import { z } from 'zod';
import type { AttackName, ResourceProfile, TopologyKind } from '#campaigns/run-spec.ts';

export const attackNames = [
  'none',
  'random',
  'always-reject',
  'always-accept',
  'collusion',
  'sybil',
  'silent',
  'late',
  'equivocation',
  'minority-balance',
  'informed-split',
  'descendant-poison',
  'evidence-evasion',
  'selective-silence',
  'late-flip',
  'reputation-cycling',
] as const satisfies readonly AttackName[];

export const topologyNames = [
  'full',
  'ring',
  'star',
  'mesh',
  'hierarchical',
  'random',
] as const satisfies readonly TopologyKind[];

export const targetNames = ['simulator', 'processes', 'kubernetes'] as const;

export const scenarioId = z
  .string()
  .regex(/^[A-Z][A-Z0-9-]{1,39}$/)
  .meta({ description: 'family and number: CT-002' });

const gibibyte = 1_073_741_824;

/** Limits of one node. Source: requirements 2.1. */
export const resourceProfiles: readonly ResourceProfile[] = [
  { name: 'minimal', cpuCores: 1, memoryBytes: gibibyte / 2 },
  { name: 'light', cpuCores: 2, memoryBytes: gibibyte },
  { name: 'standard', cpuCores: 4, memoryBytes: 2 * gibibyte },
  { name: 'heavy', cpuCores: 8, memoryBytes: 4 * gibibyte },
  { name: 'extreme', cpuCores: 16, memoryBytes: 8 * gibibyte },
  // No limit is put on a node: all share the machine. What it is told to be is what percentages refer to.
  { name: 'shared', cpuCores: 1, memoryBytes: gibibyte / 2 },
];
