/**
 * Peers whose answers no honest node can give, and the peers left out of sampling because of it.
 * Owns: strikes per (node, peer), conviction, exclusion. Does not own: the sampling itself.
 *
 * Misbehaviour is deterministic: a no to a vertex for which no conflict is known anywhere in its past though it is old enough
 * for one to have arrived, a yes to two conflicting vertices in one answer, or two signed vertices with one sequence.
 * Unknown, silence and lateness never count. Answers are not signed, so a conviction by answers stays with the node that
 * saw them; a pair of signed vertices convinces everybody.
 */
import type { Exclusions } from './sampler.ts';

/** Strikes that convict. One may be an accident of dissemination. */
export const strikesToConvict = 3;

export class Suspicion implements Exclusions {
  readonly #members: number;
  readonly #first: number;
  readonly #exclude: boolean;
  readonly #excluded: Int32Array;
  readonly #rowWords: number;
  /** Bit rows: [node][member]. */
  readonly #convicted: Int32Array;
  /** Hosted nodes that convicted a member. */
  readonly convictedBy: Int32Array;
  /** Rows of strikes appear with the first strike of a node. */
  readonly #strikes: (Uint8Array | null)[];

  constructor(members: number, first: number, hosted: number, exclude: boolean) {
    this.#members = members;
    this.#first = first;
    this.#exclude = exclude;
    this.#excluded = new Int32Array(hosted);
    this.#rowWords = (members + 31) >>> 5;
    this.#convicted = new Int32Array(hosted * this.#rowWords);
    this.convictedBy = new Int32Array(members);
    this.#strikes = new Array<Uint8Array | null>(hosted).fill(null);
  }

  /** Adds strikes; returns true when this convicts the peer at this node. */
  strike(node: number, peer: number, strikes: number): boolean {
    let row = this.#strikes[node]!;
    if (row === null) {
      row = new Uint8Array(this.#members);
      this.#strikes[node] = row;
    }
    const before = row[peer]!;
    if (before >= strikesToConvict || peer === this.#first + node) return false;
    row[peer] = Math.min(255, before + strikes);
    if (row[peer]! < strikesToConvict) return false;
    this.#convicted[node * this.#rowWords + (peer >>> 5)]! |= 1 << (peer & 31);
    this.convictedBy[peer]! += 1;
    this.#excluded[node]! += 1;
    return true;
  }

  isConvicted(node: number, peer: number): boolean {
    return (this.#convicted[node * this.#rowWords + (peer >>> 5)]! & (1 << (peer & 31))) !== 0;
  }

  /** Peers that `member` leaves out; the sampler asks by member number. */
  count(member: number): number {
    return this.#exclude ? this.#excluded[member - this.#first]! : 0;
  }

  excludes(member: number, peer: number): boolean {
    return this.#exclude && this.isConvicted(member - this.#first, peer);
  }
}
