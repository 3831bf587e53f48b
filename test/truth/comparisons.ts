/**
 * Every fidelity against exact enumeration and against each other: the cases, the statistics, and errors that have to be noticed.
 * Owns: which case goes to which fidelity, how many decisions, seeds. Does not own: the truth (the oracles) or running a fidelity.
 */
import type { Core } from '#node/core/core.ts';
import { chiSquareZ } from '#test/campaigns/targets/simulator/lumped/chi-square.ts';
import { type DuelCase, duelTruth } from './duel-oracle.ts';
import { playDuel } from './duel-rounds.ts';
import { analyticSays, coreSays, lumpedSays, type Sample, simulatorSays } from './fidelities.ts';
import { toNumber } from './rational.ts';
import { shareZ, smirnovZ } from './statistics.ts';
import { type Planted, type VirtuousCase, type VirtuousTruth, virtuousTruth } from './virtuous-oracle.ts';

/** One comparison. Statistical ones are z values of equal weight; a formula has a relative error. */
export interface Comparison {
  readonly about: string;
  readonly fidelity: string;
  readonly against: string;
  readonly figure: string;
  readonly statistic: 'chi-square' | 'share' | 'Smirnov' | 'relative error' | 'equal';
  readonly value: number;
  /** Pairs or decisions behind it; 0 for a formula. */
  readonly samples: number;
}

/** Effort: 1 = the stored table; smaller for a quick look. */
export type Effort = number;

const none = [0, 1] as const;
const base = { cutOff: 0, loss: none, k: 5, alpha: 4, beta: 4, maxRounds: 24 } as const;

export const virtuousCases: readonly (VirtuousCase & { readonly about: string })[] = [
  { ...base, about: '12 nodes, nobody attacks', nodes: 12, byzantine: 0, voter: 'reject' },
  { ...base, about: '12 nodes, 2 reject', nodes: 12, byzantine: 2, voter: 'reject' },
  { ...base, about: '12 nodes, 3 reject', nodes: 12, byzantine: 3, voter: 'reject', beta: 3 },
  { ...base, about: '12 nodes, 3 toss coins', nodes: 12, byzantine: 3, voter: 'random', beta: 3 },
  { ...base, about: '11 nodes, 2 accept', nodes: 11, byzantine: 2, voter: 'accept' },
  {
    ...base,
    about: '12 nodes, 4 silent, asked 7',
    nodes: 12,
    byzantine: 4,
    voter: 'silent',
    k: 7,
    alpha: 6,
    beta: 3,
  },
  {
    ...base,
    about: '10 nodes, 10 % loss',
    nodes: 10,
    byzantine: 0,
    voter: 'reject',
    k: 6,
    alpha: 5,
    loss: [1, 10],
  },
  {
    ...base,
    about: '12 nodes, 2 reject, 10 % loss',
    nodes: 12,
    byzantine: 2,
    voter: 'reject',
    k: 6,
    loss: [1, 10],
  },
  {
    ...base,
    about: '12 nodes, 3 coins, 25 % loss',
    nodes: 12,
    byzantine: 3,
    voter: 'random',
    k: 6,
    beta: 2,
    loss: [1, 4],
  },
  {
    ...base,
    about: '12 nodes, 2 silent, 20 % loss',
    nodes: 12,
    byzantine: 2,
    voter: 'silent',
    k: 6,
    beta: 3,
    loss: [1, 5],
  },
  {
    ...base,
    about: '12 nodes, 4 behind a partition',
    nodes: 12,
    byzantine: 0,
    voter: 'reject',
    cutOff: 4,
    k: 7,
    alpha: 5,
    beta: 3,
  },
  {
    ...base,
    about: '12 nodes, partition, 2 reject, 10 % loss',
    nodes: 12,
    byzantine: 2,
    voter: 'reject',
    cutOff: 2,
    k: 6,
    beta: 2,
    loss: [1, 10],
  },
  { ...base, about: '6 nodes, everybody asked', nodes: 6, byzantine: 1, voter: 'random', k: 5, beta: 3 },
];

const duelBase = {
  byzantine: 0,
  voter: 'reject',
  k: 3,
  alphaPreference: 2,
  alphaConfidence: 3,
  beta: 2,
  rounds: 4,
} as const;

export const duelCases: readonly (DuelCase & { readonly about: string })[] = [
  { ...duelBase, about: 'conflict, 3 of 5 saw A first', first: [3, 2] },
  { ...duelBase, about: 'conflict, even split of 6', first: [3, 3], rounds: 3 },
  { ...duelBase, about: 'conflict, one alpha, 4 of 5', first: [4, 1], alphaPreference: 3 },
  { ...duelBase, about: 'conflict, 3 of 5, 1 rejects', first: [3, 2], byzantine: 1 },
  {
    ...duelBase,
    about: 'conflict, 3 of 5, 1 tosses coins',
    first: [3, 2],
    byzantine: 1,
    voter: 'random',
    k: 4,
    alphaPreference: 3,
    alphaConfidence: 3,
  },
];

function roundsZ(sample: Sample, truth: VirtuousTruth, maxRounds: number): number {
  const late = sample.pairs - [...sample.byRounds.values()].reduce((sum, pairs) => sum + pairs, 0);
  const law = truth.rounds.map(toNumber);
  const within = toNumber(truth.oneWithin);
  return chiSquareZ(new Map([...sample.byRounds, [maxRounds + 1, late]]), sample.pairs, (r) =>
    r === maxRounds + 1 ? Math.max(0, 1 - within) : (law[r] ?? 0),
  );
}

function firstZ(sample: Sample, truth: VirtuousTruth, beta: number): number {
  return shareZ(sample.byRounds.get(beta) ?? 0, sample.pairs, toNumber(truth.rounds[beta]!));
}

/** Rounds of pairs by chi-square, and the share of decisions in which every node finalised: independence of nodes is in it. */
function against(
  sample: Sample,
  truth: VirtuousTruth,
  one: VirtuousCase & { about: string },
  fidelity: string,
): Comparison[] {
  const common = { about: one.about, fidelity, against: 'enumeration' };
  return [
    {
      ...common,
      figure: 'polls until finalised',
      statistic: 'chi-square',
      value: roundsZ(sample, truth, one.maxRounds),
      samples: sample.pairs,
    },
    {
      ...common,
      figure: 'finalised with the first beta polls',
      statistic: 'share',
      value: firstZ(sample, truth, one.beta),
      samples: sample.pairs,
    },
    {
      ...common,
      figure: 'all finalised in time',
      statistic: 'share',
      value: shareZ(sample.complete, sample.decisions, toNumber(truth.allWithin)),
      samples: sample.decisions,
    },
  ];
}

function relative(found: number, exact: number): number {
  return exact === 0 ? Math.abs(found) : Math.abs(found / exact - 1);
}

function analyticRows(one: VirtuousCase & { about: string }, truth: VirtuousTruth): Comparison[] {
  const says = analyticSays(one);
  const row = (figure: string, value: number): Comparison => ({
    about: one.about,
    fidelity: 'analytic',
    against: 'enumeration',
    figure,
    statistic: 'relative error',
    value,
    samples: 0,
  });
  return [
    row('success of a poll', relative(says.success, toNumber(truth.success))),
    row(
      'polls until finalised',
      Math.max(...truth.rounds.map((p, r) => relative(says.pmf[r] ?? 0, toNumber(p)))),
    ),
    row('one finalises in time', relative(says.oneWithin, toNumber(truth.oneWithin))),
    row('all finalised in time', relative(says.allWithin, toNumber(truth.allWithin))),
  ];
}

/** The simulator's own copies of a vertex are lost too, and then its first polls ask about something unknown: another question. */
function isForSimulator({ loss, cutOff, k, nodes }: VirtuousCase): boolean {
  return loss[0] === 0 && cutOff === 0 && k < nodes - 1;
}

function simulatorRows(
  one: VirtuousCase & { about: string },
  truth: VirtuousTruth,
  lumped: Sample,
  effort: Effort,
): Comparison[] {
  if (!isForSimulator(one)) return [];
  const decisions = Math.max(20, Math.round(400 * effort));
  const message = simulatorSays(one, 'message', decisions, 20_261_129);
  const twoSample: Comparison = {
    about: one.about,
    fidelity: 'message',
    against: 'lumped',
    figure: 'polls until finalised',
    statistic: 'Smirnov',
    value: smirnovZ(message.byRounds, lumped.byRounds),
    samples: message.pairs,
  };
  const rows = [...against(message, truth, one, 'message'), twoSample];
  if (one.voter === 'silent') return rows; // the poll fidelity refuses attackers that choose when to answer
  const poll = simulatorSays(one, 'poll', decisions, 20_261_129);
  const isSame =
    JSON.stringify([...poll.byRounds, poll.complete]) ===
    JSON.stringify([...message.byRounds, message.complete]);
  return [
    ...rows,
    ...against(poll, truth, one, 'poll'),
    {
      about: one.about,
      fidelity: 'poll',
      against: 'message',
      figure: 'every figure, same seed',
      statistic: 'equal',
      value: isSame ? 0 : 1,
      samples: poll.pairs,
    },
  ];
}

export function virtuousRows(one: VirtuousCase & { about: string }, effort: Effort): Comparison[] {
  const truth = virtuousTruth(one);
  const lumped = lumpedSays(one, Math.round(100_000 * effort), 7);
  const core = coreSays(one, Math.max(50, Math.round(1_500 * effort)), 11);
  return [
    ...analyticRows(one, truth),
    ...against(lumped, truth, one, 'lumped'),
    ...against(core, truth, one, 'core'),
    {
      about: one.about,
      fidelity: 'core',
      against: 'lumped',
      figure: 'polls until finalised',
      statistic: 'Smirnov',
      value: smirnovZ(core.byRounds, lumped.byRounds),
      samples: core.pairs,
    },
    ...simulatorRows(one, truth, lumped, effort),
  ];
}

export function duelRows(
  one: DuelCase & { about: string },
  effort: Effort,
  kind?: typeof Core,
): Comparison[] {
  const truth = [...duelTruth(one)].map(([end, p]): [string, number] => [end, toNumber(p)]);
  const trials = Math.max(200, Math.round(4_000 * effort));
  const seen = playDuel(one, trials, 13, kind);
  const index = new Map(truth.map(([end], i) => [end, i]));
  const counts = new Map(
    [...seen].map(([end, times]): [number, number] => [index.get(end) ?? truth.length, times]),
  );
  const common = { about: one.about, fidelity: 'core', against: 'enumeration', samples: trials };
  const share = (isIt: (a: number, b: number) => boolean): number => {
    const pick = (end: string): boolean => {
      const [a = 0, b = 0] = end.split(',').map(Number);
      return isIt(a, b);
    };
    const expected = truth.reduce((sum, [end, p]) => sum + (pick(end) ? p : 0), 0);
    return shareZ(
      [...seen].reduce((sum, [end, times]) => sum + (pick(end) ? times : 0), 0),
      trials,
      expected,
    );
  };
  const honest = one.first[0] + one.first[1];
  return [
    {
      ...common,
      figure: 'nodes that decided A and B',
      statistic: 'chi-square',
      value: chiSquareZ(counts, trials, (i) => truth[i]?.[1] ?? 0),
    },
    { ...common, figure: 'everybody decided A', statistic: 'share', value: share((a) => a === honest) },
    {
      ...common,
      figure: 'both sides finalised (unsafe)',
      statistic: 'share',
      value: share((a, b) => a > 0 && b > 0),
    },
  ];
}

/** An error put into one side of a comparison; caught when its statistic lies beyond the limit. */
export interface PlantedError {
  readonly error: string;
  readonly statistic: 'chi-square' | 'relative error';
  readonly value: number;
}

const inWords: Readonly<Record<Exclude<Planted, 'none'>, string>> = {
  'with-replacement': 'peers drawn with replacement',
  'more-than-alpha': 'more than alpha votes instead of at least alpha',
  'asks-itself': 'a node may ask itself',
  'no-fresh-peer': 'no fresh peer for an unanswered slot',
};

/** Every error of the list, against what the product's core and formulas say. */
export function plantedErrors(effort: Effort, forgetful: typeof Core): PlantedError[] {
  const calm = virtuousCases[1]!;
  const lossy = virtuousCases[7]!;
  const decisions = Math.max(60, Math.round(600 * effort));
  const found: PlantedError[] = [];
  for (const planted of ['with-replacement', 'more-than-alpha', 'asks-itself', 'no-fresh-peer'] as const) {
    const one = planted === 'no-fresh-peer' ? lossy : calm;
    const wrong = virtuousTruth(one, planted);
    const core = coreSays(one, decisions, 17);
    found.push({
      error: `${inWords[planted]} (against the core)`,
      statistic: 'chi-square',
      value: roundsZ(core, wrong, one.maxRounds),
    });
    found.push({
      error: `${inWords[planted]} (against the formulas)`,
      statistic: 'relative error',
      value: relative(analyticSays(one).success, toNumber(wrong.success)),
    });
  }
  const forgets = coreSays(calm, decisions, 17, forgetful);
  found.push({
    error: 'a failed poll leaves the run of successes alone (in the core)',
    statistic: 'chi-square',
    value: roundsZ(forgets, virtuousTruth(calm), calm.maxRounds),
  });
  return found;
}
