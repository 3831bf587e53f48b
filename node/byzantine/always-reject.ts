/**
 * Attack: no to everything. Owns: the vote. Does not own: who attacks.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { rejectAll } from './votes.ts';

export class AlwaysReject implements AnswerDecorator {
  readonly name = 'always-reject';
  readonly constant = 'no';

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
    rejectAll(scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
