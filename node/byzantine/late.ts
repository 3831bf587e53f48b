/**
 * Attack: the honest answer, held back until just before the querier's timeout.
 * Owns: asking for the delay. Does not own: how long it is (the host knows the timeout).
 */
import { type AnswerDecorator, answerLate } from '#node/core/answer.ts';

export class Late implements AnswerDecorator {
  readonly name = 'late';

  decorate(): number {
    return answerLate;
  }
}
