/**
 * How the limits of a resource profile are put on a node process of this machine, or why they cannot be.
 * Owns: that decision and the words about it. Does not own: starting processes (children.ts).
 *
 * One core is enforced by binding the process to one core, memory by the heap limit of the engine plus the observed peak. A
 * profile of several cores needs the whole machine's cores to be that many. Packed nodes cannot be limited one by one.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import type { ResourceProfile } from '#campaigns/run-spec.ts';

/** The profile that asks for no limit: nodes share the machine. */
export const sharedProfile = 'shared';

export type LimitPlan =
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'applied';
      readonly words: string;
      readonly isEnforced: boolean;
      /** What the command of process `index` begins with. */
      readonly prefix: (index: number) => readonly string[];
      readonly nodeFlags: readonly string[];
    };

let canBind: boolean | null = null;

function hasTaskset(): boolean {
  if (canBind !== null) return canBind;
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    canBind = true;
  } catch {
    canBind = false;
  }
  return canBind;
}

const mebibyte = 1_048_576;
/** Of the memory of a process the heap gets this part; the rest is code, buffers and stacks. */
const heapShare = 0.6;

export function planLimits(
  profile: ResourceProfile,
  nodesPerProcess: number,
  cores: number = os.availableParallelism(),
): LimitPlan {
  const refused = (reason: string): LimitPlan => ({
    kind: 'refused',
    reason: `the resource profile "${profile.name}" cannot be applied here: ${reason}`,
  });
  if (profile.name === sharedProfile) {
    const words = `none: nodes share ${cores} cores`;
    return { kind: 'applied', words, isEnforced: false, prefix: () => [], nodeFlags: [] };
  }
  if (nodesPerProcess > 1) return refused('nodes that share a process cannot be limited one by one');
  if (profile.cpuCores > cores)
    return refused(`it wants ${profile.cpuCores} cores, the machine has ${cores}`);
  if (!Number.isInteger(profile.cpuCores)) return refused('a part of a core cannot be enforced');
  const heapMb = Math.floor((heapShare * profile.memoryBytes) / mebibyte);
  const nodeFlags = [`--max-old-space-size=${heapMb}`];
  const memory = `heap at most ${heapMb} MB of ${Math.round(profile.memoryBytes / mebibyte)} MB`;
  if (profile.cpuCores === cores) {
    return {
      kind: 'applied',
      words: `all ${cores} cores, ${memory}`,
      isEnforced: true,
      prefix: () => [],
      nodeFlags,
    };
  }
  if (!hasTaskset()) return refused('the system has no taskset to bind a process to cores');
  const coresOf = (index: number): string =>
    Array.from({ length: profile.cpuCores }, (_, i) => (index * profile.cpuCores + i) % cores).join(',');
  return {
    kind: 'applied',
    words: `bound to ${profile.cpuCores} of ${cores} cores (taskset), ${memory}`,
    isEnforced: true,
    prefix: (index) => ['taskset', '-c', coresOf(index)],
    nodeFlags,
  };
}
