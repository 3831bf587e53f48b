/**
 * Kubernetes objects as plain, typed data: the kinds we use, what every object of ours has in common.
 * Owns: kinds, labels, names of immutable configuration. Does not own: any object, or putting it on a cluster.
 *
 * The same functions serve Pulumi (components/) and tests, which put the very same objects on a real API server.
 */
import { createHash } from 'node:crypto';
import type { types } from '@pulumi/kubernetes';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround, Placement } from '#infra/platforms/ground.ts';

export interface ManifestMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

type Of<Version extends string, Kind extends string, Body> = Omit<
  Body,
  'apiVersion' | 'kind' | 'metadata'
> & {
  readonly apiVersion: Version;
  readonly kind: Kind;
  readonly metadata: ManifestMeta;
};

export type Namespace = Of<'v1', 'Namespace', types.input.core.v1.Namespace>;
export type ConfigMap = Of<'v1', 'ConfigMap', types.input.core.v1.ConfigMap>;
export type Service = Of<'v1', 'Service', types.input.core.v1.Service>;
export type ServiceAccount = Of<'v1', 'ServiceAccount', types.input.core.v1.ServiceAccount>;
export type ResourceQuota = Of<'v1', 'ResourceQuota', types.input.core.v1.ResourceQuota>;
export type LimitRange = Of<'v1', 'LimitRange', types.input.core.v1.LimitRange>;
export type StatefulSet = Of<'apps/v1', 'StatefulSet', types.input.apps.v1.StatefulSet>;
export type Deployment = Of<'apps/v1', 'Deployment', types.input.apps.v1.Deployment>;
export type Job = Of<'batch/v1', 'Job', types.input.batch.v1.Job>;
export type Role = Of<'rbac.authorization.k8s.io/v1', 'Role', types.input.rbac.v1.Role>;
export type RoleBinding = Of<'rbac.authorization.k8s.io/v1', 'RoleBinding', types.input.rbac.v1.RoleBinding>;
export type NetworkPolicy = Of<
  'networking.k8s.io/v1',
  'NetworkPolicy',
  types.input.networking.v1.NetworkPolicy
>;
export type PriorityClass = Of<
  'scheduling.k8s.io/v1',
  'PriorityClass',
  types.input.scheduling.v1.PriorityClass
>;
export type PodDisruptionBudget = Of<
  'policy/v1',
  'PodDisruptionBudget',
  types.input.policy.v1.PodDisruptionBudget
>;

export type Manifest =
  | Namespace
  | ConfigMap
  | Service
  | ServiceAccount
  | ResourceQuota
  | LimitRange
  | StatefulSet
  | Deployment
  | Job
  | Role
  | RoleBinding
  | NetworkPolicy
  | PriorityClass
  | PodDisruptionBudget;

export type PodSpec = types.input.core.v1.PodSpec;
export type Container = types.input.core.v1.Container;

/** What the manifests need of the ground; plain values, so that tests need no Pulumi. */
export interface ManifestGround {
  readonly podCidrs: readonly string[];
  readonly placement: KubernetesGround['placement'];
}

export type Names = ReturnType<typeof namesOf>;

/** Everything of a run stands in two namespaces of its own. */
export function namesOf({ tags }: Pick<StackPlan, 'tags'>) {
  return {
    network: `bft-${tags.run}`,
    metrics: `bft-metrics-${tags.run}`,
    nodePriority: `bft-nodes-${tags.run}`,
    conductorPriority: `bft-conductor-${tags.run}`,
  };
}

export const appLabel = 'app.kubernetes.io/name';
export const apps = {
  node: 'bft-node',
  conductor: 'bft-conductor',
  drawer: 'bft-secret-drawer',
  agent: 'bft-metrics-agent',
  database: 'bft-metrics-database',
  alerts: 'bft-alerts',
  grafana: 'bft-grafana',
} as const;
export type App = (typeof apps)[keyof typeof apps];

export const ports = { peers: 7000, admin: 9464, conductor: 7400, database: 8428, grafana: 3000 } as const;

/** Values of labels know no colon. */
export function labelsOf({ tags }: Pick<StackPlan, 'tags'>, app?: App): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/part-of': 'bft-scale',
    ...(app === undefined ? {} : { [appLabel]: app }),
    'bft/campaign': tags.campaign,
    'bft/run': tags.run,
    'bft/phase': tags.phase,
    'bft/owner': tags.owner,
  };
}

/** An immutable object is replaced, never changed: another content is another name. */
export function immutableName(name: string, data: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
}

/** Nothing that a container of ours could need more than its own user and its own folders. */
export const lockedContainer: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

export function lockedPod(user: number): types.input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export function placed({
  nodeSelector,
  tolerations,
}: Placement): Pick<PodSpec, 'nodeSelector' | 'tolerations'> {
  return {
    nodeSelector: { ...nodeSelector },
    tolerations: tolerations.map((toleration) => ({ ...toleration })),
  };
}

/** Names are looked up once each, in full: no search list, no storm of questions at the start of 10,000 pods. */
export const plainDns: Pick<PodSpec, 'dnsPolicy' | 'dnsConfig'> = {
  dnsPolicy: 'ClusterFirst',
  dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
};

export const podSecurity: Readonly<Record<string, string>> = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/audit': 'restricted',
  'pod-security.kubernetes.io/warn': 'restricted',
};

export function serviceName(service: string, namespace: string): string {
  return `${service}.${namespace}.svc.cluster.local`;
}
