/**
 * What each fidelity of the product says about one small case: rounds to finality and decisions in which everybody finalised.
 * Owns: running them and reading their records. Does not own: the truth (virtuous-oracle.ts) or the comparison (comparisons.ts).
 */
import { finality } from '#campaigns/analytic/finality.ts';
import { roundsTable } from '#campaigns/analytic/run-length.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { DecisionChain } from '#campaigns/targets/simulator/lumped/decision-chain.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';
import { outcomeOf } from '#campaigns/targets/simulator/outcome.ts';
import { assemble, execute } from '#campaigns/targets/simulator/run.ts';
import { planWindow } from '#campaigns/targets/simulator/window.ts';
import { Core } from '#node/core/core.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';
import { CoreRounds } from './core-rounds.ts';
import type { VirtuousCase } from './virtuous-oracle.ts';

/** Pairs (live honest node, decision) by polls until finalised; the others are late. */
export interface Sample {
  readonly byRounds: ReadonlyMap<number, number>;
  readonly pairs: number;
  readonly decisions: number;
  /** Decisions in which every live honest node finalised in time. */
  readonly complete: number;
}

export interface Formulas {
  readonly success: number;
  readonly pmf: readonly number[];
  readonly oneWithin: number;
  readonly allWithin: number;
}

const lossOf = ({ loss: [over, under] }: VirtuousCase): number => over / under;

export function analyticSays(one: VirtuousCase): Formulas {
  const { nodes, byzantine, voter, k, alpha, beta, maxRounds, cutOff } = one;
  const offlineShare = cutOff / (nodes - byzantine);
  const law = finality({
    nodes,
    byzantine,
    voter,
    k,
    alpha,
    beta,
    maxRounds,
    offlineShare,
    loss: lossOf(one),
    retry: true,
  });
  const { pmf } = roundsTable(law.success, beta, maxRounds);
  return { success: law.success.p, pmf: [...pmf], oneWithin: law.oneWithin, allWithin: law.allWithin };
}

/** The chain that counts nodes, fed with the formulas' success probability as the lumped fidelity feeds it. */
export function lumpedSays(one: VirtuousCase, decisions: number, seed: number): Sample {
  const { nodes, byzantine, voter, k, alpha, beta, maxRounds, cutOff } = one;
  const offlineShare = cutOff / (nodes - byzantine);
  const { success } = finality({
    nodes,
    byzantine,
    voter,
    k,
    alpha,
    beta,
    maxRounds,
    offlineShare,
    loss: lossOf(one),
    retry: true,
  });
  const live = nodes - byzantine - cutOff;
  const chain = new DecisionChain(
    { nodes: live, beta, maxRounds, p: success.p, q: success.q },
    new Draws(seed, 0),
  );
  const histogram = new Float64Array(maxRounds + 1);
  let complete = 0;
  for (let i = 0; i < decisions; i += 1) if (chain.decide(histogram).late === 0) complete += 1;
  const byRounds = new Map([...histogram].map((pairs, rounds): [number, number] => [rounds, pairs]));
  return { byRounds, pairs: decisions * live, decisions, complete };
}

/** The consensus core, message by message, in rounds. */
export function coreSays(
  one: VirtuousCase,
  decisions: number,
  seed: number,
  kind: typeof Core = Core,
): Sample {
  const byRounds = new Map<number, number>();
  let complete = 0;
  const { alpha, ...rest } = one;
  const setting = { ...rest, alphaPreference: alpha, alphaConfidence: alpha, loss: lossOf(one) };
  let live = 0;
  for (let i = 0; i < decisions; i += 1) {
    const host = new CoreRounds(
      { ...setting, earlyEnd: i % 2 === 0 },
      (seed + Math.imul(i, 0x9e37_79b1)) | 0,
      kind,
    );
    live = host.live;
    const vertex = host.register(1);
    for (let node = 0; node < one.nodes; node += 1) host.deliver(node, vertex);
    for (let round = 0; round < one.maxRounds; round += 1) host.round();
    const seen = host.finalisedAt.get(vertex) ?? new Map<number, number>();
    for (const rounds of seen.values()) byRounds.set(rounds, (byRounds.get(rounds) ?? 0) + 1);
    if (seen.size === live) complete += 1;
  }
  return { byRounds, pairs: decisions * live, decisions, complete };
}

const attackOf = {
  reject: 'always-reject',
  accept: 'always-accept',
  random: 'random',
  silent: 'silent',
} as const;

/** A run of the simulator: every message takes one millisecond, nodes weigh nothing, one vertex at a time. */
export function simulatorSays(
  one: VirtuousCase,
  tier: 'message' | 'poll',
  decisions: number,
  seed: number,
): Sample {
  const base = runSpecExample();
  const spec: RunSpec = {
    ...base,
    tier,
    nodes: one.nodes,
    seed,
    network: { ...networkNamed('ideal'), oneWayUs: [1_000, 1_000] },
    calibration: weightless(defaultCalibration),
    consensus: {
      ...base.consensus,
      k: one.k,
      alphaPreference: one.alpha,
      alphaConfidence: one.alpha,
      beta: one.beta,
      maxRounds: one.maxRounds,
    },
    byzantine: {
      ...base.byzantine,
      share: (one.byzantine + 1e-6) / one.nodes,
      attack: one.byzantine > 0 ? attackOf[one.voter] : 'none',
    },
    workload: { ...base.workload, kind: 'single', batch: 1 },
  };
  const measureUs = 8 * decisions * one.maxRounds * spec.consensus.pollIntervalUs;
  const parts = assemble(spec, { plan: (planned) => ({ ...planWindow(planned), decisions, measureUs }) });
  const endedUs = execute(parts, () => undefined, new AbortController().signal);
  const { consensus_metrics } = outcomeOf(parts, endedUs, 0, false).result.results;
  const made = parts.recorder.vertices.length;
  return {
    byRounds: new Map(consensus_metrics.rounds.histogram),
    pairs: made * parts.honestCount,
    decisions: made,
    complete: Math.round(consensus_metrics.all_honest_share * made),
  };
}
