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
/** Two bits hold the strikes of a peer, and their highest value is a conviction. */
const convicted = strikesToConvict;

export class Suspicion implements Exclusions {
  readonly #members: number;
  readonly #first: number;
  readonly #exclude: boolean;
  readonly #excluded: Int32Array;
  /** Rows of strikes, two bits a member, appear with the first strike of a node. */
  readonly #strikes: (Int32Array | null)[];
  /** Hosted nodes that convicted a member. */
  readonly convictedBy: Int32Array;

  constructor(members: number, first: number, hosted: number, exclude: boolean) {
    this.#members = members;
    this.#first = first;
    this.#exclude = exclude;
    this.#excluded = new Int32Array(hosted);
    this.convictedBy = new Int32Array(members);
    this.#strikes = new Array<Int32Array | null>(hosted).fill(null);
  }

  /** Adds strikes; returns true when this convicts the peer at this node. */
  strike(node: number, peer: number, strikes: number): boolean {
    let row = this.#strikes[node]!;
    if (row === null) {
      row = new Int32Array((this.#members + 15) >>> 4);
      this.#strikes[node] = row;
    }
    const at = peer >>> 4;
    const shift = (peer & 15) << 1;
    const before = (row[at]! >>> shift) & convicted;
    if (before === convicted || peer === this.#first + node) return false;
    const after = before + strikes < convicted ? before + strikes : convicted;
    row[at]! += (after - before) << shift;
    if (after < convicted) return false;
    this.convictedBy[peer]! += 1;
    this.#excluded[node]! += 1;
    return true;
  }

  isConvicted(node: number, peer: number): boolean {
    const row = this.#strikes[node]!;
    return row !== null && ((row[peer >>> 4]! >>> ((peer & 15) << 1)) & convicted) === convicted;
  }

  /** Peers that `member` leaves out; the sampler asks by member number. */
  count(member: number): number {
    return this.#exclude ? this.#excluded[member - this.#first]! : 0;
  }

  excludes(member: number, peer: number): boolean {
    return this.#exclude && this.isConvicted(member - this.#first, peer);
  }
}
