/**
 * Attack: no answer, ever. Owns: staying silent. Does not own: relaying vertices, which a silent voter still does.
 */
import { type AnswerDecorator, answerNever } from '#node/core/answer.ts';

export class Silent implements AnswerDecorator {
  readonly name = 'silent';

  decorate(): number {
    return answerNever;
  }
}
