/**
 * The program under Pulumi's own mocks: it composes, and says what is wrong before it creates anything.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';

const created: pulumi.runtime.MockResourceArgs[] = [];
await pulumi.runtime.setMocks(
  {
    newResource: (args) => {
      created.push(args);
      return { id: `${args.name}-id`, state: args.inputs };
    },
    call: (args) => args.inputs,
  },
  'bft-scale',
  'local',
);
const { runProgram } = await import('#infra/program.ts');

test('a context of the kubeconfig gets the network and its metrics', async () => {
  const config = {
    'bft-scale:platform': 'local',
    'bft-scale:phase': 'phase1',
    'bft-scale:nodes': '20',
    'bft-scale:kubeContext': 'kind-bft',
  };
  const outputs = await runProgram({ stack: 'local', config, now: '2026-12-01T12:00:00Z' });
  assert.equal(outputs.nodes, 20);
  const resolved = await new Promise<Record<string, unknown>>((resolve) => {
    pulumi.output(outputs).apply((values) => resolve(values));
  });
  assert.equal(typeof resolved['namespace'], 'string');
  assert.ok(created.some(({ type }) => type === 'kubernetes:core/v1:Namespace'));
});
