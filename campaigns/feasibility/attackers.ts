/**
 * How an attack votes about an honest, unconflicted vertex, as the formulas see it.
 * Owns: the mapping from attack names to voters, and whether that mapping is exact or a worst case.
 * Does not own: the attacks (node/byzantine) or the formulas (campaigns/analytic).
 */
import type { Voter } from '#campaigns/analytic/yes-votes.ts';
import { attackerCountOf } from '#campaigns/cast.ts';
import type { AttackName, Fault } from '#campaigns/run-spec.ts';

export interface AttackModel {
  readonly voter: Voter;
  /** false: the attack may also vote yes; the figures then bound what it can do to liveness. */
  readonly exact: boolean;
}

export function attackModel(attack: AttackName): AttackModel {
  switch (attack) {
    case 'none':
      return { voter: 'reject', exact: true };
    case 'always-reject':
      return { voter: 'reject', exact: true };
    case 'always-accept':
      return { voter: 'accept', exact: true };
    case 'random':
      return { voter: 'random', exact: true };
    case 'silent':
      return { voter: 'silent', exact: true };
    case 'late':
    case 'collusion':
    case 'sybil':
    case 'equivocation':
    case 'minority-balance':
    case 'informed-split':
    case 'descendant-poison':
    case 'evidence-evasion':
    case 'selective-silence':
    case 'late-flip':
    case 'reputation-cycling':
      return { voter: 'reject', exact: false };
  }
}

/** Attackers of a run: none without an attack, else floor(share x nodes) by the protocol's definition. */
export function attackerCount(
  byzantine: { readonly share: number; readonly attack: AttackName },
  nodes: number,
): number {
  return byzantine.attack === 'none' ? 0 : attackerCountOf(byzantine.share, nodes);
}

/** Largest share of the nodes that kill, cascade and churn faults keep down at once, capped at 1. */
export function offlineShare(faults: readonly Fault[], nodes: number): number {
  let down = 0;
  for (const fault of faults) {
    if (fault.kind === 'kill' || fault.kind === 'churn') {
      const overlapping = Math.min(fault.repeat, Math.max(1, Math.ceil(fault.downUs / fault.everyUs)));
      down += fault.nodes * overlapping;
    } else if (fault.kind === 'cascade') {
      const overlapping = Math.min(fault.waves, Math.max(1, Math.ceil(fault.downUs / fault.everyUs)));
      for (let back = 1; back <= overlapping; back += 1) {
        down += fault.firstNodes * fault.factor ** (fault.waves - back);
      }
    }
  }
  return Math.min(1, down / nodes);
}
