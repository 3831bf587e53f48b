/**
 * The secrets of a run, drawn inside the cluster: no value of them is ever in Pulumi's state, in its outputs or on the operator's disk.
 * Owns: names and keys of the secrets, the job that draws them, its rights. Does not own: drawing (campaigns/secrets-main.ts).
 */
import type { types } from '@pulumi/kubernetes';
import {
  apps,
  type Job,
  labelsOf,
  lockedContainer,
  lockedPod,
  type Manifest,
  type ManifestGround,
  namesOf,
  placed,
  type Role,
  type RoleBinding,
  type ServiceAccount,
} from '#infra/manifests/manifest.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';

/** In the namespace of the network. */
export const runSecret = {
  name: 'run-secrets',
  keys: {
    /** Opens the conductor: agents and operators. */
    conductor: 'conductor-token',
    /** Opens the admin API of every node. */
    admin: 'admin-token',
    /** Opens /metrics of nodes and conductor. */
    metrics: 'metrics-token',
    /** Identities of all nodes are derived from it. */
    identity: 'identity-seed',
  },
} as const;
export type SecretKey = keyof typeof runSecret.keys;

/** In the namespace of the metrics: a copy of that one token. */
export const metricsSecret = { name: 'metrics-token', key: runSecret.keys.metrics } as const;

export const secretFolder = '/var/run/bft-secrets';
/** Where the drawing job finds its own token and the certificate of the API server. */
export const apiFolder = '/var/run/bft-api';

/** Readable by the group of the pod and nobody else; a container sees only the keys it needs. */
export function secretVolume(keys: readonly SecretKey[]): types.input.core.v1.Volume {
  return {
    name: 'secrets',
    secret: {
      secretName: runSecret.name,
      defaultMode: 0o440,
      items: keys.map((key) => ({ key: runSecret.keys[key], path: runSecret.keys[key] })),
    },
  };
}

/** A short-lived token of its own, for those few pods that speak with the API server. */
export function apiVolume(): types.input.core.v1.Volume {
  return {
    name: 'api',
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3_600 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      ],
    },
  };
}

const account = 'secret-drawer';

/** Create, and look at the one it created: `create` cannot be limited to a name. */
function rightsIn(plan: StackPlan, namespace: string, secret: string): readonly [Role, RoleBinding] {
  const { network } = namesOf(plan);
  const metadata = { name: account, namespace, labels: labelsOf(plan, apps.drawer) };
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: [secret] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: network }],
    },
  ];
}

function drawingJob(plan: StackPlan, ground: ManifestGround, image: string): Job {
  const { network, metrics } = namesOf(plan);
  const labels = labelsOf(plan, apps.drawer);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'draw-secrets',
      namespace: network,
      labels,
      annotations: { 'pulumi.com/skipAwait': 'true' },
    },
    spec: {
      backoffLimit: 6,
      activeDeadlineSeconds: 900,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'OnFailure',
          serviceAccountName: account,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: lockedPod(1_000),
          ...placed(ground.placement.system),
          containers: [
            {
              name: 'draw',
              image,
              args: ['secrets'],
              env: [
                { name: 'BFT_SECRETS_API', value: 'https://kubernetes.default.svc' },
                { name: 'BFT_SECRETS_API_FOLDER', value: apiFolder },
                { name: 'BFT_SECRETS_NAMESPACE', value: network },
                { name: 'BFT_SECRETS_METRICS_NAMESPACE', value: metrics },
                { name: 'NODE_EXTRA_CA_CERTS', value: `${apiFolder}/ca.crt` },
              ],
              resources: {
                requests: { cpu: '50m', memory: '96Mi' },
                limits: { cpu: '500m', memory: '192Mi' },
              },
              securityContext: lockedContainer,
              volumeMounts: [{ name: 'api', mountPath: apiFolder, readOnly: true }],
            },
          ],
          volumes: [apiVolume()],
        },
      },
    },
  };
}

export function secretManifests(plan: StackPlan, ground: ManifestGround, image: string): readonly Manifest[] {
  const { network, metrics } = namesOf(plan);
  const drawer: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: account, namespace: network, labels: labelsOf(plan, apps.drawer) },
    automountServiceAccountToken: false,
  };
  return [
    drawer,
    ...rightsIn(plan, network, runSecret.name),
    ...rightsIn(plan, metrics, metricsSecret.name),
    drawingJob(plan, ground, image),
  ];
}
