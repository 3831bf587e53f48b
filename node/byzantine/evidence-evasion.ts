/**
 * Attack: claims not to know anything it is asked about. It counts against every vertex as a no does, and is never evidence.
 * Owns: the answer. Does not own: what counts as evidence (node/core/evidence.ts).
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';

export class EvidenceEvasion implements AnswerDecorator {
  readonly name = 'evidence-evasion';

  decorate(
    _view: AnswerView,
    _node: number,
    _querier: number,
    _draw: number,
    _scope: Int32Array,
    _scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): number {
    answer.fill(0, answerAt, answerAt + 2 * words);
    return answerNow;
  }
}
