/**
 * What pruned vertices leave behind: which (creator, sequence) and which inputs are settled for ever.
 * Owns: a watermark per creator with exceptions, and the set of spent inputs. Does not own: pruning decisions.
 * Invariant: every sequence up to the watermark was pruned; the exceptions among them were rejected.
 */

export class Settled {
  readonly #watermark: Int32Array;
  readonly #beyond = new Map<number, Map<number, boolean>>();
  readonly #rejected = new Map<number, Set<number>>();
  readonly #spent = new Set<number>();

  constructor(members: number) {
    this.#watermark = new Int32Array(members);
  }

  /** Notes a pruned vertex. When twins of one sequence are pruned, a finalised one wins. */
  note(creator: number, sequence: number, finalised: boolean): void {
    if (sequence <= this.#watermark[creator]!) {
      if (finalised) this.#rejected.get(creator)?.delete(sequence);
      return;
    }
    let beyond = this.#beyond.get(creator);
    if (beyond === undefined) {
      if (sequence === this.#watermark[creator]! + 1) {
        this.#advance(creator, finalised);
        return;
      }
      beyond = new Map();
      this.#beyond.set(creator, beyond);
    }
    beyond.set(sequence, finalised || (beyond.get(sequence) ?? false));
    for (;;) {
      const next = this.#watermark[creator]! + 1;
      const known = beyond.get(next);
      if (known === undefined) break;
      beyond.delete(next);
      this.#advance(creator, known);
    }
    if (beyond.size === 0) this.#beyond.delete(creator);
  }

  spend(input: number): void {
    this.#spent.add(input);
  }

  isSpent(input: number): boolean {
    return this.#spent.has(input);
  }

  /** True when a vertex with this creator and sequence was finalised and pruned. */
  isFinalised(creator: number, sequence: number): boolean {
    if (sequence <= this.#watermark[creator]!) return !(this.#rejected.get(creator)?.has(sequence) ?? false);
    return this.#beyond.get(creator)?.get(sequence) ?? false;
  }

  /** True when a vertex with this creator and sequence was rejected and pruned, and no twin of it was finalised. */
  isRejected(creator: number, sequence: number): boolean {
    if (sequence <= this.#watermark[creator]!) return this.#rejected.get(creator)?.has(sequence) ?? false;
    return this.#beyond.get(creator)?.get(sequence) === false;
  }

  #advance(creator: number, finalised: boolean): void {
    const sequence = this.#watermark[creator]! + 1;
    this.#watermark[creator] = sequence;
    if (finalised) return;
    let rejected = this.#rejected.get(creator);
    if (rejected === undefined) {
      rejected = new Set();
      this.#rejected.set(creator, rejected);
    }
    rejected.add(sequence);
  }
}
