/**
 * A network of a given size on a real API server with fake machines of the type that the planner would take: from `apply` until every
 * pod is Ready and until nothing is left. Owns: that path and its figures. Does not own: expectations about time.
 */
import assert from 'node:assert/strict';
import { awsAllocatable, defaultPacking, packOneVm } from '#budgets/capacity.ts';
import { type Manifest, namesOf } from '#infra/manifests/manifest.ts';
import { metricsManifests } from '#infra/manifests/metrics-manifests.ts';
import { networkManifests } from '#infra/manifests/network-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import { poolLabel } from '#infra/platforms/ground.ts';
import type { ControlPlane } from '#test/bed/kubernetes/control-plane.ts';
import { until } from '#test/bed/patience.ts';
import { cloudGround, shownMoney } from '#test/infra/manifests/network-plan.ts';

export function allManifests(plan: StackPlan): readonly Manifest[] {
  return [...networkManifests(plan, cloudGround, shownMoney), ...metricsManifests(plan, cloudGround)];
}

/** A machine of the measured pool: what is allocatable after DaemonSets, as the planner reckons. */
const machine = { sku: 'c6i.2xlarge', vcpu: 8, memoryGiB: 16 };
const allocatable = awsAllocatable(machine.sku, machine.vcpu, machine.memoryGiB)!;
export const packing = packOneVm(machine.sku, allocatable);

export async function addMachines(plane: ControlPlane, vms: number): Promise<void> {
  const pool = (name: string) => ({
    labels: { [poolLabel]: name },
    taints: name === 'system' ? [] : [{ key: poolLabel, value: name, effect: 'NoSchedule' }],
  });
  const cpu = `${allocatable.cpuMilli - defaultPacking.daemonSetCpuMilli}m`;
  const memory = `${allocatable.memoryMiB - defaultPacking.daemonSetMemoryMiB}Mi`;
  const podsMost = allocatable.mostPods - defaultPacking.daemonSetPods;
  // Of a disk of 30 GiB, image and logs take their part.
  const storage = '20Gi';
  await plane.addNodes({
    count: vms,
    name: 'measured',
    cpu,
    memory,
    storage,
    pods: podsMost,
    ...pool('nodes'),
  });
  await plane.addNodes({ count: 2, name: 'system', cpu: '8', memory: '32Gi', ...pool('system') });
  await plane.addNodes({ count: 2, name: 'metrics', cpu: '16', memory: '64Gi', ...pool('metrics') });
}

export interface SizeFigures {
  readonly readySeconds: number;
  readonly goneSeconds: number;
  readonly memoryMiB: number;
  readonly podsOfFullestMachine: number;
}

const seconds = (sinceMs: number): number => Math.round((performance.now() - sinceMs) / 100) / 10;

/** Every pod Ready, all objects there, then all of it deleted again. `say`: each figure as soon as it is known. */
export async function upAndDown(
  plane: ControlPlane,
  plan: StackPlan,
  withinMs: number,
  say: (text: string) => void,
): Promise<SizeFigures> {
  const { network, metrics } = namesOf(plan);
  const began = performance.now();
  await plane.apply(allManifests(plan));
  await until(
    async () => {
      const words = [
        '-n',
        network,
        '-l',
        'app.kubernetes.io/name=bft-node',
        '-o',
        'jsonpath={.items[*].status.readyReplicas}',
      ];
      const ready = (await plane.kubectl('get', 'statefulsets', ...words)).split(' ').map(Number);
      return ready.reduce((sum, count) => sum + count, 0) === plan.nodes / plan.nodesPerProcess ? true : null;
    },
    { what: `${plan.nodes} nodes Ready`, withinMs, everyMs: 1_000 },
  );
  const readySeconds = seconds(began);
  const memoryMiB = Math.round(plane.memoryBytes() / 1_048_576);
  say(`${plan.nodes} nodes Ready in ${readySeconds} s, control plane ${memoryMiB} MiB`);
  const places = await plane.kubectl(
    ...['get', 'pods', '-n', network, '-l', 'app.kubernetes.io/name=bft-node'],
    ...['-o', 'jsonpath={.items[*].spec.nodeName}'],
  );
  const perMachine = Map.groupBy(places.split(' '), (name) => name);
  assert.ok(
    [...perMachine.keys()].every((name) => name.startsWith('measured-')),
    'a node outside of its pool',
  );
  const podsOfFullestMachine = Math.max(...[...perMachine.values()].map((names) => names.length));
  const leaving = performance.now();
  await plane.kubectl(
    'delete',
    'namespace',
    network,
    metrics,
    '--wait=true',
    `--timeout=${Math.round(withinMs / 1_000)}s`,
  );
  await plane.kubectl('delete', 'priorityclass', '-l', 'app.kubernetes.io/part-of=bft-scale');
  const goneSeconds = seconds(leaving);
  say(`gone in ${goneSeconds} s`);
  return { readySeconds, goneSeconds, memoryMiB, podsOfFullestMachine };
}

/** Kinds that a network consists of: none of them may be left. */
export async function objectsLeft(plane: ControlPlane): Promise<number> {
  const kinds = [
    'namespaces,priorityclasses,pods,statefulsets,deployments,replicasets,jobs,configmaps,secrets,services',
    'serviceaccounts,roles,rolebindings,networkpolicies,resourcequotas,limitranges,poddisruptionbudgets',
  ];
  return await plane.count(kinds.join(','), '-l', 'app.kubernetes.io/part-of=bft-scale');
}
