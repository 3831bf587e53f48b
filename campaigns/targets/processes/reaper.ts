/**
 * The child that outlives its operator by a moment: when the operator is gone it ends the processes the operator started.
 * Owns: ending registered processes once its standard input closes. Does not own: starting any, or what a normal end does.
 * Lines on stdin: "add PID TICKS" and "drop PID". A process is ended only while its start time is the registered one, and
 * stopped processes are continued first, because a stopped process cannot notice that its conductor is gone.
 */
import { createInterface } from 'node:readline';
import { isSameProcess } from '#campaigns/process-identity.ts';

const registered = new Map<number, string | null>();

function endAll(): void {
  for (const [pid, ticks] of registered) {
    if (!isSameProcess(pid, ticks)) continue;
    for (const signal of ['SIGKILL', 'SIGCONT'] as const) {
      try {
        process.kill(-pid, signal);
      } catch {
        // It ended between the look and the signal.
      }
    }
  }
  process.exit(0);
}

// A Ctrl-C in the terminal reaches the whole group; the operator decides what to do about it, not this child.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [word, pid, ticks] = line.split(' ');
  if (word === 'add') registered.set(Number(pid), ticks === undefined || ticks === '-' ? null : ticks);
  if (word === 'drop') registered.delete(Number(pid));
});
lines.on('close', endAll);
