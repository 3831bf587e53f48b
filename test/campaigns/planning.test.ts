/** Goal: a campaign's largest calm row is taken to far larger networks by counting, or the reason is given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildPlan } from '#campaigns/plan.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import { planningOf } from '#campaigns/planning.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import { readScenario } from '#campaigns/scenario-file.ts';

function planOf(more: string, tps = 50): Plan {
  const text = `
id: MY-001
title: A steady load
nodes: [100, 200]
duration: { measure: 1m }
workload: { kind: constant, tps: ${tps} }
${more}
criteria:
  - { metric: safety.conflicts_finalized, equals: 0 }
`;
  return buildPlan({
    campaign: 'planning',
    phase: 'simulate',
    stack: 'local',
    target: 'simulator',
    codeVersion: 'test',
    nodeVersion: 'test',
    seed: 1,
    rows: resolveScenario(readScenario(text, 'planning.yaml'), { seed: 1 }),
  });
}

test('the largest calm row is counted at 100,000 and 1,000,000 nodes, the same each time', () => {
  const planning = planningOf(planOf(''))!;
  assert.equal(planning.rowId, 'MY-001/nodes=200');
  assert.deepEqual(
    planning.sizes.map(({ nodes, why }) => [nodes, why]),
    [
      [100_000, ''],
      [1_000_000, ''],
    ],
  );
  for (const { finalizedShare, p50Ms, p95Ms, roundsMean } of planning.sizes) {
    assert.ok(finalizedShare! > 0.999 && p50Ms! <= p95Ms! && roundsMean! >= 20);
  }
  assert.deepEqual(planningOf(planOf('')), planning);
});

test('traffic of a node is bounded by k and the load, not by the number of nodes', () => {
  const [some, many] = planningOf(planOf(''))!.sizes;
  assert.ok(Math.abs(some!.mbpsPerNode! - many!.mbpsPerNode!) < 0.01 * some!.mbpsPerNode!);
});

test('attacked and faulty rows are not taken further', () => {
  assert.equal(planningOf(planOf('byzantine: { share: 10% }')), null);
  assert.equal(planningOf(planOf('faults:\n  - { kind: loss, loss: 5%, at: 10s, for: 10s }')), null);
});

test('what cannot be counted says why', () => {
  const planning = planningOf(planOf('network: { one_way: 5ms, spread: pair }'));
  for (const { why, p95Ms } of planning?.sizes ?? []) {
    assert.equal(p95Ms, null);
    assert.match(why, /pair of nodes/);
  }
  assert.equal(planning?.sizes.length, 2);
});
