/**
 * A stream of random draws for generating configurations: the same (seed, index) gives the same draws.
 * Owns: the stream and a few shapes of choice. Does not own: what is chosen (swarm-spec.ts). The mixing function is that
 * of D. Lea and G. Steele's SplitMix (2014) at 32 bits, so that the generator shares nothing with the code under test.
 */

export class Draw {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
  }

  /** An unsigned 32-bit integer. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** [0, 1) */
  unit(): number {
    return this.word() / 4_294_967_296;
  }

  /** least..most, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  /** Small values as likely as large ones: uniform in the logarithm. */
  logarithmic(least: number, most: number): number {
    return least * (most / least) ** this.unit();
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.unit() * choices.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }
}
