/**
 * Whether a process number still means the process that was meant.
 * Owns: existence and start time of a process. Does not own: who starts or ends any (lock.ts, targets/processes).
 */
import { readFileSync } from 'node:fs';

/** The 22nd field of /proc/PID/stat; the name in field 2 may hold spaces, so count from its closing bracket. */
export function startedTicks(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A process that ended and was not waited for yet counts as gone. */
export function isSameProcess(pid: number, ticks: string | null): boolean {
  if (!processExists(pid) || stateOf(pid) === 'Z') return false;
  return ticks === null || ticks === startedTicks(pid);
}

/** The third field of /proc/PID/stat: R, S, T, Z, ...; null where the system does not say. */
function stateOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[0] ?? null;
  } catch {
    return null;
  }
}
