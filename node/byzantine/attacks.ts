/**
 * The attacks by name. Owns: the list and making a decorator. Does not own: any attack, or who attacks.
 */
import type { AnswerDecorator } from '#node/core/answer.ts';
import { AlwaysAccept } from './always-accept.ts';
import { AlwaysReject } from './always-reject.ts';
import { Collusion } from './collusion.ts';
import { DescendantPoison } from './descendant-poison.ts';
import { Equivocation } from './equivocation.ts';
import { EvidenceEvasion } from './evidence-evasion.ts';
import { InformedSplit } from './informed-split.ts';
import { Late } from './late.ts';
import { LateFlip } from './late-flip.ts';
import { MinorityBalance } from './minority-balance.ts';
import { RandomVote } from './random-vote.ts';
import { ReputationCycling } from './reputation-cycling.ts';
import { SelectiveSilence } from './selective-silence.ts';
import { Silent } from './silent.ts';
import { Sybil } from './sybil.ts';

export const attackNames = [
  'random',
  'always-reject',
  'always-accept',
  'collusion',
  'sybil',
  'silent',
  'late',
  'equivocation',
  'minority-balance',
  'informed-split',
  'descendant-poison',
  'evidence-evasion',
  'selective-silence',
  'late-flip',
  'reputation-cycling',
] as const;
export type Attack = (typeof attackNames)[number];

/** One decorator serves all attackers of a run. `clusters` matters to collusion, the half-life of penalties to cycling only. */
export function attackDecorator(attack: Attack, clusters: number, halfLifeUs = 0): AnswerDecorator {
  switch (attack) {
    case 'random':
      return new RandomVote();
    case 'always-reject':
      return new AlwaysReject();
    case 'always-accept':
      return new AlwaysAccept();
    case 'collusion':
      return new Collusion(clusters);
    case 'sybil':
      return new Sybil();
    case 'silent':
      return new Silent();
    case 'late':
      return new Late();
    case 'equivocation':
      return new Equivocation();
    case 'minority-balance':
      return new MinorityBalance();
    case 'informed-split':
      return new InformedSplit();
    case 'descendant-poison':
      return new DescendantPoison();
    case 'evidence-evasion':
      return new EvidenceEvasion();
    case 'selective-silence':
      return new SelectiveSilence();
    case 'late-flip':
      return new LateFlip();
    case 'reputation-cycling':
      return new ReputationCycling(halfLifeUs);
  }
}
