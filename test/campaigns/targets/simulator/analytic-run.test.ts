// Goal: the analytic fidelity yields a valid result with the formulas' figures and says what it leaves out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runResult } from '#campaigns/results/schema.ts';
import { analyticRun } from '#campaigns/targets/simulator/analytic-run.ts';
import { exampleSpec } from '#test/campaigns/feasibility/example-spec.ts';

test('150 nodes with 10 % rejecting: rounds, shares and a valid record', () => {
  const { result } = analyticRun({
    ...exampleSpec({ nodes: 150, share: 0.1, attack: 'always-reject' }),
    tier: 'analytic',
  });
  runResult.parse(result);
  const { consensus_metrics: metrics } = result.results;
  assert.ok(Math.abs(metrics.rounds.mean! - 23.15) < 0.02);
  assert.ok(Math.abs(metrics.all_honest_share - 0.996) < 0.0005);
  assert.equal(metrics.rounds.p50, 20);
  const nodes = metrics.rounds.histogram.reduce((sum, [, count]) => sum + count, 0);
  assert.ok(Math.abs(nodes - 135) < 0.01);
  assert.equal(result.tier, 'analytic');
  assert.equal(result.provenance, 'SIMULATED');
  assert.equal(result.test_status, 'PASSED');
  assert.equal(result.results.simulation.messages, 0);
});

test('a network that does not live reports no latency and its failures', () => {
  const { result } = analyticRun(exampleSpec({ nodes: 1_000, share: 0.3, attack: 'always-reject' }));
  runResult.parse(result);
  assert.equal(result.results.latency.p50_ms, null);
  assert.ok(result.results.latency.undecided_share > 0.999);
  assert.ok(result.results.throughput.avg_tps < 1);
  assert.ok(result.results.consensus_metrics.liveness_failures > 690);
});

test('what the formulas do not model makes the run inconclusive, in words', () => {
  const spec = exampleSpec({ nodes: 150, share: 0.1, attack: 'collusion' });
  const faults = [{ kind: 'partition', groups: [75, 75], atUs: 0, forUs: 1_000_000 }] as const;
  const { result } = analyticRun({ ...spec, faults });
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.match(result.reason, /partition/);
  assert.match(result.reason, /collusion/);
});

test('the figures depend on the configuration, not on the seed', () => {
  const hash = (seed: number, nodes: 150 | 1_000): string =>
    analyticRun({ ...exampleSpec({ nodes }), seed }).result.determinism.trace_hash;
  assert.equal(hash(1, 1_000), hash(2, 1_000));
  assert.notEqual(hash(1, 1_000), hash(1, 150));
});
