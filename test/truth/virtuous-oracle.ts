/**
 * One unconflicted vertex in a network of at most a dozen nodes, by exact enumeration in fractions.
 * Owns: the tree of draws of one poll as the protocol tells it (k distinct peers, then one fresh peer for every slot without an answer),
 * polls until finalised, one node and all nodes. Shares no code, and no formula, with the product: every draw is a branch.
 */
import { minus, one, plus, power, type Rational, rational, times, zero } from './rational.ts';

export type OracleVoter = 'reject' | 'silent' | 'random' | 'accept';

export interface VirtuousCase {
  readonly nodes: number;
  /** Attackers among them. */
  readonly byzantine: number;
  readonly voter: OracleVoter;
  /** Honest peers that nobody can reach: down, or on another side of a partition. */
  readonly cutOff: number;
  readonly k: number;
  readonly alpha: number;
  readonly beta: number;
  readonly maxRounds: number;
  /** Share of messages lost, each way, as a fraction. */
  readonly loss: readonly [over: number, under: number];
}

/** Errors that a comparison has to notice. */
export type Planted = 'none' | 'with-replacement' | 'more-than-alpha' | 'asks-itself' | 'no-fresh-peer';

/** Peers not asked yet, by what they do. */
interface Bag {
  readonly honest: number;
  readonly attackers: number;
  readonly mute: number;
}

const half = rational(1, 2);

class PollTree {
  readonly #case: VirtuousCase;
  readonly #planted: Planted;
  readonly #kept: Rational;
  readonly #known = new Map<string, readonly Rational[]>();

  constructor(one: VirtuousCase, planted: Planted) {
    this.#case = one;
    this.#planted = planted;
    const through = minus(rational(1), rational(...one.loss));
    this.#kept = times(through, through);
  }

  /** law[x] = P(x yes votes). */
  law(): readonly Rational[] {
    const { nodes, byzantine, cutOff, k } = this.#case;
    const self = this.#planted === 'asks-itself' ? 0 : 1;
    const bag = { honest: nodes - byzantine - cutOff - self, attackers: byzantine, mute: cutOff };
    return this.#draws(bag, k, 0, this.#planted === 'no-fresh-peer');
  }

  /** Votes of `slots` slots drawn from `bag`; `open` slots before them got no answer. After the first try the open ones are drawn anew. */
  #draws(bag: Bag, slots: number, open: number, isRetry: boolean): readonly Rational[] {
    if (slots === 0) return isRetry || open === 0 ? [one] : this.#draws(bag, open, 0, true);
    const all = bag.honest + bag.attackers + bag.mute;
    if (all === 0) return [one]; // a fresh peer is sought and there is none: the slots stay empty
    const key = `${bag.honest},${bag.attackers},${bag.mute},${slots},${open},${isRetry}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const law: Rational[] = [];
    const add = (chance: Rational, vote: 0 | 1, rest: Bag, stillOpen: number): void => {
      if (chance.over === 0n) return;
      this.#draws(rest, slots - 1, stillOpen, isRetry).forEach((p, x) => {
        law[x + vote] = plus(law[x + vote] ?? zero, times(chance, p));
      });
    };
    for (const who of ['honest', 'attackers', 'mute'] as const) {
      if (bag[who] === 0) continue;
      const drawn = rational(bag[who], all);
      const rest = this.#planted === 'with-replacement' ? bag : { ...bag, [who]: bag[who] - 1 };
      const { yes, no } = this.#answer(who);
      add(times(drawn, times(this.#kept, yes)), 1, rest, open);
      add(times(drawn, times(this.#kept, no)), 0, rest, open);
      const heard = times(this.#kept, plus(yes, no));
      add(times(drawn, minus(one, heard)), 0, rest, open + 1);
    }
    const found = Array.from({ length: law.length }, (_, x) => law[x] ?? zero);
    this.#known.set(key, found);
    return found;
  }

  #answer(who: keyof Bag): { readonly yes: Rational; readonly no: Rational } {
    if (who === 'honest') return { yes: one, no: zero };
    if (who === 'mute') return { yes: zero, no: zero };
    switch (this.#case.voter) {
      case 'accept':
        return { yes: one, no: zero };
      case 'reject':
        return { yes: zero, no: one };
      case 'random':
        return { yes: half, no: half };
      case 'silent':
        return { yes: zero, no: zero };
    }
  }
}

export interface VirtuousTruth {
  /** votes[x] = P(x yes votes in a poll). */
  readonly votes: readonly Rational[];
  readonly success: Rational;
  /** rounds[r] = P(finalised with poll r), r = 0..maxRounds. */
  readonly rounds: readonly Rational[];
  readonly oneWithin: Rational;
  /** Honest nodes that are reachable, each with polls of its own. */
  readonly live: number;
  readonly allWithin: Rational;
}

export function virtuousTruth(one_: VirtuousCase, planted: Planted = 'none'): VirtuousTruth {
  const { alpha, beta, maxRounds, nodes, byzantine, cutOff } = one_;
  const votes = new PollTree(one_, planted).law();
  const least = planted === 'more-than-alpha' ? alpha + 1 : alpha;
  const success = votes.reduce((sum, p, x) => (x >= least ? plus(sum, p) : sum), zero);
  const rounds = runLaw(success, beta, maxRounds);
  const oneWithin = rounds.reduce(plus, zero);
  const live = nodes - byzantine - cutOff;
  return { votes, success, rounds, oneWithin, live, allWithin: power(oneWithin, live) };
}

/** P(the first `beta` successes in a row end with poll r), by following every length of the current run. */
function runLaw(success: Rational, beta: number, maxRounds: number): Rational[] {
  const failure = minus(one, success);
  let runs: Rational[] = [one];
  const law: Rational[] = [zero];
  for (let round = 1; round <= maxRounds; round += 1) {
    const next: Rational[] = [times(failure, runs.reduce(plus, zero))];
    let finished = zero;
    runs.forEach((chance, length) => {
      const onward = times(success, chance);
      if (length + 1 === beta) finished = onward;
      else next[length + 1] = onward;
    });
    law.push(finished);
    runs = next;
  }
  return law;
}
