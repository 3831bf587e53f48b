/**
 * Who plays which part in a run: the same choice on every target.
 * Owns: which members are attackers, and which of them belong to one Sybil operator. Does not own: what attackers do.
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import { mix, purpose } from '#node/core/random.ts';

/** Attackers by the protocol's definition: floor(share x nodes). */
export function attackerCountOf(share: number, nodes: number): number {
  return Math.floor(share * nodes + 1e-9);
}

/** The floor(share x nodes) members with the least hash: independent of anything else about a node. */
export function attackersOf(nodes: number, share: number, seed: number): Uint8Array {
  const attackers = new Uint8Array(nodes);
  const count = attackerCountOf(share, nodes);
  const order = Array.from({ length: nodes }, (_, node) => node);
  const draw = order.map((node) => mix(seed, purpose.attack, node) >>> 0);
  order.sort((a, b) => draw[a]! - draw[b]! || a - b);
  for (const node of order.slice(0, count)) attackers[node] = 1;
  return attackers;
}

/** Attackers of one Sybil operator share a number beyond the members'. */
export function operatorsOf(attackers: Uint8Array, identities: number): Int32Array {
  let seen = 0;
  return Int32Array.from(attackers, (is, node) =>
    is === 0 ? node : attackers.length + Math.floor(seen++ / identities),
  );
}

/** The members of a run by role. */
export interface Cast {
  readonly attackers: Uint8Array;
  readonly honest: Uint8Array;
  readonly honestNodes: Int32Array;
  /** Attackers issue twins instead of voting only. */
  readonly twins: boolean;
}

export function castOf({ nodes, byzantine, seed }: RunSpec): Cast {
  const attackers = attackersOf(nodes, byzantine.attack === 'none' ? 0 : byzantine.share, seed);
  const honest = attackers.map((is) => 1 - is);
  const honestNodes = Int32Array.from([...honest.keys()].filter((node) => honest[node] === 1));
  return { attackers, honest, honestNodes, twins: byzantine.attack === 'equivocation' };
}
