/**
 * Attack: one fair coin per answer, all yes or all no. Each vertex's marginal is a fair coin, independent between
 * peers and polls. Owns: the vote. Does not own: the draw (the stream of attacker, querier and poll).
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { acceptAll, rejectAll } from './votes.ts';

export class RandomVote implements AnswerDecorator {
  readonly name = 'random';

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
