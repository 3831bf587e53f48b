/**
 * Attack: honest to one half of the network, silent to the other, which each attacker chooses for itself.
 * Owns: who hears nothing. Does not own: timeouts and the fresh peers that replace a silent one (node/core).
 */
import { type AnswerDecorator, type AnswerView, answerNever, answerNow } from '#node/core/answer.ts';
import { mix } from '#node/core/random.ts';

export class SelectiveSilence implements AnswerDecorator {
  readonly name = 'selective-silence';

  decorate(_view: AnswerView, node: number, querier: number): number {
    // No draw of the poll: the same peers are starved in every poll.
    return mix(node, 1, querier) < 0 ? answerNever : answerNow;
  }
}
