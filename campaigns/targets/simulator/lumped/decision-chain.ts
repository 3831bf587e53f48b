/**
 * One unconflicted vertex at a class of exchangeable nodes: undecided nodes are counted by their run of successful polls.
 * Owns: that chain. Does not own: the chance of a poll (campaigns/analytic) or what a round lasts. Exact in law for synchronous rounds.
 */
import type { Draws } from './draws.ts';

export interface DecisionSetting {
  readonly nodes: number;
  readonly beta: number;
  readonly maxRounds: number;
  /** Of one poll; q = 1 - p to full precision. */
  readonly p: number;
  readonly q: number;
}

/** One round, the `round`-th, of nodes counted by their run, in place; returns how many finalised. */
export function decisionRound(
  run: Int32Array,
  round: number,
  setting: DecisionSetting,
  draws: Draws,
): number {
  const { beta, p, q } = setting;
  let failed = 0;
  let decided = 0;
  for (let j = Math.min(round, beta) - 1; j >= 0; j -= 1) {
    const here = run[j]!;
    if (here === 0) continue;
    const lost = draws.binomial(here, q, p);
    failed += lost;
    run[j] = 0;
    if (j + 1 < beta) run[j + 1] = here - lost;
    else decided += here - lost;
  }
  run[0] = failed;
  return decided;
}

export class DecisionChain {
  readonly #setting: DecisionSetting;
  readonly #draws: Draws;
  /** Nodes by length of their success run. */
  readonly #run: Int32Array;

  constructor(setting: DecisionSetting, draws: Draws) {
    this.#setting = setting;
    this.#draws = draws;
    this.#run = new Int32Array(setting.beta);
  }

  /**
   * Decides one vertex. Adds to `histogram[r]` the nodes that finalised it with poll r, r <= maxRounds. Returns the rounds until every
   * node finalised it, or maxRounds with `late` nodes left.
   */
  decide(histogram: Float64Array): {
    readonly rounds: number;
    readonly late: number;
    readonly polls: number;
  } {
    const { nodes, maxRounds } = this.#setting;
    const run = this.#run.fill(0);
    run[0] = nodes;
    let left = nodes;
    let polls = 0;
    for (let round = 1; round <= maxRounds; round += 1) {
      polls += left;
      const decided = decisionRound(run, round, this.#setting, this.#draws);
      histogram[round]! += decided;
      left -= decided;
      if (left === 0) return { rounds: round, late: 0, polls };
    }
    return { rounds: maxRounds, late: left, polls };
  }
}
