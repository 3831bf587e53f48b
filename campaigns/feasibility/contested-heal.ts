/**
 * How long a conflict that a partition kept apart stays open once the network is whole again.
 * Owns: the finding on a run that is cut while transactions conflict. Does not own: whether both sides decide (split-brain.ts).
 *
 * Of two conflicting transactions that were issued on different sides, each side prefers its own, and scored it at every poll of
 * the cut (node/README.md, the protocol). Afterwards nobody changes sides before the other has scored as much, and without a change
 * somebody must find beta polls in a row for what only a part of the network prefers. The shorter of the two is a lower bound.
 */
import { cutSide } from '#campaigns/analytic/cut.ts';
import { pollSuccess } from '#campaigns/analytic/finality.ts';
import { type Chance, expectedRounds } from '#campaigns/analytic/run-length.ts';
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { meanTps } from '#campaigns/workloads/load-profile.ts';
import { attackerCount } from './attackers.ts';
import { type ArithmeticLine, type Finding, line, shown, upperLimits } from './finding.ts';
import { cutName, likely, type Partition, partitionsOf, pollsInCut } from './partition-cut.ts';

/** A wait beyond this is written as for ever. */
const foreverUs = 365 * 86_400_000_000;

/** What an open conflict waits for after one cut. */
interface ContestedHeal {
  readonly cut: Partition;
  /** Conflicting pairs with one member on each of two sides, expected. */
  readonly apart: number;
  /** Polls of one node in the cut, and those of them that scored what its side prefers: the least such side. */
  readonly polls: number;
  readonly score: number;
  /** P(a poll of the whole network scores, and counts for, what the largest side prefers). */
  readonly scores: number;
  readonly counts: Chance;
  readonly spacingUs: number;
  /** Expected at least, from the end of the cut; Infinity when no poll can succeed. */
  readonly healUs: number;
}

/** The worst partition of the run; null when it has none, or when nothing in it conflicts. */
export function contestedHealFinding(spec: RunSpec, criteria: readonly Criterion[]): Finding | null {
  if (spec.workload.kind === 'single' || spec.workload.conflictShare === 0) return null;
  const [worst] = partitionsOf(spec)
    .map((cut) => healOf(spec, cut))
    .sort((a, b) => b.healUs - a.healUs);
  const [limit] = upperLimits(criteria, ['recovery.heal_time']);
  if (worst === undefined) return null;
  const limitUs = limit === undefined ? worst.cut.forUs : limit.limit * 1_000_000;
  const some = -Math.expm1(-worst.apart);
  const isLate = worst.healUs > limitUs;
  const conclusion = !isLate ? 'possible' : limit !== undefined && some > likely ? 'cannot-pass' : 'marginal';
  const facts =
    `a conflict between the sides of a ${cutName(worst.cut.groups)} cut, of which ${shown(worst.apart)} are expected, stays open for ${waitWords(worst.healUs)} after it: ` +
    `each side scored its own ${shown(worst.score)} times, and ${shown(100 * worst.scores)} % of the polls afterwards score what the largest side prefers`;
  return {
    topic: 'contested-heal',
    conclusion,
    because: `${conclusion === 'cannot-pass' ? 'cannot pass, because ' : ''}${facts}${isLate && limit !== undefined ? `, against ${limit.metric} ${limit.written}` : ''}`,
    arithmetic: lines(spec, worst, some),
    metrics: isLate && limit !== undefined ? [limit.metric] : [],
    nearest: null,
  };
}

function waitWords(us: number): string {
  const seconds = us / 1_000_000;
  if (us > foreverUs) return 'more than a year';
  if (seconds >= 2 * 86_400) return `at least ${shown(seconds / 86_400)} days`;
  return seconds >= 7_200 ? `at least ${shown(seconds / 3_600)} hours` : `at least ${shown(seconds)} s`;
}

function healOf(spec: RunSpec, cut: Partition): ContestedHeal {
  const { k, alphaPreference, alphaConfidence, beta, pollIntervalUs } = spec.consensus;
  const byzantine = attackerCount(spec.byzantine, spec.nodes);
  const [leastUs, mostUs] = spec.network.oneWayUs;
  const spacingUs = Math.max(pollIntervalUs, leastUs + mostUs);
  const polls = Math.floor(pollsInCut(spec, cut));
  const setting = { nodes: spec.nodes, byzantine, k, beta, polls, sides: cut.groups };
  const scored = cut.groups.map(
    (share) => cutSide({ ...setting, alphaConfidence: alphaPreference }, share).success,
  );
  const score = polls * Math.min(...scored);
  const honest = spec.nodes - byzantine;
  const largest = Math.ceil(Math.max(...cut.groups) * honest - 1e-9);
  // Attackers may vote with the largest side: the bound stays one from below.
  const whole = {
    nodes: spec.nodes,
    byzantine: Math.max(0, honest - largest),
    voter: 'reject',
    k,
    loss: 0,
    offlineShare: 0,
    retry: true,
  } as const;
  const scores = pollSuccess(whole, alphaPreference).p;
  const counts = pollSuccess(whole, alphaConfidence);
  const untilChange = scores === 0 ? Number.POSITIVE_INFINITY : score / scores;
  const apartShare = 1 - cut.groups.reduce((sum, share) => sum + share * share, 0);
  const pairsPerSecond = (meanTps(spec.workload) / spec.workload.batch) * (spec.workload.conflictShare / 2);
  return {
    cut,
    apart: (pairsPerSecond * cut.forUs * Math.max(0, apartShare)) / 1_000_000,
    polls,
    score,
    scores,
    counts,
    spacingUs,
    healUs: spacingUs * Math.min(untilChange, expectedRounds(counts, beta)),
  };
}

function lines(spec: RunSpec, heal: ContestedHeal, some: number): ArithmeticLine[] {
  const { alphaPreference, alphaConfidence, k, beta } = spec.consensus;
  return [
    line(
      'apart',
      heal.apart,
      'pairs',
      'conflicting pairs a second x length of the cut x P(issued on different sides)',
    ),
    line('P(some)', some, 'probability', 'at least one such pair, their number taken as Poisson'),
    line('polls', heal.polls, 'polls', 'of one node while the network is cut, two mean round trips each'),
    line(
      'score',
      heal.score,
      'polls',
      `of them with ${alphaPreference} of ${k} yes votes for its own, on the side that gathers fewest`,
    ),
    line(
      'p score',
      heal.scores,
      'probability',
      `P(${alphaPreference} of ${k} votes for what the largest side prefers), the network whole`,
    ),
    line(
      'E[T]',
      expectedRounds(heal.counts, beta),
      'polls',
      `until ${beta} in a row with ${alphaConfidence} votes for it, nobody changing sides`,
    ),
    line(
      'heals',
      heal.healUs / 1_000_000,
      's',
      `spacing ${heal.spacingUs / 1_000} ms x the smaller of score / p score and E[T]; at least`,
    ),
  ];
}
