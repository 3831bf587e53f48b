/**
 * Does the configuration live, and stay safe, with its attackers?
 * Owns: the finding on Byzantine tolerance of one run and of a promised share. Does not own: the formulas.
 */
import { halvesBoundLog10 } from '#campaigns/analytic/cut.ts';
import type { Finality } from '#campaigns/analytic/finality.ts';
import { finality } from '#campaigns/analytic/finality.ts';
import { type SafetyBounds, safetyBounds } from '#campaigns/analytic/safety.ts';
import {
  defaultLivenessTarget,
  defaultSafetyTarget,
  livenessTolerance,
  safetyTolerance,
} from '#campaigns/analytic/tolerance.ts';
import type { Criterion } from '#campaigns/plan-record.ts';
import type { AttackName, RunSpec } from '#campaigns/run-spec.ts';
import { attackerCount, attackModel, offlineShare } from './attackers.ts';
import type { ArithmeticLine, Conclusion, Finding } from './finding.ts';
import { line, lowerLimits, shown, upperLimits } from './finding.ts';
import { nearestConsensus } from './nearest-consensus.ts';

const notUnsafe = 'failing here means not live (undecided), never unsafe';

/** One finding; it bears on whichever liveness, latency and throughput criteria the row has. */
export function byzantineFinding(spec: RunSpec, criteria: readonly Criterion[]): Finding {
  const { attack } = spec.byzantine;
  const model = attackModel(attack);
  const reached = reach(spec, attack);
  const missed = missedCriteria(spec, reached, criteria);
  const bounds = boundsOf(spec);
  const conclusion = conclude(missed.length > 0, model.exact, reached);
  const share = (100 * attackerCount(spec.byzantine, spec.nodes)) / spec.nodes;
  const who = attack === 'none' ? 'without attackers' : `with ${shown(share)} % ${attack} nodes`;
  const { k, alphaConfidence: alpha, beta, maxRounds } = spec.consensus;
  const facts =
    `a poll needs ${alpha} of ${k} yes votes and succeeds with probability ${shown(reached.success.p)} ${who}, ` +
    `so ${beta} in a row take ${shown(reached.expectedRounds)} polls on average and ` +
    `${shown(100 * reached.oneWithin)} % of the nodes finalise within ${maxRounds}`;
  return {
    topic: 'byzantine-tolerance',
    conclusion,
    because: sentence(conclusion, facts, missed, bounds.splitLog10, model.exact),
    arithmetic: [...reachLines(spec, reached), ...toleranceLines(spec), ...safetyLines(bounds)],
    metrics: [...new Set(missed.map((c) => c.metric))],
    nearest: conclusion === 'possible' ? null : nearestConsensus(aimOf(spec, attack), spec.consensus),
  };
}

/** Is a promised share of always-rejecting (the worst steady) attackers borne, whatever the rows run with? */
export function promisedShareFinding(spec: RunSpec, promisedShare: number): Finding {
  const promised: RunSpec = {
    ...spec,
    byzantine: { ...spec.byzantine, share: promisedShare, attack: 'always-reject' },
    faults: [],
  };
  const reached = reach(promised, 'always-reject');
  const borne =
    reached.oneWithin >= defaultLivenessTarget.oneWithinLeast &&
    reached.allWithin >= defaultLivenessTarget.allWithinLeast;
  const { k, alphaConfidence: alpha } = spec.consensus;
  const needed = (100 * alpha) / k;
  const bounds = boundsOf(promised);
  return {
    topic: 'byzantine-tolerance',
    conclusion: borne ? 'possible' : 'cannot-pass',
    because: borne
      ? `${shown(100 * promisedShare)} % attackers are borne at ${spec.nodes} nodes`
      : `cannot pass, because ${alpha} of ${k} is ${shown(needed)} % yes votes and ${shown(100 * promisedShare)} % rejecting nodes ` +
        `leave ${shown(100 * (1 - promisedShare))} %: a poll at ${spec.nodes} nodes succeeds with probability ${shown(reached.success.p)}; ${notUnsafe}`,
    arithmetic: [...reachLines(promised, reached), ...toleranceLines(spec), ...safetyLines(bounds)],
    metrics: ['liveness.finalized_share', 'liveness.all_honest_share'],
    nearest: borne ? null : nearestConsensus(aimOf(promised, 'always-reject'), spec.consensus),
  };
}

function sentence(
  conclusion: Conclusion,
  facts: string,
  missed: readonly Criterion[],
  splitLog10: number,
  exact: boolean,
): string {
  const safety =
    splitLog10 <= Math.log10(defaultSafetyTarget)
      ? notUnsafe
      : 'and an unsafe decision is not excluded either';
  switch (conclusion) {
    case 'possible':
      return facts;
    case 'marginal':
      return exact
        ? `no criterion here asks for more, but ${facts}; ${safety}`
        : `if the attackers reject honest vertices, ${facts}; ${safety}`;
    case 'cannot-pass':
      return `cannot pass, because ${facts}, against ${missed.map((c) => `${c.metric} ${c.written}`).join(', ')}; ${safety}`;
  }
}

function conclude(missed: boolean, exact: boolean, reached: Finality): Conclusion {
  if (missed) return exact ? 'cannot-pass' : 'marginal';
  const { oneWithinLeast, allWithinLeast } = defaultLivenessTarget;
  return reached.oneWithin >= oneWithinLeast && reached.allWithin >= allWithinLeast ? 'possible' : 'marginal';
}

function settingOf(spec: RunSpec, attack: AttackName, offline: number) {
  const { k, alphaConfidence: alpha, beta, maxRounds } = spec.consensus;
  const { voter } = attackModel(attack);
  return {
    nodes: spec.nodes,
    voter,
    k,
    alpha,
    beta,
    maxRounds,
    loss: spec.network.loss,
    offlineShare: offline,
    retry: true,
  };
}

function reach(spec: RunSpec, attack: AttackName): Finality {
  const byzantine = attackerCount({ share: spec.byzantine.share, attack }, spec.nodes);
  return finality({
    ...settingOf(spec, attack, Math.min(0.9, offlineShare(spec.faults, spec.nodes))),
    byzantine,
  });
}

function boundsOf(spec: RunSpec): SafetyBounds & { readonly cutLog10: number } {
  const { k, alphaPreference, alphaConfidence, beta, maxRounds } = spec.consensus;
  const byzantine = attackerCount(spec.byzantine, spec.nodes);
  const setting = { nodes: spec.nodes, byzantine, k, alphaPreference, alphaConfidence, beta, maxRounds };
  return { ...safetyBounds(setting), cutLog10: halvesBoundLog10(setting) };
}

function aimOf(spec: RunSpec, attack: AttackName) {
  return {
    nodes: spec.nodes,
    byzantine: attackerCount({ share: spec.byzantine.share, attack }, spec.nodes),
    voter: attackModel(attack).voter,
    rounds: spec.consensus.maxRounds,
    safetyLog10: Math.log10(defaultSafetyTarget),
    notion: 'split' as const,
    liveness: defaultLivenessTarget,
  };
}

/**
 * Criteria that the expected share of late nodes alone rules out. A pair undecided at the round limit counts as later
 * than any figure, so a quantile fails as soon as more than its complement is late.
 */
function missedCriteria(spec: RunSpec, reached: Finality, criteria: readonly Criterion[]): Criterion[] {
  const { oneWithin, oneLate, allWithin } = reached;
  const missed: Criterion[] = [];
  const quantiles: Readonly<Record<string, number>> = {
    'latency.p50': 0.5,
    'latency.p95': 0.05,
    'latency.p99': 0.01,
    'latency.p999': 0.001,
  };
  for (const [metric, late] of Object.entries(quantiles)) {
    if (oneLate > late) missed.push(...upperLimits(criteria, [metric]));
  }
  const shares: readonly (readonly [string, number])[] = [
    ['liveness.finalized_share', oneWithin],
    ['liveness.all_honest_share', allWithin],
  ];
  for (const [metric, value] of shares) {
    missed.push(...lowerLimits(criteria, [metric]).filter((c) => value < 0.99 * c.limit));
    missed.push(
      ...criteria.filter((c) => c.metric === metric && c.comparator === 'below' && value >= c.limit),
    );
  }
  const lateShare = ['liveness.undecided_share', 'latency.undecided_share'];
  missed.push(...upperLimits(criteria, lateShare).filter((c) => oneLate > c.limit + 0.01));
  // Twenty finality times of at least one vertex each: the fewest pairs any run observes.
  const pairs = 20 * (spec.nodes - attackerCount(spec.byzantine, spec.nodes));
  missed.push(...upperLimits(criteria, ['liveness.failures']).filter((c) => oneLate * pairs > c.limit + 5));
  if (oneLate > 0.01 && 'tps' in spec.workload) {
    const offered = spec.workload.tps;
    const rates = ['throughput.avg_tps', 'throughput.min_tps'];
    missed.push(...lowerLimits(criteria, rates).filter((c) => offered * oneWithin < 0.99 * c.limit));
  }
  return missed;
}

function reachLines(spec: RunSpec, reached: Finality): ArithmeticLine[] {
  const { nodes, consensus } = spec;
  const byzantine = attackerCount(spec.byzantine, nodes);
  return [
    line('N', nodes, 'nodes', 'configured'),
    line('B', byzantine, 'nodes', `floor(${spec.byzantine.share} x N), ${spec.byzantine.attack}`),
    line(
      'alpha/k',
      consensus.alphaConfidence / consensus.k,
      'share',
      `${consensus.alphaConfidence} of ${consensus.k} yes votes`,
    ),
    line(
      'p',
      reached.success.p,
      'probability',
      'P(at least alpha yes votes), sampling without replacement from N-1, loss and one retry included',
    ),
    line('E[T]', reached.expectedRounds, 'polls', `sum of p^-i, i = 1..beta = ${consensus.beta}`),
    line(
      'P(one)',
      reached.oneWithin,
      'probability',
      `one honest node finalises within ${consensus.maxRounds} polls`,
    ),
    line('P(all)', reached.allWithin, 'probability', 'P(one)^H: all honest nodes do'),
  ];
}

function toleranceLines(spec: RunSpec): ArithmeticLine[] {
  const { k, alphaPreference, alphaConfidence, beta, maxRounds } = spec.consensus;
  const { oneWithinLeast, allWithinLeast } = defaultLivenessTarget;
  const attacks: readonly AttackName[] = ['always-reject', 'silent', 'random'];
  const live = attacks.map((attack) => {
    const { share } = livenessTolerance({ ...settingOf(spec, attack, 0), loss: 0 });
    return line(
      `f max, ${attack}`,
      share,
      'share',
      `largest share with P(one) >= ${oneWithinLeast} and P(all) >= ${allWithinLeast}, no loss`,
    );
  });
  const safe = { nodes: spec.nodes, k, alphaPreference, alphaConfidence, beta, maxRounds };
  return [
    ...live,
    line(
      'f safe, split',
      safetyTolerance(safe, 'split').share,
      'share',
      `largest share whose split bound is <= ${defaultSafetyTarget} per decision`,
    ),
    line(
      'f safe, reversal',
      safetyTolerance(safe, 'reversal').share,
      'share',
      'the same for a reversal; a drift argument, not a proof',
    ),
  ];
}

function safetyLines(bounds: ReturnType<typeof boundsOf>): ArithmeticLine[] {
  return [
    line(
      'log10 S1',
      bounds.splitLog10,
      'log10 probability',
      'N x rounds x P(alpha yes votes | even split and every attacker)^beta, at most 0',
    ),
    line(
      'log10 S1, cut',
      bounds.cutLog10,
      'log10 probability',
      'both halves of a network that is cut for the round limit, empty slots retried, attackers answering both',
    ),
    line(
      'log10 S2',
      bounds.reversalLog10,
      'log10 probability',
      'the same from the unstable point of the preference drift',
    ),
  ];
}
