/**
 * The workload under Pulumi's mocks: every manifest becomes one resource of its kind, goes with the cluster, waits for what must be
 * there first, and carries no secret.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { cloudGround, networkPlan, shownMoney } from '#test/infra/manifests/network-plan.ts';
import { allManifests } from '#test/infra/network-size.ts';

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}
const seen: Seen[] = [];

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      seen.push({ type, name, inputs });
      return { id: `${name}-id`, state: inputs };
    },
    call: ({ inputs }) => inputs,
  },
  'bft-scale',
  'test',
);

test('every manifest is one resource, once, and all of them go with the cluster', async () => {
  const kubernetes = await import('@pulumi/kubernetes');
  const { workload } = await import('#infra/components/workload.ts');
  const cluster = new pulumi.ComponentResource('test:Cluster', 'cluster');
  const plan = networkPlan({ nodes: 10_000 });
  const outputs = workload(
    plan,
    {
      ...cloudGround,
      kind: 'kubernetes',
      provider: new kubernetes.Provider('k8s', {}),
      cluster,
      ready: [],
      deadline: pulumi.output('2026-11-29T03:00:00Z'),
      outputs: {},
    },
    shownMoney,
  );
  await pulumi.runtime.disconnect();
  const objects = allManifests(plan);
  const made = seen.filter(
    ({ type }) => type.startsWith('kubernetes:') && !type.startsWith('kubernetes:provider'),
  );
  const real = made.filter(({ type }) => type !== 'pulumi:providers:kubernetes');
  assert.deepEqual(
    real.map(({ inputs }) => (inputs['metadata'] as { name: string }).name).sort(),
    objects.map(({ metadata }) => metadata.name).sort(),
  );
  assert.ok(real.length < 200, `${real.length} resources`);
  assert.ok(!real.some(({ type }) => type.endsWith(':Secret')));
  assert.equal(new Set(real.map(({ name }) => name)).size, real.length);
  assert.deepEqual(Object.keys(outputs).sort(), ['conductor', 'grafana', 'metricsNamespace', 'namespace']);
});
