/**
 * The consensus nodes as Kubernetes objects: StatefulSets of at most 100 pods and their immutable configuration.
 * Owns: the pod of a node, down to every argument that node/main.ts reads. Does not own: namespaces, policies, the conductor.
 *
 * No Service stands before the nodes: peers find each other by address, from the conductor's list of members. No volume outlives a
 * pod; what a replaced pod must keep, its identity, is derived from the run's secret, its name and the index of the node.
 */
import {
  appLabel,
  apps,
  type ConfigMap,
  type Container,
  immutableName,
  labelsOf,
  lockedContainer,
  lockedPod,
  type ManifestGround,
  namesOf,
  type PodSpec,
  placed,
  plainDns,
  ports,
  type ServiceAccount,
  type StatefulSet,
  serviceName,
} from '#infra/manifests/manifest.ts';
import { runSecret, secretFolder, secretVolume } from '#infra/manifests/secret-manifests.ts';
import type { Shard } from '#infra/plan/shards.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';

/** User of the image. */
export const imageUser = 1_000;
/** Shorter than the notice of an interrupted spot machine. */
const graceSeconds = 20;
const scratchMiB = 64;

export const podsOf = ({ shards }: Pick<StackPlan, 'shards'>): number =>
  shards.reduce((sum, { pods }) => sum + pods, 0);

/** What is the same for all nodes; read by node/config.ts. */
function nodeSettings(plan: StackPlan): Readonly<Record<string, string>> {
  const { network } = namesOf(plan);
  return {
    BFT_NODE_DATA: '/data',
    BFT_NODE_NODES_PER_PROCESS: String(plan.nodesPerProcess),
    BFT_NODE_LISTEN_HOST: '0.0.0.0',
    BFT_NODE_LISTEN_PORT: String(ports.peers),
    BFT_NODE_ADMIN_HOST: '0.0.0.0',
    BFT_NODE_ADMIN_PORT: String(ports.admin),
    BFT_NODE_ADMIN_TOKEN_FILE: `${secretFolder}/${runSecret.keys.admin}`,
    BFT_NODE_ADMIN_METRICS_TOKEN_FILE: `${secretFolder}/${runSecret.keys.metrics}`,
    BFT_NODE_CONDUCTOR_URL: `ws://${serviceName('conductor', network)}:${ports.conductor}`,
    BFT_NODE_CONDUCTOR_TOKEN_FILE: `${secretFolder}/${runSecret.keys.conductor}`,
    BFT_NODE_IDENTITY_SEED_FILE: `${secretFolder}/${runSecret.keys.identity}`,
    BFT_NODE_CAMPAIGN: 'true',
    BFT_NODE_LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
}

export function nodeConfigMap(plan: StackPlan): ConfigMap {
  const data = nodeSettings(plan);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: immutableName('node-settings', data),
      namespace: namesOf(plan).network,
      labels: labelsOf(plan, apps.node),
    },
    immutable: true,
    data,
  };
}

export function nodeServiceAccount(plan: StackPlan): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'node', namespace: namesOf(plan).network, labels: labelsOf(plan, apps.node) },
    automountServiceAccountToken: false,
  };
}

function nodeContainer(plan: StackPlan, image: string): Container {
  const { pod } = plan;
  const health = { httpGet: { path: '/healthz', port: 'admin' } };
  return {
    name: 'node',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['node'],
    envFrom: [{ configMapRef: { name: nodeConfigMap(plan).metadata.name } }],
    env: [
      { name: 'BFT_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'BFT_NODE_LISTEN_ADVERTISE', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ],
    ports: [
      { name: 'peers', containerPort: ports.peers },
      { name: 'admin', containerPort: ports.admin },
    ],
    resources: {
      requests: {
        cpu: `${pod.cpuMilli}m`,
        memory: `${pod.memoryMiB}Mi`,
        'ephemeral-storage': `${pod.diskMiB + scratchMiB}Mi`,
      },
      limits: {
        cpu: `${pod.cpuLimitMilli}m`,
        memory: `${pod.memoryLimitMiB}Mi`,
        'ephemeral-storage': `${pod.diskMiB + 2 * scratchMiB}Mi`,
      },
    },
    // No liveness probe: a saturated node answers late, and being killed for it would change what is measured.
    startupProbe: { ...health, periodSeconds: 2, failureThreshold: 90 },
    readinessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    securityContext: lockedContainer,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'scratch', mountPath: '/tmp' },
      { name: 'secrets', mountPath: secretFolder, readOnly: true },
    ],
  };
}

function nodePod(plan: StackPlan, ground: ManifestGround, shard: Shard, image: string): PodSpec {
  return {
    serviceAccountName: nodeServiceAccount(plan).metadata.name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: namesOf(plan).nodePriority,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: lockedPod(imageUser),
    ...plainDns,
    ...placed(ground.placement.nodes),
    // A machine that is taken away should take a little of every shard, not one shard.
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'bft/shard': shard.name } },
      },
    ],
    containers: [nodeContainer(plan, image)],
    volumes: [
      { name: 'data', emptyDir: { sizeLimit: `${plan.pod.diskMiB}Mi` } },
      { name: 'scratch', emptyDir: { sizeLimit: `${scratchMiB}Mi` } },
      secretVolume(['admin', 'metrics', 'conductor', 'identity']),
    ],
  };
}

/** `image`: pinned by digest. One StatefulSet per shard, all pods of it at once. */
export function nodeStatefulSets(
  plan: StackPlan,
  ground: ManifestGround,
  image: string,
): readonly StatefulSet[] {
  return plan.shards.map((shard): StatefulSet => {
    const own = { 'bft/shard': shard.name, 'bft/sampled': String(shard.sampled) };
    const labels = { ...labelsOf(plan, apps.node), ...own };
    return {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: {
        name: shard.name,
        namespace: namesOf(plan).network,
        labels,
        // Ten thousand pods take minutes; the campaign waits for a quorum of them, with a limit of its own.
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: {
        replicas: shard.pods,
        serviceName: shard.name,
        podManagementPolicy: 'Parallel',
        revisionHistoryLimit: 1,
        selector: { matchLabels: { [appLabel]: apps.node, 'bft/shard': shard.name } },
        template: { metadata: { labels }, spec: nodePod(plan, ground, shard, image) },
      },
    };
  });
}
