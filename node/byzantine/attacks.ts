/**
 * The attacks by name. Owns: the list and making a decorator. Does not own: any attack, or who attacks.
 */
import type { AnswerDecorator } from '#node/core/answer.ts';
import { AlwaysAccept } from './always-accept.ts';
import { AlwaysReject } from './always-reject.ts';
import { Collusion } from './collusion.ts';
import { Equivocation } from './equivocation.ts';
import { Late } from './late.ts';
import { RandomVote } from './random-vote.ts';
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
] as const;
export type Attack = (typeof attackNames)[number];

/** One decorator serves all attackers of a run. `clusters` matters to collusion only. */
export function attackDecorator(attack: Attack, clusters: number): AnswerDecorator {
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
  }
}
