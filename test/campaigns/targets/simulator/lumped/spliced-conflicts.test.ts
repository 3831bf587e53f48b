// Goal: a spliced run with conflicts, colluders or Sybil operators says of shares, bandwidth and detection what messages alone say, and
// its throughput and latency are those of its window.
// Method: networks of 60 nodes at both fidelities; Sybil votes in bundles against the success of polls in messages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { ConditionsOf } from '#campaigns/targets/simulator/lumped/conditions.ts';
import { planWindow } from '#campaigns/targets/simulator/window.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, runSpliced, smallSpec } from '../small-run.ts';

const second = 1_000_000;

function contested(attack: RunSpec['byzantine']['attack'], conflictShare: number): RunSpec {
  return smallSpec({
    nodes: 60,
    network: networkNamed('lan'),
    consensus: { k: 15, alphaConfidence: 12, alphaPreference: 12, beta: 8, maxRounds: 60 },
    byzantine: { share: 0.1, attack, clusters: 2, identities: 3 },
    workload: { tps: 200, conflictShare },
    messageBudget: 1_000,
    duration: { warmupUs: 10 * second, measureUs: 20 * second, cooldownUs: second },
  });
}

function near(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} for ${expected}`);
}

for (const attack of ['collusion', 'always-accept', 'random'] as const) {
  test(`conflicts with ${attack}: shares, bandwidth and safety are those of messages alone`, () => {
    const spec = contested(attack, 0.1);
    const { result: alone } = runSpec({ ...spec, messageBudget: 40_000_000 });
    const spliced = runSpliced(spec).result;
    const [seen, whole] = [spliced.results, alone.results];
    near(seen.consensus_metrics.finalized_share, whole.consensus_metrics.finalized_share, 0.03, 'finalised');
    near(seen.resource_usage.avg_network_mbps / whole.resource_usage.avg_network_mbps, 1, 0.1, 'bandwidth');
    near(seen.latency.p50_ms! / whole.latency.p50_ms!, 1, 0.1, 'median');
    assert.equal(seen.consensus_metrics.conflicts_finalized, 0);
    assert.equal(seen.consensus_metrics.false_positives, 0);
    assert.equal(seen.consensus_metrics.byzantine_detected, whole.consensus_metrics.byzantine_detected);
    assert.ok(
      spliced.anomalies.some((note) => /of vertices without a conflict; throughput, latency/.test(note)),
    );
  });
}

test('with conflicts the window begins later: what nobody wins has piled up by then', () => {
  const spec = { ...contested('collusion', 0.1), tier: 'spliced' } as const;
  const plan = planWindow(spec);
  assert.equal(Math.round(plan.warmupUs / plan.finalityUs), 4);
  assert.equal(Math.round(plan.measureUs / plan.finalityUs), 8);
  const calm = planWindow({ ...spec, workload: { ...spec.workload, conflictShare: 0 } });
  assert.equal(Math.round(calm.warmupUs / calm.finalityUs), 2);
});

test('polls of a network with Sybil operators succeed as often as the law of bundled votes says', () => {
  const spec = contested('sybil', 0);
  const conditions = new ConditionsOf({
    ...spec,
    byzantine: { ...spec.byzantine, share: 0.2, identities: 6 },
  });
  const { p } = conditions.at(conditions.calm).chance;
  const { result } = runSpec({
    ...spec,
    byzantine: { ...spec.byzantine, share: 0.2, identities: 6 },
    messageBudget: 10_000_000,
  });
  const coins = new ConditionsOf({ ...spec, byzantine: { ...spec.byzantine, share: 0.2, identities: 1 } });
  const { p: alone } = coins.at(coins.calm).chance;
  const seen = result.results.consensus_metrics.polls_successful_share;
  assert.ok(Math.abs(seen - p) < Math.abs(seen - alone), `${seen}: bundled ${p}, alone ${alone}`);
});
