/**
 * Attack: lets the roots of what it is asked about pass and refuses everything that stands on them, so that descendants
 * fail. Where chits of descendants count for ancestors this stops the ancestors (arXiv 2210.03423); here it must not.
 * Owns: the votes. Does not own: how outcomes are counted (node/core).
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { maximumParents } from '#node/core/vertex-table.ts';

export class DescendantPoison implements AnswerDecorator {
  readonly name = 'descendant-poison';

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
    const { table } = view;
    for (let w = 0; w < words; w++) {
      for (let rest = scope[scopeAt + w]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const slot = (w << 5) + (31 - Math.clz32(bit));
        for (let i = 0; i < table.parentCount[slot]!; i++) {
          const parent = table.parents[slot * maximumParents + i]!;
          const v = parent >>> 5;
          if (parent < 0 || v >= words || (scope[scopeAt + v]! & (1 << (parent & 31))) === 0) continue;
          answer[answerAt + 2 * w]! &= ~bit;
          answer[answerAt + 2 * w + 1]! |= bit;
          break;
        }
      }
    }
    return answerNow;
  }
}
