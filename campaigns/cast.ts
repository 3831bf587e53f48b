/**
 * Who plays which part in a run: the same choice on every target.
 * Owns: which members are attackers, which of them belong to one Sybil operator, and the words when nobody else is left. Does not own:
 * what attackers do.
 */
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import { formatShare } from '#campaigns/units.ts';
import { mix, purpose } from '#node/core/random.ts';

/** Attackers by the protocol's definition: floor(share x nodes). */
export function attackerCountOf(share: number, nodes: number): number {
  return Math.floor(share * nodes + 1e-9);
}

export interface NobodyHonest {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Figures are those of honest nodes: why these attackers leave none, and what would; null when one is left. `nodes` null: in a network of
 * any size. A share below 100 % may round to all nodes of a small one.
 */
export function nobodyHonest(
  { share, attack }: { readonly share: number; readonly attack?: AttackName },
  nodes: number | null,
): NobodyHonest | null {
  const isAll = nodes === null ? share >= 1 : attackerCountOf(share, nodes) >= nodes;
  if (attack === 'none' || !isAll) return null;
  const most = nodes === null ? null : Number(((nodes - 1) / nodes).toPrecision(6));
  return {
    message: `${formatShare(share)} attackers ${nodes === null ? '' : `among ${nodes} nodes `}leave no honest node`,
    remedy: most === null ? 'less than 100%, like 20%' : `at most ${formatShare(most)}`,
  };
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
