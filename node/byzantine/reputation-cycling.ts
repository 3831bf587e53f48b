/**
 * Attack: refuses everything as often as a peer may without being convicted, and is honest while that is being forgotten.
 * Owns: an attacker's book of what each querier must hold against it by now. Does not own: the law of forgetting and what
 * convicts (node/core). Where convictions are for good it refuses each querier twice and never again.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { Penalties } from '#node/core/penalties.ts';
import { strikesToConvict } from '#node/core/suspicion.ts';
import { rejectAll } from './votes.ts';

/** The querier counts an answer when its poll ends, later than it was given: it has forgotten a little less. */
const caution = 0.25;

export class ReputationCycling implements AnswerDecorator {
  readonly name = 'reputation-cycling';
  readonly #heldAgainst: Penalties;

  /** `halfLifeUs`: that of the network it attacks, 0 when it never forgets. */
  constructor(halfLifeUs: number) {
    this.#heldAgainst = new Penalties(halfLifeUs);
  }

  decorate(
    _view: AnswerView,
    node: number,
    querier: number,
    _draw: number,
    scope: Int32Array,
    scopeAt: number,
    words: number,
    answer: Int32Array,
    answerAt: number,
    nowUs: number,
  ): number {
    const after = this.#heldAgainst.of(node, querier, nowUs) + 1;
    if (after >= strikesToConvict - caution) return answerNow;
    this.#heldAgainst.add(node, querier, 1, nowUs);
    rejectAll(scope, scopeAt, words, answer, answerAt);
    return answerNow;
  }
}
