/**
 * Attack: yes to everything, both sides of a conflict and unknown vertices included.
 * Owns: the vote. Does not own: who attacks.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { acceptAll } from './votes.ts';

export class AlwaysAccept implements AnswerDecorator {
  readonly name = 'always-accept';
  readonly constant = 'yes';

  decorate(
    _view: AnswerView,
    _node: number,
    _querier: number,
    _draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): number {
    acceptAll(scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
