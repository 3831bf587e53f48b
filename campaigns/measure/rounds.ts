/**
 * A histogram of small integers: polls until a vertex was finalised, one observation per (honest node, vertex).
 * Owns: exact counts, mean, quantiles and the share within the round limit. Does not own: what counts as a round.
 */

/** Invariant: total = sum of counts; counts has an entry for every value up to the largest recorded. */
export class Rounds {
  #counts: Float64Array;
  #most = 0;
  #total = 0;
  #sum = 0;

  /** `expectedMost`: values up to it never cause growth (the round limit). */
  constructor(expectedMost: number) {
    this.#counts = new Float64Array(expectedMost + 1);
  }

  /** Adds `weight` observations of an integer >= 0. */
  record(rounds: number, weight = 1): void {
    if (rounds >= this.#counts.length) this.#grow(rounds);
    this.#counts[rounds] = this.#counts[rounds]! + weight;
    this.#total += weight;
    this.#sum += rounds * weight;
    if (rounds > this.#most) this.#most = rounds;
  }

  merge(other: Rounds): void {
    for (let rounds = 0; rounds <= other.#most; rounds += 1) {
      const weight = other.#counts[rounds]!;
      if (weight > 0) this.record(rounds, weight);
    }
  }

  get total(): number {
    return this.#total;
  }

  /** Polls; null when empty. */
  get mean(): number | null {
    return this.#total > 0 ? this.#sum / this.#total : null;
  }

  get most(): number | null {
    return this.#total > 0 ? this.#most : null;
  }

  /** The smallest number of rounds that at least `share` of the observations do not exceed; null when empty. */
  quantile(share: number): number | null {
    if (this.#total <= 0) return null;
    const rank = Math.max(Math.ceil(share * this.#total - 1e-9), 1);
    let seen = 0;
    for (let rounds = 0; rounds < this.#most; rounds += 1) {
      seen += this.#counts[rounds]!;
      if (seen >= rank) return rounds;
    }
    return this.#most;
  }

  /** Observations of at most `limit` rounds. */
  within(limit: number): number {
    let seen = 0;
    for (let rounds = 0; rounds <= Math.min(limit, this.#most); rounds += 1) seen += this.#counts[rounds]!;
    return seen;
  }

  /** Non-zero entries in ascending order as [rounds, observations]. */
  toPairs(): [rounds: number, count: number][] {
    const pairs: [number, number][] = [];
    for (let rounds = 0; rounds <= this.#most; rounds += 1) {
      const count = this.#counts[rounds]!;
      if (count > 0) pairs.push([rounds, count]);
    }
    return pairs;
  }

  #grow(rounds: number): void {
    const larger = new Float64Array(Math.max(rounds + 1, 2 * this.#counts.length));
    larger.set(this.#counts);
    this.#counts = larger;
  }
}
