/**
 * The estimate of CPU time: monotone in what costs, and near the figures that were measured on a calm machine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { findScenario } from '#campaigns/scenario-file.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { chooseTier } from '#campaigns/targets/simulator/tier-choice.ts';
import { planWindow } from '#campaigns/targets/simulator/window.ts';
import { networkNamed, runSpecExample } from '#test/support/run-spec-example.ts';

const base = runSpecExample({
  nodes: 1_000,
  consensus: { ...runSpecExample().consensus, k: 50, alphaConfidence: 40, alphaPreference: 40, beta: 15 },
  topology: { kind: 'mesh', degree: 8 },
  network: networkNamed('lan'),
});

function withTps(tps: number): typeof base {
  return { ...base, workload: { ...base.workload, kind: 'constant', tps, batch: 1 } as const };
}

test('messages a second follow the measured growth with load within a third', () => {
  // docs/bench.md, growth with load: 1,000 nodes, M messages per CPU-second; phases are planned for a machine half as fast.
  const planned = 0.5;
  const measured: readonly (readonly [tps: number, rate: number])[] = [
    [10, 19.8],
    [100, 15.1],
    [500, 7.11],
    [1_000, 3.93],
  ];
  for (const [tps, rate] of measured) {
    const spec = withTps(tps);
    const estimated = planWindow(spec).estimatedMessages / plannedCpuSeconds(spec) / 1e6;
    const ratio = estimated / (planned * rate);
    assert.ok(ratio > 1 / 1.35 && ratio < 1.35, `${tps}: ${estimated} for ${rate}`);
  }
});

test('formulas cost nothing, counting grows with time, and a spliced run costs less than its window alone', () => {
  const spec = { ...withTps(100), duration: { ...base.duration, measureUs: 24 * 3_600_000_000 } };
  const cost = (tier: typeof spec.tier): number => plannedCpuSeconds({ ...spec, tier });
  assert.equal(cost('analytic'), 0);
  assert.ok(cost('lumped') > 0);
  assert.ok(cost('spliced') > cost('lumped'));
  const week = { ...spec, duration: { ...spec.duration, measureUs: 7 * spec.duration.measureUs } };
  const ratio = plannedCpuSeconds({ ...week, tier: 'lumped' }) / cost('lumped');
  assert.ok(Math.abs(ratio - 7) < 0.01);
});

test('a costly window of a settled network is spliced, with attackers that can be counted, too; a cheap one is not', () => {
  const scenario = findScenario('LT-003');
  const tierAt = (nodes: number, attack?: 'random' | 'collusion' | 'equivocation'): string => {
    const attacked = attack === undefined ? {} : { byzantineShares: [0.1], attacks: [attack] };
    return resolveScenario(scenario, { seed: 1, nodes: [nodes], ...attacked })[0]!.specs[0]!.tier;
  };
  assert.equal(tierAt(500), 'message');
  assert.equal(tierAt(10_000), 'spliced');
  assert.equal(tierAt(10_000, 'random'), 'spliced');
  assert.equal(tierAt(10_000, 'collusion'), 'spliced');
  assert.equal(tierAt(10_000, 'equivocation'), 'message');
});

test('conflicts are spliced where criteria ask about them no more than the window shows', () => {
  const specOf = (id: string, row: string): RunSpec | undefined =>
    resolveScenario(findScenario(id), { seed: 1 }).find(({ rowId }) => rowId === row)?.specs[0];
  const spec = specOf('RM-201', 'RM-201/attack=collusion')!;
  assert.equal(spec.tier, 'spliced');
  assert.match(spec.tierReason ?? '', /counted around it for vertices without a conflict/);
  const criterion = {
    comparator: 'at_most',
    limit: 1,
    written: '1',
    note: null,
    overUs: null,
    scope: 'row',
  } as const;
  assert.equal(chooseTier(spec, [{ ...criterion, metric: 'safety.violations' }]).tier, 'spliced');
  assert.equal(chooseTier(spec, [{ ...criterion, metric: 'latency.p95' }]).tier, 'message');
});

test('a short request is spliced like a long one, but not where spreading vertices is most of finality', () => {
  const tierOf = (id: string, row: string): string | undefined =>
    resolveScenario(findScenario(id), { seed: 1 }).find(({ rowId }) => rowId === row)?.specs[0]?.tier;
  assert.equal(tierOf('PRSM-EXTREME', 'PRSM-EXTREME/nodes=500'), 'spliced');
  assert.equal(tierOf('PRSM-TOPOLOGY', 'PRSM-TOPOLOGY/nodes=480,topology=ring'), 'message');
});

test('what vertices cost is seen by the estimate: a WAN with the same messages costs more', () => {
  const { workPerMessage: lan } = estimateFinality(withTps(100));
  const { workPerMessage: wan } = estimateFinality({ ...withTps(100), network: networkNamed('wan') });
  assert.ok(wan > 2 * lan, `${wan} ${lan}`);
});
