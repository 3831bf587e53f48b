/**
 * Waiting for a program to become ready: asking again until it is, or until it has ended or taken too long.
 * Owns: the loop and its end. Does not own: what ready means.
 */
import { setTimeout as pause } from 'node:timers/promises';

export interface Patience {
  readonly what: string;
  readonly withinMs: number;
  readonly everyMs?: number;
  /** Why waiting is in vain, or null. */
  readonly isHopeless?: () => string | null;
}

/** On a machine whose load nobody knows another clock decides: there every wait may be longer by this factor. */
const factor = Number(process.env['BFT_BED_PATIENCE'] ?? 1);

/** The first answer other than null; throws when there is none in time, or never can be. */
export async function until<T>(ask: () => Promise<T | null>, patience: Patience): Promise<T> {
  const { what, withinMs, everyMs = 100, isHopeless = () => null } = patience;
  const end = performance.now() + withinMs * factor;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    const why = isHopeless();
    if (why !== null) throw new Error(`${what}: ${why}`);
    if (performance.now() > end) throw new Error(`${what}: not within ${(withinMs * factor) / 1000} s`);
    await pause(everyMs);
  }
}
