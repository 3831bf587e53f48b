/**
 * The rare event that two conflicting vertices are both finalised: honest nodes begin in halves, and the attackers tell every poller
 * that they vote for what it prefers.
 * Owns: that chain of counted nodes, synchronous rounds, exact in law. Does not own: the bound on the same event (analytic/safety.ts, S1),
 * which is about one half that never changes its mind.
 */
import { hypergeometricLaw } from '#campaigns/analytic/hypergeometric.ts';
import type { SafetySetting } from '#campaigns/analytic/safety.ts';
import type { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';
import type { RareChain } from '#campaigns/targets/simulator/rare/splitting.ts';

/**
 * How near a split is. `sum`: the runs of both sides, good where one side finalises first and the others turn. `behind`: the shorter of
 * the two runs, good where a side that runs ahead draws the other's nodes over. Each is unbiased; where they differ, neither is believed.
 */
export const splitGuides = ['sum', 'behind'] as const;
export type SplitGuide = (typeof splitGuides)[number];

interface Split {
  /** By side: honest nodes that prefer it by their run of successful polls; those at the end have finalised it. */
  readonly counts: readonly [Int32Array, Int32Array];
  /** Honest nodes that prefer each side, finalised or not. */
  readonly supporters: [number, number];
  round: number;
}

/** What one poll of a node does; the rest is: it keeps its preference, its run begins anew. */
interface PollLaw {
  readonly success: number;
  /** The other side moved its preference, with and without being counted as a success for it. */
  readonly counted: number;
  readonly moved: number;
}

function pollLaw(setting: SafetySetting, supporters: number): PollLaw {
  const { nodes, byzantine, k, alphaPreference, alphaConfidence } = setting;
  const yes = hypergeometricLaw(nodes - 1, supporters - 1 + byzantine, k);
  const counted = yes.atMost(k - alphaConfidence);
  return {
    success: yes.atLeast(alphaConfidence),
    counted,
    moved: Math.max(0, yes.atMost(k - alphaPreference) - counted),
  };
}

/** How many of `here` nodes have an outcome of probability `part` of what is left of `whole`. */
function drawn(draws: Draws, here: number, part: number, whole: number): number {
  if (here === 0 || !(part > 0)) return 0;
  return part >= whole ? here : draws.binomial(here, part / whole, (whole - part) / whole);
}

/** The longest run of a side: what it still lacks until one of its nodes has finalised. */
function longest(counts: Int32Array): number {
  for (let run = counts.length - 1; run > 0; run -= 1) if (counts[run]! > 0) return run;
  return 0;
}

/** Throws RangeError unless k < nodes, k/2 < alphaPreference <= alphaConfidence <= k, and there are two honest nodes. */
export function splitChain(setting: SafetySetting, guide: SplitGuide = 'sum'): RareChain<Split> {
  const { nodes, byzantine, k, alphaPreference, alphaConfidence, beta, maxRounds } = setting;
  const honest = nodes - byzantine;
  const isOrdered = 2 * alphaPreference > k && alphaPreference <= alphaConfidence && alphaConfidence <= k;
  if (!(k < nodes && isOrdered && honest >= 2 && beta >= 1))
    throw new RangeError(`split of ${nodes} nodes: k = ${k}, alpha = ${alphaPreference}, ${alphaConfidence}`);
  const laws = new Map<number, PollLaw>();
  const lawOf = (supporters: number): PollLaw => {
    const law = laws.get(supporters) ?? pollLaw(setting, supporters);
    laws.set(supporters, law);
    return law;
  };
  const step = (state: Split, draws: Draws): void => {
    const next = [new Int32Array(beta + 1), new Int32Array(beta + 1)] as const;
    state.round += 1;
    for (const side of [0, 1] as const) {
      const counts = state.counts[side];
      const law = state.supporters[side] > 0 ? lawOf(state.supporters[side]) : null;
      next[side][beta]! += counts[beta]!;
      for (let run = 0; run < beta && law !== null; run += 1) {
        const here = counts[run]!;
        const up = drawn(draws, here, law.success, 1);
        const counted = drawn(draws, here - up, law.counted, 1 - law.success);
        const moved = drawn(draws, here - up - counted, law.moved, 1 - law.success - law.counted);
        next[side][run + 1]! += up;
        next[1 - side]![1]! += counted;
        next[1 - side]![0]! += moved;
        next[side][0]! += here - up - counted - moved;
      }
    }
    for (const side of [0, 1] as const) {
      state.counts[side].set(next[side]);
      state.supporters[side] = next[side].reduce((sum, count) => sum + count, 0);
    }
  };
  return {
    start: () => {
      const supporters: [number, number] = [Math.ceil(honest / 2), Math.floor(honest / 2)];
      const counts = [new Int32Array(beta + 1), new Int32Array(beta + 1)] as const;
      for (const side of [0, 1] as const) counts[side][0] = supporters[side];
      return { counts, supporters, round: 0 };
    },
    copy: ({ counts, supporters, round }) => ({
      counts: [counts[0].slice(), counts[1].slice()],
      supporters: [...supporters],
      round,
    }),
    step,
    level: ({ counts }) => {
      const [first, second] = [longest(counts[0]), longest(counts[1])];
      return guide === 'sum' ? first + second : 2 * Math.min(first, second) + (first === second ? 0 : 1);
    },
    top: 2 * beta,
    // A side that nobody prefers gets no vote any more: attackers only say what the poller wants to hear.
    isOver: ({ supporters, round }) => round >= maxRounds || Math.min(...supporters) === 0,
  };
}
