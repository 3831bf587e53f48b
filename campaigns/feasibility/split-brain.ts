/**
 * Can both sides of a partition decide?
 * Owns: the finding on a run that is cut, and its nearest parameters. Does not own: the bound (campaigns/analytic/cut.ts).
 */
import { type CutSetting, cutBoundLog10, cutSide, leastAlphaOfCut } from '#campaigns/analytic/cut.ts';
import { defaultSafetyTarget } from '#campaigns/analytic/tolerance.ts';
import type { Criterion } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { attackerCount } from './attackers.ts';
import type { ArithmeticLine, Finding, NearestChange } from './finding.ts';
import { line, shown } from './finding.ts';
import { cutName, likely, type Partition, partitionsOf, pollsInCut } from './partition-cut.ts';

const bearsOn = ['safety.conflicts_finalized', 'safety.violations'];

/** The worst partition of the run; null when it has none, or when nothing in it conflicts. */
export function splitBrainFinding(spec: RunSpec, criteria: readonly Criterion[]): Finding | null {
  const settings = partitionsOf(spec).map((cut) => cutOf(spec, cut));
  const [worst] = settings.sort((a, b) => cutBoundLog10(b) - cutBoundLog10(a));
  if (worst === undefined) return null;
  const bound = cutBoundLog10(worst);
  const limit = Math.log10(defaultSafetyTarget);
  const metrics = criteria.filter(({ metric }) => bearsOn.includes(metric)).map(({ metric }) => metric);
  const { k, alphaConfidence: alpha, beta } = spec.consensus;
  const [larger, other] = largest(worst);
  const facts =
    `each side of a ${cutName(worst.sides)} cut asks a fresh peer for every slot that stays empty, so a poll there gathers ${alpha} of ${k} votes with ` +
    `probability ${shown(larger)} and ${shown(other)}`;
  if (bound <= limit)
    return {
      topic: 'split-brain',
      conclusion: 'possible',
      because: `${facts}, and ${beta} in a row on both sides are rarer than ${shown(defaultSafetyTarget)} per conflict`,
      arithmetic: lines(spec, worst, bound),
      metrics: [],
      nearest: null,
    };
  const isForbidden = metrics.length > 0 && spec.workload.conflictShare > 0;
  const certain = isForbidden && everybodyDecides(worst);
  return {
    topic: 'split-brain',
    conclusion: certain ? 'cannot-pass' : 'marginal',
    because:
      `${certain ? 'cannot pass, because the network' : 'the network'} can decide one conflict on both sides of a ${cutName(worst.sides)} cut differently, ` +
      `because ${facts}; up to ${shown(10 ** bound)} per conflict that the sides see in different order, with attackers who answer both`,
    arithmetic: lines(spec, worst, bound),
    metrics: isForbidden ? metrics : [],
    nearest: nearestAlpha(worst, limit),
  };
}

/** Without a single attacker's help: beta successes in a row are expected on both sides while the cut lasts. */
function everybodyDecides(setting: CutSetting): boolean {
  const helpless = { ...setting, byzantine: 0 };
  return setting.sides.every((share) => {
    const { success } = cutSide(helpless, share);
    return success ** setting.beta * (setting.polls / setting.beta) > likely;
  });
}

/** The two sides that are likeliest to decide. */
function largest(setting: CutSetting): readonly [number, number] {
  const chances = setting.sides.map((share) => cutSide(setting, share).success).sort((a, b) => b - a);
  return [chances[0] ?? 0, chances[1] ?? 0];
}

function cutOf(spec: RunSpec, cut: Partition): CutSetting {
  const { k, alphaConfidence, beta } = spec.consensus;
  return {
    nodes: spec.nodes,
    byzantine: attackerCount(spec.byzantine, spec.nodes),
    k,
    alphaConfidence,
    beta,
    sides: cut.groups,
    polls: Math.ceil(pollsInCut(spec, cut)),
  };
}

function lines(spec: RunSpec, setting: CutSetting, bound: number): ArithmeticLine[] {
  const { consensus } = spec;
  return [
    line('alpha/k', consensus.alphaConfidence / consensus.k, 'share', 'yes votes that a poll needs'),
    line('B', setting.byzantine, 'nodes', 'attackers, who answer every side'),
    ...setting.sides.map((share, i) =>
      line(
        `p side ${i + 1}`,
        cutSide(setting, share).success,
        'probability',
        `P(alpha votes): ${shown(100 * share)} % of the honest nodes and every attacker reached, one retry of each empty slot`,
      ),
    ),
    line('polls', setting.polls, 'polls', 'of one node while the network is cut, two mean round trips each'),
    line(
      'log10 both',
      bound,
      'log10 probability',
      `sum over the two likeliest sides of log10(nodes x polls x p^${consensus.beta}), each at most 0`,
    ),
  ];
}

function nearestAlpha(setting: CutSetting, limit: number): NearestChange | null {
  const alpha = leastAlphaOfCut(setting, limit);
  if (alpha === null) return null;
  return {
    change: `alpha ${alpha} of ${setting.k} instead of ${setting.alphaConfidence}`,
    values: { alpha },
    achieves: `both sides of such a cut decide one conflict with a probability of at most ${shown(defaultSafetyTarget)}; attackers who reject are borne less`,
  };
}
