/**
 * How many checks go to a thread at once.
 * Owns: the steps. Does not own: queues or threads.
 *
 * Handing over costs some microseconds per batch and a batch is answered in slices, so size buys little above a hundred; but a
 * thread with one long batch is independent of the main thread, which is busy exactly when the backlog is long.
 */

/** The most of one batch at this backlog. */
const steps = [
  { backlog: 1_000, size: 1_000 },
  { backlog: 100, size: 100 },
  { backlog: 10, size: 10 },
] as const;

/** At least 1. Threads share a backlog evenly, so that none works alone at the end. */
export function batchSize(backlog: number, threads: number): number {
  const most = steps.find((step) => backlog >= step.backlog)?.size ?? 1;
  return Math.max(1, Math.min(most, Math.ceil(backlog / threads)));
}
