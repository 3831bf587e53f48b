/**
 * What follows from a plan for its deployments: which rows are measured in a cluster, on which networks, in which windows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterRows, deploymentsOf, withClusterRows } from '#campaigns/deployment-plan.ts';
import { cellId } from '#campaigns/plan.ts';
import { fakePlan, fakeRow } from '#test/support/fake-campaign.ts';

const inCloud = { target: 'kubernetes' } as const;

test('a campaign of this machine deploys nothing', () => {
  const plan = fakePlan('c', [fakeRow('A-1', 2)]);
  assert.deepEqual([clusterRows(plan), deploymentsOf(plan)], [[], []]);
});

test('every simulated row has a twin under the name that its conductor computes; overlap rows stay on this machine', () => {
  const pair = [
    fakeRow('B-1/simulated', 1, { scenarioId: 'B-1' }),
    {
      ...fakeRow('B-1/measured', 1, { scenarioId: 'B-1', nodesPerProcess: 8 }),
      target: 'processes' as const,
    },
  ];
  const measured = { ...pair[1]!, predictedBy: 'B-1/simulated' };
  const plan = fakePlan('c', [fakeRow('A-1/nodes=100', 2), pair[0]!, measured], inCloud);
  const [row, ...others] = clusterRows(plan);
  assert.deepEqual(others, []);
  assert.equal(row?.rowId, 'A-1/nodes=100,cluster');
  assert.equal(row?.predictedBy, 'A-1/nodes=100');
  for (const { id, spec } of row?.cells ?? []) assert.equal(id, cellId(spec, plan.codeVersion, 'kubernetes'));
  assert.equal(withClusterRows(plan).rows.length, 4);
});

test('networks go by size, small ones first, and none lives longer than its window', () => {
  const rows = [
    fakeRow('A-1/nodes=300', 1, { nodes: 300 }),
    fakeRow('A-1/nodes=100', 200),
    fakeRow('B-1/nodes=300', 1, { nodes: 300, scenarioId: 'B-1' }),
  ];
  const deployments = deploymentsOf(fakePlan('c', rows, inCloud));
  assert.deepEqual(
    deployments.map(({ name, nodes }) => `${name} ${nodes}`),
    [...deployments.slice(0, -1).map((_, index) => `d${index + 1} 100`), `d${deployments.length} 300`],
  );
  assert.ok(deployments.length > 2, 'two hundred runs need more than one window');
  assert.equal(deployments.flatMap(({ cells }) => cells).length, 202);
  assert.equal(deployments.at(-1)?.cells.length, 2);
});

test('what pods cannot do is skipped with the reason, and not deployed', () => {
  const stall = { kind: 'stall', nodes: 2, atUs: 1, forUs: 1 } as const;
  const plan = fakePlan('c', [fakeRow('A-1', 1, { faults: [stall] })], inCloud);
  assert.match(clusterRows(plan)[0]?.skip ?? '', /stall/);
  assert.deepEqual(deploymentsOf(plan), []);
});
