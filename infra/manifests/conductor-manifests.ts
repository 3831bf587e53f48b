/**
 * The conductor as Kubernetes objects: one pod beside the network, its account without any right, its address.
 * Owns: the pod of the conductor, down to every variable that it reads. Does not own: what it does (campaigns/conductor).
 */
import type * as pulumi from '@pulumi/pulumi';
import {
  appLabel,
  apps,
  type Container,
  type Deployment,
  labelsOf,
  lockedContainer,
  lockedPod,
  type Manifest,
  type ManifestGround,
  namesOf,
  type PodSpec,
  placed,
  plainDns,
  ports,
} from '#infra/manifests/manifest.ts';
import { imageUser, podsOf } from '#infra/manifests/node-manifests.ts';
import { runSecret, secretFolder, secretVolume } from '#infra/manifests/secret-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';

/** Shown by the conductor as metrics, FORECAST. Dollars as decimal text; instants as ISO in UTC. */
export interface MoneyShown {
  readonly usdPerHour: string;
  readonly capUsd: string;
  readonly since: pulumi.Input<string>;
  readonly deadline: pulumi.Input<string>;
}

export interface ConductorSize {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

/** Every decision of every node passes it: about a core and 400 KiB per thousand nodes at 100 transactions a second. */
export function conductorSize(nodes: number): ConductorSize {
  const thousands = Math.ceil(nodes / 1_000);
  return {
    cpuMilli: 1_000 + 300 * thousands,
    memoryMiB: 1_024 + 1_024 * thousands,
    diskMiB: 2_048 + 512 * thousands,
  };
}

/** Read by campaigns/conductor/conductor-config.ts. */
function settingsOf(
  plan: StackPlan,
  money: MoneyShown | null,
): Readonly<Record<string, pulumi.Input<string>>> {
  const { cpuLimitMilli, memoryLimitMiB } = plan.pod;
  return {
    BFT_CONDUCTOR_LISTEN_HOST: '0.0.0.0',
    BFT_CONDUCTOR_LISTEN_PORT: String(ports.conductor),
    BFT_CONDUCTOR_TOKEN_FILE: `${secretFolder}/${runSecret.keys.conductor}`,
    BFT_CONDUCTOR_METRICS_TOKEN_FILE: `${secretFolder}/${runSecret.keys.metrics}`,
    BFT_CONDUCTOR_AGENTS: String(podsOf(plan)),
    BFT_CONDUCTOR_NODES_PER_PROCESS: String(plan.nodesPerProcess),
    BFT_CONDUCTOR_LIMITS: `${cpuLimitMilli}m CPU and ${memoryLimitMiB} MiB per pod of ${plan.nodesPerProcess} nodes`,
    BFT_CONDUCTOR_OUT: '/data/conducted',
    NODE_ENV: 'production',
    ...(money === null
      ? {}
      : {
          BFT_CONDUCTOR_USD_PER_HOUR: money.usdPerHour,
          BFT_CONDUCTOR_CAP_USD: money.capUsd,
          BFT_CONDUCTOR_SINCE: money.since,
          BFT_CONDUCTOR_DEADLINE: money.deadline,
        }),
  };
}

function conductorContainer(plan: StackPlan, image: string, money: MoneyShown | null): Container {
  const { cpuMilli, memoryMiB, diskMiB } = conductorSize(plan.nodes);
  const size = { cpu: `${cpuMilli}m`, memory: `${memoryMiB}Mi`, 'ephemeral-storage': `${diskMiB + 256}Mi` };
  const health = { httpGet: { path: '/healthz', port: 'conductor' } };
  return {
    name: 'conductor',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['conductor'],
    env: Object.entries(settingsOf(plan, money)).map(([name, value]) => ({ name, value })),
    ports: [{ name: 'conductor', containerPort: ports.conductor }],
    resources: { requests: size, limits: size },
    startupProbe: { ...health, periodSeconds: 2, failureThreshold: 90 },
    readinessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5 },
    securityContext: lockedContainer,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'scratch', mountPath: '/tmp' },
      { name: 'secrets', mountPath: secretFolder, readOnly: true },
    ],
  };
}

function conductorPod(
  plan: StackPlan,
  ground: ManifestGround,
  image: string,
  money: MoneyShown | null,
): PodSpec {
  return {
    serviceAccountName: 'conductor',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: namesOf(plan).conductorPriority,
    terminationGracePeriodSeconds: 60,
    securityContext: lockedPod(imageUser),
    ...plainDns,
    ...placed(ground.placement.system),
    containers: [conductorContainer(plan, image, money)],
    volumes: [
      { name: 'data', emptyDir: { sizeLimit: `${conductorSize(plan.nodes).diskMiB}Mi` } },
      { name: 'scratch', emptyDir: { sizeLimit: '128Mi' } },
      secretVolume(['conductor', 'metrics']),
    ],
  };
}

function deployment(
  plan: StackPlan,
  ground: ManifestGround,
  image: string,
  money: MoneyShown | null,
): Deployment {
  const labels = labelsOf(plan, apps.conductor);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'conductor',
      namespace: namesOf(plan).network,
      labels,
      // It waits for the secrets of the run, and the campaign waits for it.
      annotations: { 'pulumi.com/skipAwait': 'true' },
    },
    spec: {
      replicas: 1,
      // Two conductors would conduct one network twice.
      strategy: { type: 'Recreate' },
      revisionHistoryLimit: 1,
      selector: { matchLabels: { [appLabel]: apps.conductor } },
      template: { metadata: { labels }, spec: conductorPod(plan, ground, image, money) },
    },
  };
}

export function conductorManifests(
  plan: StackPlan,
  ground: ManifestGround,
  image: string,
  money: MoneyShown | null,
): readonly Manifest[] {
  const { network } = namesOf(plan);
  const labels = labelsOf(plan, apps.conductor);
  const own = { [appLabel]: apps.conductor };
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'conductor', namespace: network, labels },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'conductor',
        namespace: network,
        labels,
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: {
        type: 'ClusterIP',
        selector: own,
        ports: [{ name: 'conductor', port: ports.conductor, targetPort: 'conductor' }],
      },
    },
    deployment(plan, ground, image, money),
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: {
        name: 'conductor',
        namespace: network,
        labels,
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: { maxUnavailable: 0, selector: { matchLabels: own } },
    },
  ];
}
