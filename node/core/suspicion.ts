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
/** Two bits hold the strikes of a suspect, and their highest value is a conviction. */
const convicted = strikesToConvict;

export class Suspicion implements Exclusions {
  readonly #first: number;
  readonly #exclude: boolean;
  readonly #excluded: Int32Array;
  /** Number of a member among those that were ever struck, from 1 on; 0: never. Few are, so rows are short and stay near. */
  readonly #suspect: Int32Array;
  #suspects = 0;
  /** Rows of strikes: [node][suspect / 16], two bits each. */
  #strikes: Int32Array;
  #words = 1;
  readonly #hosted: number;
  /** Hosted nodes that convicted a member. */
  readonly convictedBy: Int32Array;

  constructor(members: number, first: number, hosted: number, exclude: boolean) {
    this.#first = first;
    this.#hosted = hosted;
    this.#exclude = exclude;
    this.#excluded = new Int32Array(hosted);
    this.convictedBy = new Int32Array(members);
    this.#suspect = new Int32Array(members);
    this.#strikes = new Int32Array(hosted);
  }

  /** Adds strikes; returns true when this convicts the peer at this node. */
  strike(node: number, peer: number, strikes: number): boolean {
    const number = this.#suspect[peer]!;
    const suspect = number > 0 ? number - 1 : this.#note(peer);
    const at = node * this.#words + (suspect >>> 4);
    const shift = (suspect & 15) << 1;
    const before = (this.#strikes[at]! >>> shift) & convicted;
    if (before === convicted || peer === this.#first + node) return false;
    const after = before + strikes < convicted ? before + strikes : convicted;
    this.#strikes[at]! += (after - before) << shift;
    if (after < convicted) return false;
    this.convictedBy[peer]! += 1;
    this.#excluded[node]! += 1;
    return true;
  }

  /** The first strike against a member anywhere; returns its place in the rows. */
  #note(peer: number): number {
    const suspect = this.#suspects++;
    this.#suspect[peer] = this.#suspects;
    if (suspect >>> 4 < this.#words) return suspect;
    const words = 2 * this.#words;
    const wider = new Int32Array(this.#hosted * words);
    for (let node = 0; node < this.#hosted; node++)
      wider.set(this.#strikes.subarray(node * this.#words, (node + 1) * this.#words), node * words);
    this.#strikes = wider;
    this.#words = words;
    return suspect;
  }

  isConvicted(node: number, peer: number): boolean {
    const suspect = this.#suspect[peer]! - 1;
    if (suspect < 0) return false;
    const row = this.#strikes[node * this.#words + (suspect >>> 4)]!;
    return ((row >>> ((suspect & 15) << 1)) & convicted) === convicted;
  }

  /** Peers that `member` leaves out; the sampler asks by member number. */
  count(member: number): number {
    return this.#exclude ? this.#excluded[member - this.#first]! : 0;
  }

  excludes(member: number, peer: number): boolean {
    return this.#exclude && this.isConvicted(member - this.#first, peer);
  }
}
