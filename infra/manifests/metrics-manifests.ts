/**
 * Metrics of a network on a cluster: VictoriaMetrics, the agent that scrapes, alert evaluation, Grafana with the dashboards.
 * Owns: these objects and their configuration. Does not own: dashboards and alerts (reports/dashboards), what is exported.
 *
 * A sample of the nodes is scraped: the API server filters by label, so the agent never learns of the others. Everybody's sums come
 * from the conductor. Nothing is kept: what a campaign needs later is in its run folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import {
  type App,
  appLabel,
  apps,
  type ConfigMap,
  type Container,
  immutableName,
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
  serviceName,
} from '#infra/manifests/manifest.ts';
import { nothingThatBills } from '#infra/manifests/network-manifests.ts';
import { apiFolder, apiVolume, metricsSecret, secretFolder } from '#infra/manifests/secret-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import { alertRuleFile } from '#reports/dashboards/alert-rules.ts';

const images = {
  database: 'victoriametrics/victoria-metrics:v1.122.0',
  agent: 'victoriametrics/vmagent:v1.122.0',
  alerts: 'victoriametrics/vmalert:v1.122.0',
  grafana: 'grafana/grafana:12.1.0',
} as const;

const dashboardFolder = path.join(import.meta.dirname, '../../reports/dashboards/grafana');
/** Names Grafana's data source; the dashboards ask for it. */
const datasourceUid = 'bft-metrics';

const imageOf = ({ imageMirror }: StackPlan, name: keyof typeof images): string =>
  `${imageMirror ?? 'docker.io'}/${images[name]}`;

/** Targets of p95 finality by size, from the requirements of 1,000, 5,000 and 10,000 nodes. */
function p95LatencySeconds(nodes: number): number {
  if (nodes <= 1_000) return 0.1;
  return nodes <= 5_000 ? 0.2 : 0.5;
}

function configMap(
  plan: StackPlan,
  app: App,
  name: string,
  data: Readonly<Record<string, string>>,
): ConfigMap {
  const { metrics: namespace } = namesOf(plan);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: immutableName(name, data), namespace, labels: labelsOf(plan, app) },
    immutable: true,
    data: { ...data },
  };
}

function scrapeConfig(plan: StackPlan): string {
  const { network } = namesOf(plan);
  const authorization = { type: 'Bearer', credentials_file: `${secretFolder}/${metricsSecret.key}` };
  return stringify({
    global: { scrape_interval: '15s', scrape_timeout: '10s' },
    scrape_configs: [
      {
        job_name: 'conductor',
        authorization,
        static_configs: [{ targets: [`${serviceName('conductor', network)}:${ports.conductor}`] }],
      },
      {
        job_name: 'nodes',
        authorization,
        kubernetes_sd_configs: [
          {
            role: 'pod',
            api_server: 'https://kubernetes.default.svc',
            authorization: { type: 'Bearer', credentials_file: `${apiFolder}/token` },
            tls_config: { ca_file: `${apiFolder}/ca.crt` },
            namespaces: { names: [network] },
            selectors: [{ role: 'pod', label: `${appLabel}=${apps.node},bft/sampled=true` }],
          },
        ],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'admin', action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_label_bft_shard'], target_label: 'shard' },
        ],
      },
    ],
  });
}

export interface MetricsSize {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
}

/** About 250 series per sampled node; 8 KiB each covers churn and queries. */
export function databaseSize(plan: StackPlan): MetricsSize {
  const sampled = plan.shards.reduce((sum, shard) => sum + (shard.sampled ? shard.nodes : 0), 0);
  return { cpuMilli: 500 + Math.ceil(sampled / 2), memoryMiB: 512 + 2 * sampled };
}

interface Program {
  readonly app: App;
  readonly user: number;
  readonly container: Omit<Container, 'securityContext' | 'resources'>;
  readonly size: MetricsSize;
  readonly volumes: NonNullable<PodSpec['volumes']>;
  readonly account: string;
}

function deployment(plan: StackPlan, ground: ManifestGround, program: Program): Manifest {
  const { app, user, container, size, volumes, account } = program;
  const labels = labelsOf(plan, app);
  const resources = { cpu: `${size.cpuMilli}m`, memory: `${size.memoryMiB}Mi` };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: app,
      namespace: namesOf(plan).metrics,
      labels,
      annotations: { 'pulumi.com/skipAwait': 'true' },
    },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      revisionHistoryLimit: 1,
      selector: { matchLabels: { [appLabel]: app } },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: account,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: lockedPod(user),
          ...plainDns,
          ...placed(ground.placement.metrics),
          containers: [
            {
              ...container,
              resources: { requests: resources, limits: resources },
              securityContext: lockedContainer,
            },
          ],
          volumes,
        },
      },
    },
  };
}

const noAccount = 'nobody';
const emptyDir = (name: string, sizeLimit: string) => ({ name, emptyDir: { sizeLimit } });

function database(plan: StackPlan): Program {
  return {
    app: apps.database,
    user: 1_000,
    account: noAccount,
    size: databaseSize(plan),
    container: {
      name: 'database',
      image: imageOf(plan, 'database'),
      args: [
        '-storageDataPath=/data',
        '-retentionPeriod=7d',
        `-httpListenAddr=:${ports.database}`,
        '-search.maxUniqueTimeseries=3000000',
      ],
      ports: [{ name: 'database', containerPort: ports.database }],
      readinessProbe: { httpGet: { path: '/health', port: 'database' } },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    volumes: [emptyDir('data', '20Gi')],
  };
}

function agent(plan: StackPlan, config: ConfigMap): Program {
  const { metrics } = namesOf(plan);
  const { memoryMiB } = databaseSize(plan);
  return {
    app: apps.agent,
    user: 1_000,
    account: 'metrics-agent',
    size: { cpuMilli: databaseSize(plan).cpuMilli, memoryMiB: Math.ceil(memoryMiB / 2) },
    container: {
      name: 'agent',
      image: imageOf(plan, 'agent'),
      args: [
        '-promscrape.config=/config/scrape.yaml',
        '-promscrape.maxScrapeSize=64MB',
        `-remoteWrite.url=http://${serviceName('metrics', metrics)}:${ports.database}/api/v1/write`,
        '-remoteWrite.tmpDataPath=/buffer',
        '-remoteWrite.maxDiskUsagePerURL=1GB',
      ],
      volumeMounts: [
        { name: 'config', mountPath: '/config', readOnly: true },
        { name: 'buffer', mountPath: '/buffer' },
        { name: 'secrets', mountPath: secretFolder, readOnly: true },
        { name: 'api', mountPath: apiFolder, readOnly: true },
      ],
    },
    volumes: [
      { name: 'config', configMap: { name: config.metadata.name } },
      emptyDir('buffer', '2Gi'),
      { name: 'secrets', secret: { secretName: metricsSecret.name, defaultMode: 0o440 } },
      apiVolume(),
    ],
  };
}

function alerts(plan: StackPlan, rules: ConfigMap): Program {
  const url = `http://${serviceName('metrics', namesOf(plan).metrics)}:${ports.database}`;
  return {
    app: apps.alerts,
    user: 1_000,
    account: noAccount,
    size: { cpuMilli: 100, memoryMiB: 128 },
    container: {
      name: 'alerts',
      image: imageOf(plan, 'alerts'),
      args: [
        '-rule=/config/alerts.yaml',
        `-datasource.url=${url}`,
        `-remoteWrite.url=${url}`,
        `-remoteRead.url=${url}`,
        // Firing alerts are series like any other: campaign and dashboards read them. Nobody is woken by a test network.
        '-notifier.blackhole',
      ],
      volumeMounts: [{ name: 'config', mountPath: '/config', readOnly: true }],
    },
    volumes: [{ name: 'config', configMap: { name: rules.metadata.name } }],
  };
}

/** Reached by port-forward only; whoever gets that far may look and change nothing. */
const grafanaSettings: Readonly<Record<string, string>> = {
  GF_PATHS_DATA: '/data',
  GF_PATHS_PLUGINS: '/data/plugins',
  GF_PATHS_PROVISIONING: '/provisioning',
  GF_LOG_MODE: 'console',
  GF_AUTH_ANONYMOUS_ENABLED: 'true',
  GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  GF_AUTH_BASIC_ENABLED: 'false',
  GF_AUTH_DISABLE_LOGIN_FORM: 'true',
  GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_PLUGINS_PREINSTALL_DISABLED: 'true',
};

function grafana(plan: StackPlan, provisioning: ConfigMap, dashboards: ConfigMap): Program {
  return {
    app: apps.grafana,
    user: 472,
    account: noAccount,
    size: { cpuMilli: 200, memoryMiB: 384 },
    container: {
      name: 'grafana',
      image: imageOf(plan, 'grafana'),
      env: Object.entries(grafanaSettings).map(([name, value]) => ({ name, value })),
      ports: [{ name: 'grafana', containerPort: ports.grafana }],
      readinessProbe: { httpGet: { path: '/api/health', port: 'grafana' } },
      volumeMounts: [
        { name: 'data', mountPath: '/data' },
        { name: 'scratch', mountPath: '/tmp' },
        {
          name: 'provisioning',
          mountPath: '/provisioning/datasources/bft-scale.yaml',
          subPath: 'datasources.yaml',
        },
        {
          name: 'provisioning',
          mountPath: '/provisioning/dashboards/bft-scale.yaml',
          subPath: 'providers.yaml',
        },
        { name: 'dashboards', mountPath: '/dashboards', readOnly: true },
      ],
    },
    volumes: [
      emptyDir('data', '1Gi'),
      emptyDir('scratch', '64Mi'),
      { name: 'provisioning', configMap: { name: provisioning.metadata.name } },
      { name: 'dashboards', configMap: { name: dashboards.metadata.name } },
    ],
  };
}

function provisioningOf(plan: StackPlan): Readonly<Record<string, string>> {
  const url = `http://${serviceName('metrics', namesOf(plan).metrics)}:${ports.database}`;
  const source = {
    name: 'bft-scale',
    uid: datasourceUid,
    type: 'prometheus',
    access: 'proxy',
    url,
    isDefault: true,
  };
  const provider = { name: 'bft-scale', type: 'file', options: { path: '/dashboards' } };
  return {
    'datasources.yaml': stringify({ apiVersion: 1, datasources: [source] }),
    'providers.yaml': stringify({ apiVersion: 1, providers: [provider] }),
  };
}

/** The JSON that reports/dashboards generated, by file name. */
function dashboardFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(dashboardFolder).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    names.map((name) => [
      name.replace('.golden', ''),
      JSON.stringify(JSON.parse(readFileSync(path.join(dashboardFolder, name), 'utf8'))),
    ]),
  );
}

/** The agent may look at pods of the network, to find those that are sampled. */
function agentRights(plan: StackPlan): readonly Manifest[] {
  const { network, metrics } = namesOf(plan);
  const labels = labelsOf(plan, apps.agent);
  const account = { name: 'metrics-agent', namespace: metrics };
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: noAccount, namespace: metrics, labels: labelsOf(plan) },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...account, labels },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'metrics-agent', namespace: network, labels },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'metrics-agent', namespace: network, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'metrics-agent' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}

function serviceOf(plan: StackPlan, name: string, app: App, port: number): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: namesOf(plan).metrics,
      labels: labelsOf(plan, app),
      annotations: { 'pulumi.com/skipAwait': 'true' },
    },
    spec: { type: 'ClusterIP', selector: { [appLabel]: app }, ports: [{ port, targetPort: port }] },
  };
}

/** Its namespace comes with the network (network-manifests.ts). */
export function metricsManifests(plan: StackPlan, ground: ManifestGround): readonly Manifest[] {
  const { metrics: namespace } = namesOf(plan);
  const limits = {
    p95LatencySeconds: p95LatencySeconds(plan.nodes),
    memoryBytesPerNode: (plan.pod.memoryLimitMiB * 1_048_576) / plan.nodesPerProcess,
    silentShare: 0.02,
  };
  const scrape = configMap(plan, apps.agent, 'scrape', { 'scrape.yaml': scrapeConfig(plan) });
  const rules = configMap(plan, apps.alerts, 'alerts', { 'alerts.yaml': alertRuleFile(limits) });
  const provisioning = configMap(plan, apps.grafana, 'provisioning', provisioningOf(plan));
  const dashboards = configMap(plan, apps.grafana, 'dashboards', dashboardFiles());
  return [
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'metrics', namespace, labels: labelsOf(plan) },
      spec: { hard: { pods: '12', ...nothingThatBills } },
    },
    ...agentRights(plan),
    scrape,
    rules,
    provisioning,
    dashboards,
    serviceOf(plan, 'metrics', apps.database, ports.database),
    serviceOf(plan, 'grafana', apps.grafana, ports.grafana),
    ...[
      database(plan),
      agent(plan, scrape),
      alerts(plan, rules),
      grafana(plan, provisioning, dashboards),
    ].map((program) => deployment(plan, ground, program)),
  ];
}
