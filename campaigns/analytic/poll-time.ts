/**
 * How long a poll takes: order statistics of round trips, with early end, attackers, loss and the retry.
 * Owns: the round-trip laws and expected poll times by numeric integration (Gauss-Legendre on every smooth piece).
 * Does not own: how many polls are needed (run-length.ts) or the pause between them (feasibility).
 * Assumes independent round trips and instant answers. After a timeout the fresh peer is taken as independent of the
 * first sample, which is exact as N grows; everything before the first timeout is exact.
 */
import { binomialLaw } from './binomial.ts';
import { hypergeometricLaw } from './hypergeometric.ts';
import type { PollSetting } from './yes-votes.ts';
import { supporters, yesVotes } from './yes-votes.ts';

/** Microseconds, as every time here. */
export interface RoundTrip {
  /** 'uniform': the whole round trip is uniform; 'two-uniform': each way is, independently. */
  readonly kind: 'uniform' | 'two-uniform';
  /** Of the whole round trip or of each way, by kind. */
  readonly least: number;
  readonly most: number;
}

/** P(round trip <= t). */
export function roundTripWithin(trip: RoundTrip, t: number): number {
  const ways = trip.kind === 'uniform' ? 1 : 2;
  const from = ways * trip.least;
  const width = trip.most - trip.least;
  if (t < from) return 0;
  if (t >= ways * trip.most) return 1;
  const u = (t - from) / width;
  if (ways === 1) return u;
  return u <= 1 ? (u * u) / 2 : 1 - ((2 - u) * (2 - u)) / 2;
}

/** Longest possible round trip. */
export function longestRoundTrip(trip: RoundTrip): number {
  return (trip.kind === 'uniform' ? 1 : 2) * trip.most;
}

/** Where the distribution function is not smooth. */
function breaks(trip: RoundTrip): number[] {
  return trip.kind === 'uniform'
    ? [trip.least, trip.most]
    : [2 * trip.least, trip.least + trip.most, 2 * trip.most];
}

// Sixteen-point Gauss-Legendre, abscissae and weights on [-1, 1], positive half.
// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.4.
const abscissae = [
  0.0950125098376374, 0.2816035507792589, 0.4580167776572274, 0.6178762444026438, 0.755404408355003,
  0.8656312023878318, 0.9445750230732326, 0.9894009349916499,
];
const gaussWeights = [
  0.1894506104550685, 0.1826034150449236, 0.1691565193950025, 0.1495959888165767, 0.1246289712555339,
  0.0951585116824928, 0.0622535239386479, 0.0271524594117541,
];

/** The integral of f over [from, to]; `panels` equal panels of 16 points. */
function integral(f: (t: number) => number, from: number, to: number, panels: number): number {
  let sum = 0;
  const half = (to - from) / panels / 2;
  if (half <= 0) return 0;
  for (let panel = 0; panel < panels; panel += 1) {
    const centre = from + (2 * panel + 1) * half;
    for (let i = 0; i < abscissae.length; i += 1) {
      const offset = half * abscissae[i]!;
      sum += gaussWeights[i]! * half * (f(centre - offset) + f(centre + offset));
    }
  }
  return sum;
}

/**
 * P(Bin(trials, p) <= most) to about 1e-15 absolute, in O(standard deviation): weights from the mode until they vanish.
 * Integrands need no deep tails; where those matter binomialLaw is used.
 */
function binomialAtMost(trials: number, p: number, most: number): number {
  if (most >= trials || p <= 0) return most >= 0 ? 1 : 0;
  if (most < 0 || p >= 1) return 0;
  const odds = p / (1 - p);
  const mode = Math.min(trials, Math.floor((trials + 1) * p));
  let total = 1;
  let below = mode <= most ? 1 : 0;
  for (let x = mode, weight = 1; x < trials && weight > 1e-18; x += 1) {
    weight *= ((trials - x) / (x + 1)) * odds;
    total += weight;
    if (x + 1 <= most) below += weight;
  }
  for (let x = mode, weight = 1; x > 0 && weight > 1e-18; x -= 1) {
    weight *= x / ((trials - x + 1) * odds);
    total += weight;
    if (x - 1 <= most) below += weight;
  }
  return below / total;
}

/** The adaptive timeout settles at the mean round trip plus four mean deviations (RFC 6298). */
export function adaptiveTimeout(trip: RoundTrip): number {
  const width = trip.most - trip.least;
  return trip.kind === 'uniform'
    ? (trip.least + trip.most) / 2 + width
    : trip.least + trip.most + (4 / 3) * width;
}

/** Expected instant of the `rank`-th answer of `count` independent round trips; 1 <= rank <= count. */
export function expectedAnswer(trip: RoundTrip, rank: number, count: number): number {
  if (!(rank >= 1 && rank <= count)) throw new RangeError(`answer ${rank} of ${count}`);
  if (trip.kind === 'uniform') return trip.least + ((trip.most - trip.least) * rank) / (count + 1);
  const points = breaks(trip);
  const missing = (t: number): number => binomialAtMost(count, roundTripWithin(trip, t), rank - 1);
  let sum = points[0]!;
  for (let i = 0; i + 1 < points.length; i += 1) sum += integral(missing, points[i]!, points[i + 1]!, 4);
  return sum;
}

export interface PollTimeSetting extends PollSetting {
  readonly alpha: number;
  /** End as soon as success or failure is certain; else when every slot is answered or given up. */
  readonly earlyEnd: boolean;
  readonly trip: RoundTrip;
  /** A query unanswered for this long goes to a fresh peer; the slot is given up after it again. */
  readonly timeoutUs: number;
}

/** What one poll sees, given how many of the sampled peers mean yes. */
interface Composition {
  readonly weight: number;
  readonly yes: number;
  readonly no: number;
  readonly silent: number;
}

// Compositions lighter than this change an expected time by less than a part in a million.
const lightest = 1e-8;

function compositions(setting: PollTimeSetting): Composition[] {
  const { k, voter, nodes, byzantine } = setting;
  const honest = supporters(setting);
  const peers = nodes - 1;
  const offline = peers - honest - byzantine;
  // Fewer peers are up than a poll asks: some slots ask the others, and stay empty as those of silent peers do.
  const areFewUp = nodes - offline <= k;
  const refusing = voter === 'silent' ? 0 : byzantine;
  const votes =
    voter === 'silent' || areFewUp
      ? hypergeometricLaw(peers, honest, k)
      : yesVotes({ ...setting, loss: 0, offlineShare: 0, retry: false, nodes: nodes - offline });
  const found: Composition[] = [];
  for (let yes = votes.least; yes <= votes.most; yes += 1) {
    const weight = votes.pmf(yes);
    if (weight < lightest) continue;
    const others = k - yes;
    if (voter === 'silent' || areFewUp) {
      const no = refusing === 0 ? 0 : Math.round((others * refusing) / (offline + byzantine));
      found.push({ weight, yes, no, silent: others - no });
    } else {
      // Offline peers are exchangeable with the rest: take their expected number out of both groups.
      const downYes = Math.round((yes * offline) / peers);
      const downNo = Math.round((others * offline) / peers);
      found.push({ weight, yes: yes - downYes, no: others - downNo, silent: downYes + downNo });
    }
  }
  return found;
}

/**
 * P(the poll is still open at t): fewer than alpha yes votes are in, and not yet more than k - alpha slots are not yes;
 * without early end, some slot is still open.
 */
function openAt(setting: PollTimeSetting, parts: readonly Composition[], t: number): number {
  const { trip, timeoutUs, loss, k, alpha, nodes } = setting;
  const kept = (1 - loss) * (1 - loss);
  const first = kept * roundTripWithin(trip, Math.min(t, timeoutUs));
  const second = t > timeoutUs && setting.retry ? kept * roundTripWithin(trip, t - timeoutUs) : 0;
  const yesShare = supporters(setting) / (nodes - 1);
  const answered = first + (1 - kept) * second;
  if (!setting.earlyEnd) {
    return parts.reduce((sum, part) => {
      const all = answered ** (part.yes + part.no) * second ** part.silent;
      return sum + part.weight * (1 - all);
    }, 0);
  }
  const yesOfYes = first + (1 - kept) * second * yesShare;
  const yesOfSilent = second * yesShare;
  let sum = 0;
  for (const part of parts) {
    const open = yesBelow(part, alpha, yesOfYes, yesOfSilent);
    if (open > 0) sum += part.weight * open * binomialAtMost(part.no, answered, k - alpha);
  }
  return sum;
}

/** P(fewer than alpha yes votes are in). */
function yesBelow(part: Composition, alpha: number, yesOfYes: number, yesOfSilent: number): number {
  if (part.silent === 0 || yesOfSilent === 0) return binomialAtMost(part.yes, yesOfYes, alpha - 1);
  const fromSilent = binomialLaw(part.silent, Math.min(1, yesOfSilent));
  let below = 0;
  for (let x = 0; x <= Math.min(part.silent, alpha - 1); x += 1) {
    below += fromSilent.pmf(x) * binomialAtMost(part.yes, yesOfYes, alpha - 1 - x);
  }
  return below;
}

/**
 * Expected time from one poll's start to the next one's, E[max(interval, duration)]; interval 0 gives the expected
 * duration itself. With several polls open at once divide the duration's share by their number outside.
 */
export function expectedPollTime(setting: PollTimeSetting, intervalUs: number = 0): number {
  const parts = compositions(setting);
  const { trip, timeoutUs } = setting;
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  const open = (t: number): number => openAt(setting, parts, t) / total;
  const tries = setting.retry ? 2 : 1;
  const points = [0, ...breaks(trip).filter((t) => t < timeoutUs), timeoutUs];
  if (tries === 2)
    points.push(
      ...breaks(trip)
        .map((t) => timeoutUs + t)
        .filter((t) => t < 2 * timeoutUs),
      2 * timeoutUs,
    );
  let sum = intervalUs;
  for (let i = 0; i + 1 < points.length; i += 1) {
    const from = Math.max(intervalUs, points[i]!);
    const to = points[i + 1]!;
    if (to <= from) continue;
    if (points[i]! >= longestRoundTrip(trip) && open((from + to) / 2) < 1e-12) break;
    sum += integral(open, from, to, 2);
  }
  return sum;
}

/** The longest a poll can take. */
export function longestPollTime({ trip, timeoutUs, retry }: PollTimeSetting): number {
  const lastAnswer = Math.min(longestRoundTrip(trip), timeoutUs);
  return retry ? timeoutUs + lastAnswer : lastAnswer;
}

/** P(a poll is still open after t), as a function of t. */
export function pollOpenShare(setting: PollTimeSetting): (t: number) => number {
  const parts = compositions(setting);
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  return (t) => (total === 0 ? 0 : openAt(setting, parts, t) / total);
}
