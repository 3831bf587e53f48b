/**
 * Numbered points at which a test can kill the process, as a power cut would.
 * Owns: the counter. Does not own: where the points are (journal.ts, results/writer.ts, operator.ts).
 * Without BFT_SCALE_FAILPOINTS=1 a point is a comparison and nothing else.
 */
const armed = process.env['BFT_SCALE_FAILPOINTS'] === '1';
const crashAt = Number(process.env['CRASH_AT'] ?? '0');

let passed = 0;

/** Points passed so far; a test's first run without a crash learns how many there are. */
export function failpointsPassed(): number {
  return passed;
}

/** Kills the process at the CRASH_AT-th call (1-based). `name` is for the reader of the code. */
export function failpoint(_name: string): void {
  if (!armed) return;
  passed += 1;
  if (passed === crashAt) process.kill(process.pid, 'SIGKILL');
}
