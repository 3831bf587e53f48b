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
  /** Of `random` attackers, how many of one operator share a coin in a poll; 1 when left out. */
  readonly identities?: number;
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

/** Laws by what they follow from: planning asks for the same few of them for every window, budget and repetition. */
const known = new Map<string, DiscreteLaw>();
/** Searches ask for each law once: more than this many are forgotten together. */
const knownMost = 512;

/** The law of the number of yes votes, exact up to double rounding. Throws RangeError when k > nodes - 1. */
export function yesVotes(setting: PollSetting): DiscreteLaw {
  const { nodes, byzantine, voter, k, loss, offlineShare, retry, identities = 1 } = setting;
  const name = [nodes, byzantine, voter, k, loss, offlineShare, retry, identities].join(' ');
  const found = known.get(name);
  if (found !== undefined) return found;
  const law = lawOf(setting);
  if (known.size >= knownMost) known.clear();
  known.set(name, law);
  return law;
}

function lawOf(setting: PollSetting): DiscreteLaw {
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
  const { identities = 1 } = setting;
  return identities > 1
    ? bundledVotes(answered ?? pointLaw(k), setting, answering, honest)
    : coinVotes(answered ?? pointLaw(k), k, answering, honest);
}

/**
 * Attackers whose operator tosses one coin for all of its identities: given how many say yes in this poll, each answering peer is
 * sure of its vote, and operators with the same number of identities are told apart by nothing. The last one has what is left.
 */
function bundledVotes(
  answered: DiscreteLaw,
  { byzantine, identities = 1, k }: PollSetting,
  answering: number,
  honest: number,
): DiscreteLaw {
  const whole = Math.floor(byzantine / identities);
  const rest = byzantine % identities;
  const heads = binomialLaw(whole, 0.5);
  const weights = new Float64Array(k + 1);
  for (let yes = 0; yes <= whole; yes += 1) {
    for (const last of rest === 0 ? [0] : [0, rest]) {
      const law = mixOver(answered, k, answering, honest + yes * identities + last);
      const weight = heads.pmf(yes) * (rest === 0 ? 1 : 0.5);
      for (let x = law.least; x <= law.most; x += 1) weights[x]! += weight * law.pmf(x);
    }
  }
  return lawFromWeights(0, weights);
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
 *
 * No peer is asked twice, so whether a peer would be heard can be drawn for all of them beforehand, and the order in which they are
 * asked does not matter: of k + r peers s are heard, and d of these are among the first k with probability C(k,d) C(r,s-d) / C(k+r,s),
 * where r = k - d are asked after d answers.
 */
function answeredSlots(setting: PollSetting, answering: number): DiscreteLaw {
  const { nodes, k, loss, retry } = setting;
  const peers = nodes - 1;
  const lost = loss * (2 - loss); // 1 - (1 - loss)^2 without cancellation
  const kept = (1 - loss) * (1 - loss);
  const laws = new Map<number, DiscreteLaw>();
  const thinned = (n: number): DiscreteLaw => {
    const known = laws.get(n) ?? binomialLaw(n, kept, lost);
    laws.set(n, known);
    return known;
  };
  const isMixed = loss > 0 && answering < peers; // light terms are then dropped at every sample size
  const isLight = (weight: number): boolean => skipped(weight, k) || (isMixed && weight < negligible);
  const first = heard(hypergeometricLaw(peers, answering, k), thinned, isLight);
  const weights = new Float64Array(k + 1);
  for (let d = 0; d <= k; d += 1) {
    const chance = first(d);
    if (isLight(chance)) continue;
    const again = retry ? Math.min(k - d, peers - k) : 0;
    if (again === 0) weights[d]! += chance;
    else {
      const all = heard(hypergeometricLaw(peers, answering, k + again), thinned, isLight);
      let among = 1; // C(k,d) C(again,x) / C(k + again, d + x), x = 0
      for (let i = 0; i < d; i += 1) among *= (k - i) / (k + again - i);
      for (let x = 0; x <= again; x += 1) {
        if (!skipped(among, k)) weights[d + x]! += among * all(d + x);
        among *= ((again - x) / (x + 1)) * ((d + x + 1) / (k + again - d - x));
      }
    }
  }
  return lawFromWeights(0, weights);
}

/** P(s of the asked peers are heard): `asked` is the law of those that answer, `thinned(a)` of their answers that arrive. */
function heard(
  asked: DiscreteLaw,
  thinned: (n: number) => DiscreteLaw,
  isLight: (weight: number) => boolean,
): (s: number) => number {
  const terms: { readonly answering: number; readonly weight: number; readonly law: DiscreteLaw }[] = [];
  for (let answering = asked.least; answering <= asked.most; answering += 1) {
    const weight = asked.pmf(answering);
    if (!isLight(weight)) terms.push({ answering, weight, law: thinned(answering) });
  }
  return (s) => {
    let sum = 0;
    for (const { answering, weight, law } of terms) if (answering >= s) sum += weight * law.pmf(s);
    return sum;
  };
}
