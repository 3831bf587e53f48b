/**
 * Everything of a network on a cluster, in the order in which it is created.
 * Owns: namespaces, quotas, priorities, and that order. Does not own: nodes, conductor, secrets, policies, metrics (beside it).
 *
 * Nothing here outlives the cluster or bills by itself: no volume claims, no load balancers; the quota refuses them.
 */
import type { types } from '@pulumi/kubernetes';
import { configError } from '#infra/config.ts';
import { conductorManifests, conductorSize, type MoneyShown } from '#infra/manifests/conductor-manifests.ts';
import {
  labelsOf,
  type Manifest,
  type ManifestGround,
  type Namespace,
  namesOf,
  type PriorityClass,
  podSecurity,
} from '#infra/manifests/manifest.ts';
import {
  nodeConfigMap,
  nodeServiceAccount,
  nodeStatefulSets,
  podsOf,
} from '#infra/manifests/node-manifests.ts';
import { policyManifests } from '#infra/manifests/policy-manifests.ts';
import { secretManifests } from '#infra/manifests/secret-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';

function namespaceOf(plan: StackPlan, name: string): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...labelsOf(plan), ...podSecurity } },
  };
}

/** Nothing is evicted for a node: pods that do not fit stay pending and show that the plan was wrong. */
function priorities(plan: StackPlan): readonly PriorityClass[] {
  const { nodePriority, conductorPriority } = namesOf(plan);
  const priorityClass = (name: string, value: number, description: string): PriorityClass => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, labels: labelsOf(plan) },
    value,
    globalDefault: false,
    preemptionPolicy: 'Never',
    description,
  });
  return [
    priorityClass(conductorPriority, 100_000, 'The conductor of a measured network'),
    priorityClass(nodePriority, 1_000, 'Nodes of a measured network'),
  ];
}

/** What never may exist here, whoever asks: each would bill on after the cluster is gone. */
export const nothingThatBills: Readonly<Record<string, string>> = {
  'services.loadbalancers': '0',
  'services.nodeports': '0',
  persistentvolumeclaims: '0',
  'requests.storage': '0',
};

/** Conductor, drawing job with its retries, and a replacement of each while the old one ends. */
const otherPods = 10;

function quota(plan: StackPlan): Manifest {
  const pods = podsOf(plan);
  const conductor = conductorSize(plan.nodes);
  const { pod } = plan;
  const of = (perPod: number, perConductor: number, rest: number): number =>
    pods * perPod + 2 * perConductor + rest;
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'network', namespace: namesOf(plan).network, labels: labelsOf(plan) },
    spec: {
      hard: {
        pods: String(pods + otherPods),
        'requests.cpu': `${of(pod.cpuMilli, conductor.cpuMilli, 1_000)}m`,
        'requests.memory': `${of(pod.memoryMiB, conductor.memoryMiB, 1_024)}Mi`,
        'limits.cpu': `${of(pod.cpuLimitMilli, conductor.cpuMilli, 5_000)}m`,
        'limits.memory': `${of(pod.memoryLimitMiB, conductor.memoryMiB, 2_048)}Mi`,
        ...nothingThatBills,
      },
    },
  };
}

/** A container that says nothing gets little; one that asks for more than a conductor is a mistake. */
function limitRange(plan: StackPlan): Manifest {
  const { pod } = plan;
  const conductor = conductorSize(plan.nodes);
  const container: types.input.core.v1.LimitRangeItem = {
    type: 'Container',
    default: { cpu: '500m', memory: '256Mi' },
    defaultRequest: { cpu: '50m', memory: '64Mi' },
    max: {
      cpu: `${Math.max(pod.cpuLimitMilli, conductor.cpuMilli)}m`,
      memory: `${Math.max(pod.memoryLimitMiB, conductor.memoryMiB)}Mi`,
    },
  };
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'containers', namespace: namesOf(plan).network, labels: labelsOf(plan) },
    spec: { limits: [container] },
  };
}

/** The image of a plan. Throws ConfigError without one, or when the nodes do not fill their processes. */
export function networkImage(plan: StackPlan): string {
  if (plan.image === null)
    throw configError(plan.stack, 'image', 'is missing: what the pods run', 'REGISTRY/bft-scale@sha256:...');
  if (plan.nodes % plan.nodesPerProcess !== 0)
    throw configError(
      plan.stack,
      'nodesPerProcess',
      `${plan.nodes} nodes do not fill processes of ${plan.nodesPerProcess}`,
      'choose a divisor of nodes: every pod is the same',
    );
  return plan.image;
}

/** In the order in which an API server takes them. Both namespaces are of it: the secrets put the token for scraping into the other. */
export function networkManifests(
  plan: StackPlan,
  ground: ManifestGround,
  money: MoneyShown | null,
): readonly Manifest[] {
  const image = networkImage(plan);
  const { network, metrics } = namesOf(plan);
  return [
    namespaceOf(plan, network),
    namespaceOf(plan, metrics),
    ...priorities(plan),
    quota(plan),
    limitRange(plan),
    ...policyManifests(plan, ground),
    ...secretManifests(plan, ground, image),
    ...conductorManifests(plan, ground, image, money),
    nodeServiceAccount(plan),
    nodeConfigMap(plan),
    ...nodeStatefulSets(plan, ground, image),
  ];
}
