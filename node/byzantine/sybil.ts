/**
 * Attack: one operator with several member identities and one behaviour: a fair coin per querier and poll that all of
 * its identities share, so that its votes come in bundles. Owns: the vote, who belongs to which operator.
 * Does not own: the draw; the host keys its stream by operator instead of member.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { acceptAll, rejectAll } from './votes.ts';

/** Operator of the rank-th attacker (0-based, in order of member number) when each runs `identities` members. */
export function sybilOperator(rank: number, identities: number): number {
  return Math.floor(rank / Math.max(1, identities));
}

export class Sybil implements AnswerDecorator {
  readonly name = 'sybil';

  saysYesToAll(draw: number): boolean {
    return draw < 0;
  }

  decorate(
    _view: AnswerView,
    _node: number,
    _querier: number,
    draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): number {
    if (this.saysYesToAll(draw)) acceptAll(scope, scopeAt, words, answer, answerAt);
    else rejectAll(scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
