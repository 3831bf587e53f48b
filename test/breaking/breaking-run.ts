/**
 * One small network under one attack: did it still decide, and was it safe?
 * Owns: the scenario that all attacks share, and what counts as broken. Does not own: how many attackers are tried.
 */
import { resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { readScenario } from '#campaigns/scenario-file.ts';
import { runEvents } from '#campaigns/targets/simulator/run.ts';
import type { Attack } from '#node/byzantine/attacks.ts';

/** The ratios of the large networks: alpha = 0.8 k, a few polls; one vertex in five is a double spend. */
export const setting = {
  nodes: 30,
  k: 10,
  alphaPreference: 6,
  alphaConfidence: 8,
  beta: 6,
  rounds: 60,
  conflictShare: 0.2,
  undecidedMost: 0.05,
} as const;

/** At least one honest node is left to be asked about, and two to disagree. */
export const attackersMost = setting.nodes - 3;

const scenario = `
id: BREAKING-POINT
title: A small network under attack
nodes: ${setting.nodes}
network: { one_way: 2ms..10ms, loss: 0% }
byzantine: { share: 10%, attack: random }
consensus: { k: ${setting.k}, alpha: ${setting.alphaConfidence}, alphaPreference: ${setting.alphaPreference}, beta: ${setting.beta}, rounds: ${setting.rounds} }
service_times: none
duration: { warmup: 200ms, measure: 3s, cooldown: 500ms }
workload: { kind: constant, tps: 40, conflicts: ${100 * setting.conflictShare}% }
message_budget: 60000
criteria:
  - { metric: safety.conflicts_finalized, equals: 0 }
`;

let base: RunSpec | null = null;

function baseSpec(): RunSpec {
  if (base === null) {
    const [row] = resolveScenario(readScenario(scenario, 'breaking.yaml'), { seed: 1, replications: 1 });
    base = { ...row!.specs[0]!, tier: 'message' };
  }
  return base;
}

export interface Outcome {
  readonly isStuck: boolean;
  readonly isUnsafe: boolean;
}

/** The same seed is the same network and load for every attack and number of attackers. */
export function attackedRun(attack: Attack, attackers: number, seed: number): Outcome {
  const spec = baseSpec();
  const byzantine = { ...spec.byzantine, attack, share: attackers / setting.nodes };
  const { result } = runEvents({ ...spec, seed, byzantine }, () => undefined, new AbortController().signal);
  const { consensus_metrics: consensus, latency } = result.results;
  return {
    isStuck: latency.undecided_share > setting.undecidedMost,
    isUnsafe: consensus.conflicts_finalized > 0 || consensus.safety_violations.length > 0,
  };
}
