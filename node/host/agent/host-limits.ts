/**
 * What this process may use of its machine, as far as it can see it, and whether that is what a resource profile allows.
 * Owns: reading control groups, cores and heap limit. Does not own: imposing limits (whoever starts the process does that).
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Assignment, Hello } from '#node/agent-protocol.ts';

export type HostLimits = Hello['host'];

function readFirst(...files: readonly string[]): string | null {
  for (const file of files) {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      // Another kind of control group, or another system.
    }
  }
  return null;
}

/** "max" and absurd sizes mean: no limit. */
function memoryLimitBytes(): number | null {
  const text = readFirst('/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes');
  const bytes = text === null ? Number.NaN : Number(text);
  return Number.isSafeInteger(bytes) && bytes > 0 && bytes < 2 ** 50 ? bytes : null;
}

function cpuLimitCores(): number | null {
  const [quota, period] = (readFirst('/sys/fs/cgroup/cpu.max') ?? 'max 1').split(' ').map(Number);
  const byGroup =
    quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
  // A process bound to some cores of the machine is limited, too.
  const bound = os.availableParallelism() < os.cpus().length ? os.availableParallelism() : null;
  if (byGroup === null) return bound;
  return bound === null ? byGroup : Math.min(byGroup, bound);
}

export function readHostLimits(): HostLimits {
  return {
    pid: process.pid,
    nodeVersion: process.version,
    platform: `${process.platform} ${process.arch} ${os.release()}`.slice(0, 400),
    cpuCores: os.cpus().length,
    memoryBytes: os.totalmem(),
    memoryLimitBytes: memoryLimitBytes(),
    cpuLimitCores: cpuLimitCores(),
  };
}

/** Why the limits of the profile are not on this process, or null. Only asked when the conductor says that they are. */
export function limitProblem(
  resources: Assignment['resources'],
  nodes: number,
  host: HostLimits,
): string | null {
  if (!resources.isEnforced) return null;
  const cores = host.cpuLimitCores ?? host.cpuCores;
  const coresMost = resources.cpuCores * nodes;
  if (cores > coresMost + 1e-9) {
    return `profile ${resources.name} allows ${coresMost} cores, and this process may use ${cores}: start it bound to them`;
  }
  const memoryMost = resources.memoryBytes * nodes;
  const memory = Math.min(host.memoryLimitBytes ?? host.memoryBytes, getHeapStatistics().heap_size_limit);
  if (memory > memoryMost) {
    return `profile ${resources.name} allows ${memoryMost} bytes, and this process may use ${memory}: start it with that limit`;
  }
  return null;
}
