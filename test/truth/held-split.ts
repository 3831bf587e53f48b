/**
 * Attackers who hold a network at a split of their choice until both sides are finalised, counted in rounds.
 * Owns: that chain (with the product's draws and hypergeometric law) and the mean time until safety is broken. Does not own: what was
 * published about it (anchors.ts).
 * Attackers know every node's preference and run, and tell each poller what serves them: whoever prefers B, and as many of the others as
 * the hold needs (shortest runs first), are told B, the rest A. Once a node has finalised A, everybody is told B. One threshold; the last
 * successful poll moves the preference.
 */
import { hypergeometricLaw } from '#campaigns/analytic/hypergeometric.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';

export interface HeldSplit {
  readonly nodes: number;
  readonly attackers: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  /** Share of the honest nodes that is held on side A. */
  readonly held: number;
}

interface Chance {
  readonly p: number;
  readonly q: number;
}

/** Nodes of each side by their run; those at the end have finalised it. */
type Sides = readonly [a: Int32Array, b: Int32Array];

const sum = (counts: Int32Array): number => counts.reduce((all, count) => all + count, 0);

class Holder {
  readonly #split: HeldSplit;
  readonly #draws: Draws;
  readonly #known = new Map<number, Chance>();
  #sides: Sides;

  constructor(split: HeldSplit, seed: number) {
    this.#split = split;
    this.#draws = new Draws(seed, 0);
    const honest = split.nodes - split.attackers;
    this.#sides = this.#empty();
    this.#sides[0][0] = Math.round(split.held * honest);
    this.#sides[1][0] = honest - this.#sides[0][0]!;
  }

  get isBroken(): boolean {
    return this.#sides.every((counts) => counts[this.#split.beta]! > 0);
  }

  /** One side has nobody left: the split was lost. */
  get isLost(): boolean {
    return this.#sides.some((counts) => sum(counts) === 0);
  }

  round(): void {
    const { attackers, beta } = this.#split;
    const [a, b] = this.#sides;
    const [forA, forB] = [sum(a), sum(b)];
    const next = this.#empty();
    next[0][beta] = a[beta]!;
    next[1][beta] = b[beta]!;
    const [againstA, againstB] = [this.#success(forB), this.#success(forA)];
    const [alone, turning] = [this.#success(forA - 1), this.#success(forB + attackers)];
    const [helpedA, helpedB] = [this.#success(forA - 1 + attackers), this.#success(forB - 1 + attackers)];
    let toldB = this.#toldB(forA, forB);
    for (let run = 0; run < beta; run += 1) {
      const turned = Math.min(a[run]!, toldB);
      toldB -= turned;
      this.#poll(next, 0, run, turned, alone, turning);
      this.#poll(next, 0, run, a[run]! - turned, helpedA, againstA);
      this.#poll(next, 1, run, b[run]!, helpedB, againstB);
    }
    this.#sides = next;
  }

  /** Of those that prefer A and have not finalised, how many are told B so that as many leave as come. */
  #toldB(forA: number, forB: number): number {
    const { attackers, beta, held, nodes } = this.#split;
    const [a, b] = this.#sides;
    const free = forA - a[beta]!;
    if (a[beta]! > 0) return free;
    const excess = forA + (forB - b[beta]!) * this.#success(forA).p - held * (nodes - attackers);
    const kept = this.#success(forB).p;
    const left = (excess - free * kept) / (this.#success(forB + attackers).p - kept);
    return Math.max(0, Math.min(free, Math.round(left)));
  }

  /** `count` nodes of a side with one run: success for their own side, for the other one, or for neither. */
  #poll(next: Sides, side: 0 | 1, run: number, count: number, own: Chance, other: Chance): void {
    if (count === 0) return;
    const up = this.#draws.binomial(count, own.p, own.q);
    const share = Math.min(1, other.p / own.q);
    const moved = this.#draws.binomial(count - up, share, 1 - share);
    next[side][run + 1]! += up;
    next[side === 0 ? 1 : 0][1]! += moved;
    next[side][0]! += count - up - moved;
  }

  #success(voters: number): Chance {
    const known = this.#known.get(voters);
    if (known !== undefined) return known;
    const law = hypergeometricLaw(this.#split.nodes - 1, voters, this.#split.k);
    const found = { p: law.atLeast(this.#split.alpha), q: law.atMost(this.#split.alpha - 1) };
    this.#known.set(voters, found);
    return found;
  }

  #empty(): Sides {
    return [new Int32Array(this.#split.beta + 1), new Int32Array(this.#split.beta + 1)];
  }
}

/** Mean rounds until both sides are finalised somewhere; null when a split was lost or outlived `most` rounds. */
export function roundsToBreak(split: HeldSplit, repetitions: number, most = 100_000): number | null {
  let all = 0;
  for (let i = 0; i < repetitions; i += 1) {
    const holder = new Holder(split, 5_000 + i);
    let rounds = 0;
    for (; !holder.isBroken; rounds += 1) {
      if (holder.isLost || rounds === most) return null;
      holder.round();
    }
    all += rounds;
  }
  return all / repetitions;
}
