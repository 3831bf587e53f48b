/**
 * Attack: knows what every querier prefers and tells it that this wins, so that a split network stays split. In a network of
 * separate processes nobody knows that: there each half is told its own side, as an equivocator does.
 * Owns: the votes. Does not own: making conflicts; uncontested vertices are answered honestly.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { halfOf } from './equivocation.ts';
import { Sides } from './side.ts';

export class InformedSplit implements AnswerDecorator {
  readonly name = 'informed-split';
  readonly #sides = new Sides();

  decorate(
    view: AnswerView,
    node: number,
    querier: number,
    _draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): number {
    const { table, standing } = view;
    // A simulation hosts every member; who does not host both has to guess.
    if (standing === undefined || standing.nodes <= Math.max(node, querier)) {
      this.#sides.back(
        table,
        halfOf(querier) === 0 ? 'oldest' : 'youngest',
        scope,
        scopeAt,
        words,
        answer,
        answerAt,
      );
      return answerNow;
    }
    for (let w = 0; w < words; w++) {
      for (let rest = scope[scopeAt + w]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const slot = (w << 5) + (31 - Math.clz32(bit));
        if (table.firstConflict(slot) < 0) continue;
        const at = answerAt + 2 * w;
        if (standing.saysYes(querier, slot)) answer[at]! |= bit;
        else answer[at]! &= ~bit;
        answer[at + 1]! |= bit;
      }
    }
    return answerNow;
  }
}
