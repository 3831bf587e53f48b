/**
 * Peers whose answers no honest node can give, and the peers left out of sampling because of it.
 * Owns: strikes per (node, peer), conviction, exclusion, re-admission. Does not own: the sampling itself.
 *
 * Misbehaviour is deterministic: a no to a vertex for which no conflict is known anywhere in its past though it is old enough
 * for one to have arrived, a yes to two conflicting vertices in one answer, or two signed vertices with one sequence.
 * Unknown, silence and lateness never count. Answers are not signed, so a conviction by answers stays with the node that
 * saw them; a pair of signed vertices convinces everybody, for good. With a half-life the strikes of
 * answers are forgotten, and who was convicted by them is asked again once half of what convicted is left.
 */
import { type ArrayMaker, plainArrays } from './arrays.ts';
import { Penalties } from './penalties.ts';
import type { Exclusions } from './sampler.ts';

/** Strikes that convict. One may be an accident of dissemination. */
export const strikesToConvict = 3;
/** What signed evidence adds: no time takes it away. */
export const signedEvidence = Number.POSITIVE_INFINITY;
/** Two bits hold the strikes of a suspect, and their highest value is a conviction. */
const convicted = strikesToConvict;
/** Half of what convicts: a peer that was let in again and goes on is out again after two strikes. */
const readmittedAt = strikesToConvict / 2;
/** Looks at the convicted in a half-life: re-admission is late by at most a sixteenth of it. */
const looksPerHalfLife = 16;

export class Suspicion implements Exclusions {
  readonly #first: number;
  readonly #exclude: boolean;
  readonly #excluded: Int32Array;
  /** Number of a member among those that were ever struck, from 1 on; 0: never. Few are, so rows are short and stay near. */
  readonly suspect: Int32Array;
  #suspects = 0;
  /** Rows of strikes: [node][suspect / 16], two bits each. */
  strikes: Int32Array;
  /** Of a row. */
  words = 1;
  readonly #hosted: number;
  /** Null when convictions are for good; the rows of strikes then say it all. */
  readonly #penalties: Penalties | null;
  /** By node: peers it convicted and may let in again. */
  readonly #onProbation: number[][];
  readonly #lookAtUs: Float64Array;
  /** Hosted nodes that hold a member convicted. */
  readonly convictedBy: Int32Array;
  /** Strikes that answers of a member brought at all hosted nodes, after its conviction, too. */
  readonly struck: Float64Array;
  readonly #arrays: ArrayMaker;

  constructor(
    members: number,
    first: number,
    hosted: number,
    exclude: boolean,
    halfLifeUs = 0,
    arrays: ArrayMaker = plainArrays,
  ) {
    this.#arrays = arrays;
    this.#first = first;
    this.#hosted = hosted;
    this.#exclude = exclude;
    this.#excluded = new Int32Array(hosted);
    this.convictedBy = new Int32Array(members);
    this.struck = arrays.float64(members);
    this.suspect = arrays.int32(members);
    this.strikes = arrays.int32(hosted);
    this.#penalties = halfLifeUs > 0 ? new Penalties(halfLifeUs) : null;
    this.#onProbation = this.#penalties === null ? [] : Array.from({ length: hosted }, () => []);
    this.#lookAtUs = new Float64Array(this.#penalties === null ? 0 : hosted);
  }

  /** Adds strikes; returns true when this convicts the peer at this node. */
  strike(node: number, peer: number, strikes: number, nowUs = 0): boolean {
    const number = this.suspect[peer]!;
    const suspect = number > 0 ? number - 1 : this.#note(peer);
    const at = node * this.words + (suspect >>> 4);
    const shift = (suspect & 15) << 1;
    const before = (this.strikes[at]! >>> shift) & convicted;
    if (peer === this.#first + node) return false;
    if (strikes !== signedEvidence) this.struck[peer]! += strikes;
    const held = this.#penalties?.add(node, peer, strikes, nowUs) ?? before + strikes;
    if (before === convicted) return false;
    const after = held < convicted ? Math.floor(held) : convicted;
    this.strikes[at]! += (after - before) << shift;
    if (after < convicted) return false;
    this.convicted(node, peer);
    if (this.#penalties !== null && held !== signedEvidence) this.#onProbation[node]!.push(peer);
    return true;
  }

  /** The strikes of the peer at the node have come to convict it. */
  convicted(node: number, peer: number): void {
    this.convictedBy[peer]! += 1;
    this.#excluded[node]! += 1;
  }

  /** Lets in again whom the node has forgiven by now; `readmitted` hears of each. Once per poll of the node is often enough. */
  forgive(node: number, nowUs: number, readmitted: (node: number, peer: number) => void): void {
    const penalties = this.#penalties;
    if (penalties === null || nowUs < this.#lookAtUs[node]!) return;
    this.#lookAtUs[node] = nowUs + penalties.halfLifeUs / looksPerHalfLife;
    const waiting = this.#onProbation[node]!;
    let kept = 0;
    for (const peer of waiting) {
      const held = penalties.of(node, peer, nowUs);
      if (held > readmittedAt) {
        if (held !== signedEvidence) waiting[kept++] = peer;
        continue;
      }
      const suspect = this.suspect[peer]! - 1;
      const at = node * this.words + (suspect >>> 4);
      this.strikes[at]! -= (convicted - Math.floor(held)) << ((suspect & 15) << 1);
      this.convictedBy[peer]! -= 1;
      this.#excluded[node]! -= 1;
      readmitted(node, peer);
    }
    waiting.length = kept;
  }

  /** The first strike against a member anywhere; returns its place in the rows. */
  #note(peer: number): number {
    const suspect = this.#suspects++;
    this.suspect[peer] = this.#suspects;
    if (suspect >>> 4 < this.words) return suspect;
    const words = 2 * this.words;
    const wider = this.#arrays.int32(this.#hosted * words);
    for (let node = 0; node < this.#hosted; node++)
      wider.set(this.strikes.subarray(node * this.words, (node + 1) * this.words), node * words);
    this.strikes = wider;
    this.words = words;
    return suspect;
  }

  /** Looks at the row of a node here and there, so that it is near when it is needed. */
  glance(node: number): number {
    const at = node * this.words;
    return this.strikes[at]! + this.strikes[at + (this.words >>> 1)]! + this.strikes[at + this.words - 1]!;
  }

  isConvicted(node: number, peer: number): boolean {
    const suspect = this.suspect[peer]! - 1;
    if (suspect < 0) return false;
    const row = this.strikes[node * this.words + (suspect >>> 4)]!;
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
