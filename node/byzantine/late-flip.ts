/**
 * Attack: says yes to young vertices until they have won confidence, then refuses them: the older half of what it is asked
 * about gets a no. Owns: the votes. Does not own: confidence and counters (node/core/snow.ts).
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { acceptAll } from './votes.ts';

export class LateFlip implements AnswerDecorator {
  readonly name = 'late-flip';

  decorate(
    view: AnswerView,
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
    const { serial } = view.table;
    let oldest = Number.POSITIVE_INFINITY;
    let youngest = -1;
    for (let w = 0; w < words; w++) {
      for (let rest = scope[scopeAt + w]!; rest !== 0; rest &= rest - 1) {
        const own = serial[(w << 5) + (31 - Math.clz32(rest & -rest))]!;
        if (own < oldest) oldest = own;
        if (own > youngest) youngest = own;
      }
    }
    const flipsUntil = (oldest + youngest) / 2;
    for (let w = 0; w < words; w++) {
      for (let rest = scope[scopeAt + w]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        if (serial[(w << 5) + (31 - Math.clz32(bit))]! <= flipsUntil) answer[answerAt + 2 * w]! &= ~bit;
      }
    }
    return answerNow;
  }
}
