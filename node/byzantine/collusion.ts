/**
 * Attack: clusters of attackers that agree on one side of every conflict and vote for it against its rivals.
 * Owns: cluster membership and sides. Does not own: making conflicts; without any, colluders look honest.
 * Even clusters back the double spend, odd ones the first: with two clusters both sides of a conflict are kept alive.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { Sides } from './side.ts';

export class Collusion implements AnswerDecorator {
  readonly name = 'collusion';
  readonly onlyContested = true;
  readonly #clusters: number;
  readonly #sides = new Sides();

  /** `clusters` >= 1. */
  constructor(clusters: number) {
    this.#clusters = Math.max(1, clusters);
  }

  decorate(
    view: AnswerView,
    node: number,
    _querier: number,
    _draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
  ): number {
    const side = (node % this.#clusters) % 2 === 0 ? 'youngest' : 'oldest';
    this.#sides.back(view.table, side, scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
