/**
 * Upper bounds on the probability that one decision is unsafe.
 * Owns: forged (S0), split (S1) and reversed (S2) decisions by a union over nodes and polls.
 * Does not own: liveness (finality.ts). S0 and S1 are union bounds; S2 is a drift argument, not a proof.
 * The bounds hold for independent polls; the adversary knows everything and answers each poller as it likes.
 */
import { hypergeometricLaw } from './hypergeometric.ts';

export interface SafetySetting {
  readonly nodes: number;
  readonly byzantine: number;
  readonly k: number;
  readonly alphaPreference: number;
  readonly alphaConfidence: number;
  readonly beta: number;
  readonly maxRounds: number;
}

/** log10 of a bound on a probability; never above 0. -Infinity = impossible. */
export interface SafetyBounds {
  /** S0: attackers alone finalise something no honest node supports. */
  readonly forgeLog10: number;
  /** S1: the honest nodes are split evenly and the attackers vote for both sides. */
  readonly splitLog10: number;
  /** S2: a finalised preference is turned around. Heuristic. */
  readonly reversalLog10: number;
  /** The honest share below which attackers who vote for the other side stop the drift to the first. */
  readonly unstableShare: number;
}

/** S0 forge, S1 split, S2 reversal. */
export type SafetyNotion = 'forge' | 'split' | 'reversal';

/** The bound that a notion of safety is about. */
export function boundOf(bounds: SafetyBounds, notion: SafetyNotion): number {
  switch (notion) {
    case 'forge':
      return bounds.forgeLog10;
    case 'split':
      return bounds.splitLog10;
    case 'reversal':
      return bounds.reversalLog10;
  }
}

/** The three bounds per decision. Cost: O(k log nodes). */
export function safetyBounds(setting: SafetySetting): SafetyBounds {
  const { nodes, byzantine } = setting;
  const unstable = unstableSupport(setting);
  return {
    forgeLog10: supportedLog10(setting, byzantine),
    splitLog10: splitBoundLog10(setting),
    reversalLog10: supportedLog10(setting, unstable + byzantine),
    unstableShare: unstable / (nodes - byzantine),
  };
}

/** One of them alone, log10: for searches. Cost: O(k), of a reversal O(k log nodes). */
export function boundLog10(setting: SafetySetting, notion: SafetyNotion): number {
  const { byzantine } = setting;
  switch (notion) {
    case 'forge':
      return supportedLog10(setting, byzantine);
    case 'split':
      return splitBoundLog10(setting);
    case 'reversal':
      return supportedLog10(setting, unstableSupport(setting) + byzantine);
  }
}

/** S1 alone, log10. Cost: O(k). */
export function splitBoundLog10(setting: SafetySetting): number {
  return supportedLog10(setting, splitSupport(setting.nodes, setting.byzantine));
}

/** Peers that vote for one side when the honest nodes are split evenly: the larger half and every attacker. */
export function splitSupport(nodes: number, byzantine: number): number {
  return Math.min(nodes - 1, Math.ceil((nodes - byzantine) / 2) + byzantine);
}

/** log10 of nodes x rounds x P(alphaConfidence votes)^beta, at most 0, where so many peers vote yes. */
function supportedLog10(setting: SafetySetting, yes: number): number {
  const { nodes, k, alphaConfidence, beta, maxRounds } = setting;
  const votes = hypergeometricLaw(nodes - 1, Math.min(nodes - 1, yes), k);
  return unionBoundLog10(nodes, maxRounds, votes.log10AtLeast(alphaConfidence), beta);
}

/** log10 of min(1, nodes x rounds x tail^beta), the tail given as its log10. */
export function unionBoundLog10(nodes: number, rounds: number, tailLog10: number, beta: number): number {
  return Math.min(0, Math.log10(nodes) + Math.log10(rounds) + beta * tailLog10);
}

/**
 * The largest number of honest supporters of A from which an adversary that votes all against A still prevents
 * the drift to A: (H - x) P[Hyp(x) >= aP] <= x P[Hyp(H - x + B) >= aP]. H when A never gains.
 */
export function unstableSupport(setting: {
  readonly nodes: number;
  readonly byzantine: number;
  readonly k: number;
  readonly alphaPreference: number;
}): number {
  const { nodes, byzantine, k, alphaPreference } = setting;
  const honest = nodes - byzantine;
  const peers = nodes - 1;
  const gains = (x: number): boolean => {
    const toA = hypergeometricLaw(peers, Math.min(peers, x), k).log10AtLeast(alphaPreference);
    const fromA = hypergeometricLaw(peers, Math.min(peers, honest - x + byzantine), k).log10AtLeast(
      alphaPreference,
    );
    return Math.log10(honest - x) + toA > Math.log10(x) + fromA;
  };
  const start = Math.max(1, Math.floor(honest / 2));
  const strides = 48;
  let below = start;
  for (let i = 0; i <= strides; i += 1) {
    const x = Math.min(honest - 1, start + Math.round((i * (honest - start)) / strides));
    if (x > below && gains(x)) return crossing(below, x, gains);
    below = Math.max(below, x);
  }
  return honest;
}

/** The last x that does not gain, given that `from` does not and `to` does. */
function crossing(from: number, to: number, gains: (x: number) => boolean): number {
  let below = from;
  let above = to;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (gains(middle)) above = middle;
    else below = middle;
  }
  return below;
}
