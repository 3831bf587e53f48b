/**
 * Attack: different answers to different queriers. Each half of the network is told that its side of every conflict
 * wins; an uncontested vertex gets yes or no by who asks.
 * Owns: the votes, and which half a member belongs to. Does not own: sending two vertices with one sequence to the halves (host).
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { mix } from '#node/core/random.ts';
import { Sides } from './side.ts';
import { acceptAll, rejectAll } from './votes.ts';

/** The half of the network that sees one of two contradicting vertices: the same for all equivocators. */
export function halfOf(member: number): 0 | 1 {
  return (member & 1) === 0 ? 0 : 1;
}

export class Equivocation implements AnswerDecorator {
  readonly name = 'equivocation';
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
    // No draw of the poll: the same querier always hears the same story.
    if (mix(node, 0, querier) < 0) acceptAll(scope, scopeAt, words, answer, answerAt);
    else rejectAll(scope, scopeAt, words, answer, answerAt);
    const side = halfOf(querier) === 0 ? 'oldest' : 'youngest';
    this.#sides.back(view.table, side, scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
