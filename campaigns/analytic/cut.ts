/**
 * What each side of a cut network can decide by itself, retries included.
 * Owns: the law of the votes one side gathers, and the bound on both sides deciding. Does not own: networks that are whole (safety.ts).
 * A query across the cut is not answered, so its slot goes once to a fresh peer: of a half, three quarters of the slots are answered and
 * not a half. At worst the honest nodes of a side agree against those of the other, and attackers answer both sides with what each wants.
 */
import { yesVotes } from './yes-votes.ts';

export interface CutSetting {
  readonly nodes: number;
  readonly byzantine: number;
  readonly k: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  /** Shares of the honest nodes on each side; they need not sum to 1. */
  readonly sides: readonly number[];
  /** Polls of one node while the network is cut. */
  readonly polls: number;
}

export interface CutSide {
  readonly honest: number;
  /** P(one poll of a node of this side gathers alpha yes votes). */
  readonly success: number;
  /** log10 of a bound on P(some node of this side decides), at most 0. */
  readonly decidesLog10: number;
}

/** One side. Exact in `success`; a union over nodes and polls in `decidesLog10`. */
export function cutSide(setting: CutSetting, share: number): CutSide {
  const { nodes, byzantine, k, alphaConfidence, beta, polls } = setting;
  const all = nodes - byzantine;
  const honest = Math.max(1, Math.ceil(share * all - 1e-9));
  const votes = yesVotes({
    nodes,
    byzantine,
    voter: 'accept',
    k,
    loss: 0,
    offlineShare: (all - honest) / all,
    retry: true,
  });
  const starts = Math.max(0, polls - beta + 1);
  const union = Math.log10(honest) + Math.log10(starts) + beta * votes.log10AtLeast(alphaConfidence);
  return { honest, success: votes.atLeast(alphaConfidence), decidesLog10: Math.min(0, union) };
}

/** log10 of a bound on P(two sides decide one conflict differently): samples of the two sides are independent. */
export function cutBoundLog10(setting: CutSetting): number {
  const bounds = setting.sides.map((share) => cutSide(setting, share).decidesLog10).sort((a, b) => b - a);
  return bounds.length < 2 ? -Infinity : bounds[0]! + bounds[1]!;
}

/** Of two equal halves. `maxRounds`: polls of one node while the network is cut. */
export function halvesBoundLog10(
  setting: Omit<CutSetting, 'sides' | 'polls'> & { readonly maxRounds: number },
): number {
  return cutBoundLog10({ ...setting, sides: [0.5, 0.5], polls: setting.maxRounds });
}

/** Smallest alpha with a bound of at most `limitLog10`; null when even alpha = k has a larger one. */
export function leastAlphaOfCut(setting: CutSetting, limitLog10: number): number | null {
  for (let alpha = setting.alphaConfidence; alpha <= setting.k; alpha += 1) {
    if (cutBoundLog10({ ...setting, alphaConfidence: alpha }) <= limitLog10) return alpha;
  }
  return null;
}
