/**
 * Which machine a benchmark ran on: figures of two machines, or of two versions of Node, are never compared.
 * Owns: its description and the name it is filed under. Does not own: figures.
 */
import os from 'node:os';
import type { Machine } from '#campaigns/results/benchmark-record.ts';

export function thisMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 1_073_741_824),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

/** Memory may differ: nothing that is measured comes near its limit. */
export function isSameMachine(a: Machine, b: Machine): boolean {
  return a.cpu === b.cpu && a.cores === b.cores && a.platform === b.platform && a.node === b.node;
}
