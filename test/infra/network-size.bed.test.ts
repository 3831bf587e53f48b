/**
 * The network of the stack 1k-nodes on a real API server: every object admitted with strict validation, 1,000 pods Ready on exactly the
 * machines that the planner counted, one machine less is too few, nothing left after. NOT RUN where the control plane is not built.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { vmsFor } from '#budgets/capacity.ts';
import { namesOf } from '#infra/manifests/manifest.ts';
import { type ControlPlane, startControlPlane } from '#test/bed/kubernetes/control-plane.ts';
import { until } from '#test/bed/patience.ts';
import { kubernetesTool, missing } from '#test/bed/tools.ts';
import { networkPlan } from '#test/infra/manifests/network-plan.ts';
import { addMachines, allManifests, objectsLeft, packing, upAndDown } from '#test/infra/network-size.ts';

const plan = networkPlan({ nodes: 1_000 });
const { vms, arithmetic } = vmsFor(plan.nodes, packing);

describe('a network of 1,000 on a real API server', {
  skip: missing(kubernetesTool),
  timeout: 900_000,
}, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await addMachines(plane, vms);
  });
  after(async () => await plane?.stop());

  test('becomes Ready on the machines that the planner counted, and goes without a trace', async (context) => {
    const figures = await upAndDown(plane, plan, 400_000, (text) => context.diagnostic(text));
    context.diagnostic(
      `${arithmetic}; Ready in ${figures.readySeconds} s, gone in ${figures.goneSeconds} s, control plane ${figures.memoryMiB} MiB`,
    );
    assert.ok(
      figures.podsOfFullestMachine <= packing.podsPerVm,
      `${figures.podsOfFullestMachine} on one machine`,
    );
    assert.equal(await objectsLeft(plane), 0);
  });

  test('a namespace refuses what would bill on, pods that are not locked down, and unknown fields', async () => {
    const small = networkPlan({ nodes: 3, run: 'refusals' });
    const { network } = namesOf(small);
    const objects = allManifests(small);
    await plane.apply(objects);
    const meta = (name: string) => ({ name, namespace: network });
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const container = {
      name: 'x',
      image: 'x.invalid/x',
      resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
    };
    const refused: readonly (readonly [object, RegExp])[] = [
      [
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: meta('c'), spec: claim },
        /exceeded quota/,
      ],
      [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: meta('l'),
          spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
        },
        /exceeded quota/,
      ],
      [
        { apiVersion: 'v1', kind: 'Pod', metadata: meta('p'), spec: { containers: [container] } },
        /violates PodSecurity/,
      ],
      [
        { ...objects.find(({ kind }) => kind === 'StatefulSet')!, specs: {} },
        /unknown field|not declared in schema/,
      ],
    ];
    for (const [object, why] of refused) await assert.rejects(plane.apply([object]), why);
    const secret = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: objects.find(({ kind }) => kind === 'ConfigMap')!.metadata,
    };
    await assert.rejects(
      plane.apply([{ ...secret, data: { BFT_NODE_DATA: '/elsewhere' } }], '--force-conflicts'),
      /immutable/,
    );
  });

  test('pods that do not fit stay pending: one machine less is too few', async () => {
    const crowd = networkPlan({ nodes: 30, run: 'crowd' });
    const { network } = namesOf(crowd);
    // All machines but one are closed: 15 pods of half a core fit, as the planner says, and 15 wait.
    const names = (
      await plane.kubectl('get', 'nodes', '-l', 'bft/pool=nodes', '-o', 'jsonpath={.items[*].metadata.name}')
    ).split(' ');
    await plane.kubectl('cordon', ...names.slice(1));
    await plane.kubectl('delete', 'namespace', 'bft-refusals', 'bft-metrics-refusals', '--wait=true');
    await plane.apply(allManifests(crowd));
    const count = (phase: string) =>
      plane.count(
        'pods',
        '-l',
        'bft/run=crowd,app.kubernetes.io/name=bft-node',
        `--field-selector=status.phase=${phase}`,
      );
    await until(async () => ((await count('Running')) === packing.podsPerVm ? true : null), {
      what: `${packing.podsPerVm} pods on one machine of ${network}`,
      withinMs: 120_000,
      everyMs: 500,
    });
    assert.equal(await count('Pending'), 30 - packing.podsPerVm);
  });
});
