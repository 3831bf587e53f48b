/**
 * Attack: in every conflict backs the side that its own honest polling does not prefer, so that neither side wins; of more
 * than two rivals, the oldest against the youngest. A sampled view of the minority: nothing a real node could not know.
 * Owns: the votes. Does not own: making conflicts; uncontested vertices are answered honestly.
 */
import { type AnswerDecorator, type AnswerView, answerNow } from '#node/core/answer.ts';
import { extremeRival } from './side.ts';

export class MinorityBalance implements AnswerDecorator {
  readonly name = 'minority-balance';
  #honest = new Int32Array(2);

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
    const honest = this.#copy(answer, answerAt, 2 * words);
    const prefers = (slot: number): boolean =>
      slot >>> 5 < words && (honest[2 * (slot >>> 5)]! & (1 << (slot & 31))) !== 0;
    for (let w = 0; w < words; w++) {
      for (let rest = scope[scopeAt + w]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const slot = (w << 5) + (31 - Math.clz32(bit));
        if (table.firstConflict(slot) < 0) continue;
        const oldest = extremeRival(table, slot, 'oldest');
        const backed =
          oldest === slot
            ? !prefers(slot)
            : extremeRival(table, slot, 'youngest') === slot && prefers(oldest);
        const at = answerAt + 2 * w;
        if (backed) answer[at]! |= bit;
        else answer[at]! &= ~bit;
        answer[at + 1]! |= bit;
      }
    }
    return answerNow;
  }

  /** Rewriting reads the honest answer after it has begun. */
  #copy(answer: Int32Array, from: number, length: number): Int32Array {
    if (this.#honest.length < length) this.#honest = new Int32Array(2 * length);
    for (let i = 0; i < length; i++) this.#honest[i] = answer[from + i]!;
    return this.#honest;
  }
}
