/**
 * What real node processes on this machine can do, and how many nodes share one.
 * Owns: capabilities, packing, and the reasons for refusing a specification. Does not own: running one (target.ts).
 */
import os from 'node:os';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Capabilities } from '#campaigns/targets/target.ts';
import { attackNames } from '#node/byzantine/attacks.ts';
import { planLimits } from './limits.ts';

/** Up to this many nodes get a process each; more are packed. */
export const separateMost = 16;
/** Packed nodes share this many processes per core. */
const packedProcessesPerCore = 1;
const nodesMost = 512;

export function packingOf(spec: RunSpec): number {
  if (spec.nodesPerProcess !== undefined) return Math.min(spec.nodesPerProcess, spec.nodes);
  if (spec.nodes <= separateMost) return 1;
  return Math.ceil(spec.nodes / Math.max(2, packedProcessesPerCore * os.availableParallelism()));
}

/** Faults that act on a process as a whole. */
const wholeProcess: ReadonlySet<string> = new Set(['stall']);

function refuses(spec: RunSpec): string | null {
  const packing = packingOf(spec);
  const limits = planLimits(spec.resources, packing);
  if (limits.kind === 'refused') return limits.reason;
  if (spec.workload.kind === 'single')
    return 'the workload "single" waits for every node after every vertex, which reports in batches do not show in time';
  for (const fault of spec.faults) {
    if (packing > 1 && wholeProcess.has(fault.kind))
      return `the fault "${fault.kind}" acts on processes, and ${packing} nodes share one`;
    if (packing > 1 && fault.kind === 'throttle' && fault.share < 1)
      return `the fault "throttle" slows processes, and ${packing} nodes share one`;
  }
  return null;
}

export const capabilities: Capabilities = {
  name: 'processes',
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
    'stall',
  ]),
  attacks: new Set(['none', ...attackNames]),
  nodesMost,
  refuses,
};
