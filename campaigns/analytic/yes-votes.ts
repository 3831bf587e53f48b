/**
 * How many yes votes an honest node gets in one poll about a vertex that every honest node prefers.
 * Owns: the exact law over who is sampled, how attackers vote, lost messages, one retry and offline nodes.
 * Does not own: what a number of votes does (run-length.ts) or when the answers arrive (poll-time.ts).
 * The asking node excludes itself, so it samples k of N-1 members without replacement.
 */
import { binomialLaw } from './binomial.ts';
import type { DiscreteLaw } from './discrete-law.ts';
import { lawFromWeights } from './discrete-law.ts';
import { hypergeometricLaw } from './hypergeometric.ts';

/** What an attacker does when it is asked about an honest vertex. `random` = a fair coin per answer. */
export type Voter = 'reject' | 'silent' | 'random' | 'accept';

export interface PollSetting {
  readonly nodes: number;
  /** Attackers among `nodes`: floor(share x nodes) by the protocol's definition. */
  readonly byzantine: number;
  readonly voter: Voter;
  readonly k: number;
  /** Share of messages lost, each direction on its own, 0..1. */
  readonly loss: number;
  /** Share of the honest nodes that are down and answer nothing, 0..1. */
  readonly offlineShare: number;
  /** An unanswered query goes once to a peer not asked yet in this poll. */
  readonly retry: boolean;
}

// Beyond this sample size terms lighter than `negligible` are left out of mixtures over lost or silent peers.
const exactSampleSize = 128;
const negligible = 1e-40;

/** Honest peers that are up, other than the asking node. */
export function supporters(setting: PollSetting): number {
  const honest = setting.nodes - setting.byzantine;
  const offline = Math.min(honest - 1, Math.round(setting.offlineShare * honest));
  return Math.max(0, honest - 1 - offline);
}

/** The law of the number of yes votes, exact up to double rounding. Throws RangeError when k > nodes - 1. */
export function yesVotes(setting: PollSetting): DiscreteLaw {
  const { nodes, byzantine, voter, k, loss } = setting;
  const peers = nodes - 1;
  if (k > peers || byzantine > nodes - 1) {
    throw new RangeError(`yes votes: k = ${k}, byzantine = ${byzantine}, nodes = ${nodes}`);
  }
  const honest = supporters(setting);
  const silentPeers = peers - honest - (voter === 'silent' ? 0 : byzantine);
  const answering = peers - silentPeers;
  const sure = honest + (voter === 'accept' ? byzantine : 0);
  const answered = loss > 0 || silentPeers > 0 ? answeredSlots(setting, answering) : null;
  if (voter !== 'random') {
    return answered === null ? hypergeometricLaw(peers, sure, k) : mixOver(answered, k, answering, sure);
  }
  return coinVotes(answered ?? pointLaw(k), k, answering, honest);
}

function pointLaw(x: number): DiscreteLaw {
  return lawFromWeights(x, [1]);
}

/** Whether a term of this weight is left out; only large samples leave anything out. */
function skipped(weight: number, k: number): boolean {
  return weight === 0 || (k > exactSampleSize && weight < negligible);
}

/** Yes votes when the answered slots are a uniform subset of the answering peers, `sure` of which say yes. */
function mixOver(answered: DiscreteLaw, k: number, answering: number, sure: number): DiscreteLaw {
  const weights = new Float64Array(k + 1);
  for (let d = answered.least; d <= answered.most; d += 1) {
    const weight = answered.pmf(d);
    if (skipped(weight, k)) continue;
    const law = hypergeometricLaw(answering, sure, d);
    for (let x = law.least; x <= law.most; x += 1) weights[x]! += weight * law.pmf(x);
  }
  return lawFromWeights(0, weights);
}

/** As mixOver, but each answer of a peer that is not honest is a fair coin: the mixture hypergeometric x binomial. */
function coinVotes(answered: DiscreteLaw, k: number, answering: number, honest: number): DiscreteLaw {
  // byCoins[c][h] = probability of h honest answers and c coins: coins are tossed once per (h, c).
  const byCoins: Float64Array[] = Array.from({ length: k + 1 }, () => new Float64Array(k + 1));
  for (let d = answered.least; d <= answered.most; d += 1) {
    const weight = answered.pmf(d);
    if (skipped(weight, k)) continue;
    const law = hypergeometricLaw(answering, honest, d);
    for (let h = law.least; h <= law.most; h += 1) byCoins[d - h]![h]! += weight * law.pmf(h);
  }
  const weights = new Float64Array(k + 1);
  for (let coins = 0; coins <= k; coins += 1) {
    const row = byCoins[coins]!;
    if (row.every((weight) => skipped(weight, k))) continue;
    const heads = binomialLaw(coins, 0.5);
    const chance = Float64Array.from({ length: coins + 1 }, (_, x) => heads.pmf(x));
    for (let h = 0; h + coins <= k; h += 1) {
      const weight = row[h]!;
      if (skipped(weight, k)) continue;
      for (let x = 0; x <= coins; x += 1) weights[h + x]! += weight * chance[x]!;
    }
  }
  return lawFromWeights(0, weights);
}

/**
 * Slots that end up answered. Losses do not depend on who is asked, so given their number the answered peers are a
 * uniform subset of the answering ones. First try: k peers; then one fresh peer for each slot left open.
 */
function answeredSlots(setting: PollSetting, answering: number): DiscreteLaw {
  const { nodes, k, loss, retry } = setting;
  const peers = nodes - 1;
  const lost = loss * (2 - loss); // 1 - (1 - loss)^2 without cancellation
  const kept = (1 - loss) * (1 - loss);
  const weights = new Float64Array(k + 1);
  const asked = hypergeometricLaw(peers, answering, k);
  const laws = new Map<number, DiscreteLaw>();
  const thinned = (n: number): DiscreteLaw => {
    const known = laws.get(n) ?? binomialLaw(n, kept, lost);
    laws.set(n, known);
    return known;
  };
  for (let a = asked.least; a <= asked.most; a += 1) {
    const weightOfAsked = asked.pmf(a);
    if (skipped(weightOfAsked, k)) continue;
    const first = thinned(a);
    for (let d = first.least; d <= first.most; d += 1) {
      const weight = weightOfAsked * first.pmf(d);
      // Both a loss and a silent peer: four nested sums, so light terms are dropped at every sample size.
      if (skipped(weight, k) || (loss > 0 && answering < peers && weight < negligible)) continue;
      const again = retry ? Math.min(k - d, peers - k) : 0;
      if (again === 0) weights[d]! += weight;
      else
        addRetries({
          weights,
          from: d,
          weight,
          asked: hypergeometricLaw(peers - k, answering - a, again),
          thinned,
          k,
        });
    }
  }
  return lawFromWeights(0, weights);
}

function addRetries(retry: {
  readonly weights: Float64Array;
  readonly from: number;
  readonly weight: number;
  readonly asked: DiscreteLaw;
  readonly thinned: (n: number) => DiscreteLaw;
  readonly k: number;
}): void {
  const { weights, from, asked, thinned, k } = retry;
  for (let a = asked.least; a <= asked.most; a += 1) {
    const weight = retry.weight * asked.pmf(a);
    if (skipped(weight, k)) continue;
    const law = thinned(a);
    for (let x = law.least; x <= law.most; x += 1) weights[from + x]! += weight * law.pmf(x);
  }
}
