/**
 * Figures of counted nodes: CPU time of whole virtual days and of one decision, whatever the number of nodes.
 * Owns: which specification makes which figure. Does not own: the runs (campaigns/targets/simulator/lumped).
 */
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { JobResult } from '#campaigns/targets/benchmark/job-result.ts';
import { singleSpec } from '#campaigns/targets/benchmark/network-spec.ts';
import { cpuMs, type Efforts, keep, sampleNs } from '#campaigns/targets/benchmark/sampling.ts';
import { ConditionsOf } from '#campaigns/targets/simulator/lumped/conditions.ts';
import { DecisionChain } from '#campaigns/targets/simulator/lumped/decision-chain.ts';
import { Draws } from '#campaigns/targets/simulator/lumped/draws.ts';
import { runLumpedTier } from '#campaigns/targets/simulator/lumped/lumped-tier.ts';

const hourUs = 3_600_000_000;

/** 1,000 TPS on the WAN, 100/80/10, a tenth of the nodes always rejecting. */
function daySpec(nodes: number, hours: number): RunSpec {
  const spec = singleSpec(10_000);
  return {
    ...spec,
    nodes,
    tier: 'lumped',
    duration: { warmupUs: 60_000_000, measureUs: hours * hourUs, cooldownUs: 60_000_000 },
    workload: {
      kind: 'constant',
      tps: 1_000,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
  };
}

function cpuSeconds(nodes: number, hours: number): number {
  const from = cpuMs();
  keep(runLumpedTier(daySpec(nodes, hours)).result.results.throughput.total_vertices);
  return (cpuMs() - from) / 1_000;
}

/** A quick run counts an hour, for the path alone. */
export function measureLumped({ network, loop }: Efforts): JobResult {
  const isQuick = network.samples === 1;
  const hours = isQuick ? 1 : 24;
  const spec = daySpec(10_000, 1);
  const conditions = new ConditionsOf(spec);
  const { chance } = conditions.at(conditions.calm);
  const { beta, maxRounds } = spec.consensus;
  const chain = new DecisionChain(
    { nodes: conditions.calm.honestReached, beta, maxRounds, p: chance.p, q: chance.q },
    new Draws(1, 0),
  );
  const histogram = new Float64Array(maxRounds + 1);
  const several = (nodes: number): number[] =>
    Array.from({ length: isQuick ? 1 : 3 }, () => cpuSeconds(nodes, hours));
  return {
    samples: {
      'lumped.decision-10000': sampleNs(loop, (times) => {
        for (let i = 0; i < times; i += 1) keep(chain.decide(histogram).rounds);
      }).map((ns) => ns / 1e6),
      'lumped.day-10000': several(10_000),
      'lumped.day-1000000': several(1_000_000),
      'lumped.week-10000': [cpuSeconds(10_000, 7 * hours)],
    },
    facts: {},
  };
}
