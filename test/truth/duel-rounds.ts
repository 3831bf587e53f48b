/**
 * Two conflicting vertices in the consensus core, in synchronous rounds, many times.
 * Owns: who sees which first, and how each duel stood after its rounds. Does not own: the rounds (core-rounds.ts).
 */
import { Core } from '#node/core/core.ts';
import { CoreRounds } from './core-rounds.ts';
import type { DuelCase } from './duel-oracle.ts';

/** How often "a,b" nodes had decided A and B. */
export function playDuel(
  duel: DuelCase,
  trials: number,
  seed: number,
  kind: typeof Core = Core,
): Map<string, number> {
  const { first, rounds, ...rest } = duel;
  const nodes = first[0] + first[1] + duel.byzantine;
  const ends = new Map<string, number>();
  for (let trial = 0; trial < trials; trial += 1) {
    const setting = { ...rest, nodes, cutOff: 0, loss: 0, maxRounds: 1_000, earlyEnd: trial % 2 === 0 };
    const host = new CoreRounds(setting, (seed + Math.imul(trial, 0x85eb_ca6b)) | 0, kind);
    // The same sequence of one creator: the two conflict.
    const [a, b] = [host.register(1), host.register(1)];
    for (let node = 0; node < nodes; node += 1) {
      const order = node < first[0] ? [a, b] : [b, a];
      for (const vertex of order) host.deliver(node, vertex);
    }
    host.passUnanswered();
    for (let round = 0; round < rounds; round += 1) host.round();
    const count = (vertex: number): number => host.finalisedAt.get(vertex)?.size ?? 0;
    const key = `${count(a)},${count(b)}`;
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  return ends;
}
