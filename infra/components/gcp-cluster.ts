/**
 * Network, cluster and node pools on GCP.
 * Owns: these resources; every VM of the measured pool is spot and ends after its longest run, whoever is alive.
 * Does not own: how many and which types (plan/machines.ts), the schedule at the deadline (gcp-dead-man.ts).
 */
import type * as gcp from '@pulumi/gcp';
import { Network } from '@pulumi/gcp/compute/network.js';
import { Subnetwork } from '@pulumi/gcp/compute/subnetwork.js';
import { Cluster } from '@pulumi/gcp/container/cluster.js';
import { NodePool } from '@pulumi/gcp/container/nodePool.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type * as kubernetes from '@pulumi/kubernetes';
import { Provider as KubernetesProvider } from '@pulumi/kubernetes/provider.js';
import * as pulumi from '@pulumi/pulumi';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';
import { poolLabel } from '#infra/platforms/ground.ts';

export interface GcpClusterArgs {
  readonly prefix: string;
  readonly project: string;
  readonly region: string;
  readonly plan: CloudPlan;
  readonly zones: readonly string[];
  /** The longest life of a VM, seconds. */
  readonly mostRunSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  /** As `labels`, with the deadline. */
  readonly vmLabels: pulumi.Output<Record<string, string>>;
  /** The dead-man: VMs come after it. */
  readonly before: readonly pulumi.Resource[];
}

/** Node addresses, pods, services. A /14 holds 1,024 VMs with a block for 110 pods each. */
export const gcpRanges = { nodes: '10.0.0.0/20', pods: '100.64.0.0/14', services: '10.1.0.0/20' } as const;

/** The cluster gives every VM a block of twice as many addresses as it may run pods; only powers of two make sense. */
export function mostPodsPerVm(podsPerVm: number): number {
  return [16, 32, 64].find((most) => most >= podsPerVm + 10) ?? 110;
}

/** The newer families know only the newer disks. */
export function diskTypeOf(family: string): string {
  return /^[cn]4/.test(family) ? 'hyperdisk-balanced' : 'pd-balanced';
}

/** Of every VM: verified boot, no metadata of the VM for pods. */
const safeNode = {
  oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
  shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
  workloadMetadataConfig: { mode: 'GKE_METADATA' },
};

export class GcpCluster extends pulumi.ComponentResource {
  readonly cluster: gcp.container.Cluster;
  readonly pools: readonly gcp.container.NodePool[];
  readonly provider: kubernetes.Provider;

  constructor(name: string, args: GcpClusterArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:cluster:GcpCluster', name, {}, opts);
    const { identity, granted } = this.#identity(name, args);
    const subnetwork = this.#network(name, args);
    this.cluster = this.#controlPlane(name, args, subnetwork);
    this.pools = this.#pools(name, args, identity, [...granted, ...args.before]);
    const endpoint = this.cluster.controlPlaneEndpointsConfig.apply(
      (config) => config.dnsEndpointConfig?.endpoint ?? '',
    );
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      {
        kubeconfig: endpoint.apply((server) => kubeconfigOf(args.prefix, server)),
        clusterIdentifier: args.prefix,
        deleteUnreachable: true,
      },
      { parent: this },
    );
    this.registerOutputs({ name: this.cluster.name });
  }

  #network(name: string, args: GcpClusterArgs): gcp.compute.Subnetwork {
    const network = new Network(
      `${name}-network`,
      { name: args.prefix, autoCreateSubnetworks: false, routingMode: 'REGIONAL' },
      { parent: this },
    );
    return new Subnetwork(
      `${name}-subnetwork`,
      {
        name: args.prefix,
        network: network.id,
        region: args.region,
        ipCidrRange: gcpRanges.nodes,
        // VMs have no public address; Google's registries and APIs are reached from inside.
        privateIpGoogleAccess: true,
        secondaryIpRanges: [
          { rangeName: 'pods', ipCidrRange: gcpRanges.pods },
          { rangeName: 'services', ipCidrRange: gcpRanges.services },
        ],
        ...(args.plan.flowLogs
          ? {
              logConfig: {
                aggregationInterval: 'INTERVAL_1_MIN',
                flowSampling: 0.1,
                metadata: 'EXCLUDE_ALL_METADATA',
              },
            }
          : {}),
      },
      { parent: this },
    );
  }

  #identity(name: string, args: GcpClusterArgs) {
    const identity = new Account(
      `${name}-worker`,
      { accountId: `${args.prefix}-worker`.slice(0, 30), displayName: 'VMs of the cluster' },
      { parent: this },
    );
    const granted = ['roles/container.defaultNodeServiceAccount', 'roles/artifactregistry.reader'].map(
      (role) =>
        new IAMMember(
          `${name}-worker-${role.replace('roles/', '').replace('.', '-').toLowerCase()}`,
          { project: args.project, role, member: pulumi.interpolate`serviceAccount:${identity.email}` },
          { parent: this },
        ),
    );
    return { identity, granted };
  }

  #controlPlane(
    name: string,
    args: GcpClusterArgs,
    subnetwork: gcp.compute.Subnetwork,
  ): gcp.container.Cluster {
    return new Cluster(
      `${name}-control-plane`,
      {
        name: args.prefix,
        // Only regional clusters hold thousands of VMs.
        location: args.region,
        nodeLocations: [...args.zones.slice(0, 1)],
        network: subnetwork.network,
        subnetwork: subnetwork.id,
        networkingMode: 'VPC_NATIVE',
        ipAllocationPolicy: { clusterSecondaryRangeName: 'pods', servicesSecondaryRangeName: 'services' },
        datapathProvider: 'ADVANCED_DATAPATH',
        privateClusterConfig: { enablePrivateNodes: true },
        // No public address either: a name that is guarded by the identity of who asks.
        controlPlaneEndpointsConfig: {
          dnsEndpointConfig: { allowExternalTraffic: true },
          ipEndpointsConfig: { enabled: false },
        },
        workloadIdentityConfig: { workloadPool: `${args.project}.svc.id.goog` },
        enableShieldedNodes: true,
        releaseChannel: { channel: 'REGULAR' },
        removeDefaultNodePool: true,
        initialNodeCount: 1,
        // The first pool lives for a minute; it must not be larger than what the bound knows of.
        nodeConfig: { machineType: 'e2-small', diskSizeGb: 20, spot: true },
        loggingConfig: { enableComponents: ['SYSTEM_COMPONENTS'] },
        monitoringConfig: { enableComponents: ['SYSTEM_COMPONENTS'], managedPrometheus: { enabled: false } },
        deletionProtection: false,
        skipNodePoolRefresh: true,
        resourceLabels: args.labels,
      },
      { parent: this, ignoreChanges: ['nodeConfig', 'initialNodeCount'] },
    );
  }

  #pools(
    name: string,
    args: GcpClusterArgs,
    identity: gcp.serviceaccount.Account,
    dependsOn: pulumi.Resource[],
  ): readonly gcp.container.NodePool[] {
    const { machines, fixedGroups } = args.plan;
    const pool = (
      own: string,
      vms: number,
      zone: string | undefined,
      maxPodsPerNode: number,
      nodeConfig: gcp.types.input.container.NodePoolNodeConfig,
    ) =>
      new NodePool(
        `${name}-${own}`,
        {
          name: own,
          cluster: this.cluster.name,
          location: args.region,
          nodeLocations: [zone ?? `${args.region}-a`],
          nodeCount: vms,
          maxPodsPerNode,
          // Nothing repairs or upgrades VMs during a measurement.
          management: { autoRepair: false, autoUpgrade: false },
          nodeConfig: {
            ...safeNode,
            serviceAccount: identity.email,
            resourceLabels: args.vmLabels,
            ...nodeConfig,
          },
        },
        { parent: this, dependsOn },
      );
    const measured = machines.groups.map((group) => {
      const [type] = group.types;
      if (type === undefined) throw new Error(`group ${group.name} has no machine type`);
      return pool(group.name, group.vms, args.zones[group.zoneIndex], mostPodsPerVm(machines.podsPerVm), {
        machineType: type.sku,
        spot: true,
        maxRunDuration: `${args.mostRunSeconds}s`,
        diskSizeGb: machines.diskGiB,
        diskType: diskTypeOf(type.family),
        gcfsConfig: { enabled: true },
        labels: { [poolLabel]: 'nodes' },
        taints: [{ key: poolLabel, value: 'nodes', effect: 'NO_SCHEDULE' }],
      });
    });
    const fixed = fixedGroups.map((group) =>
      pool(group.name, group.count, args.zones[0], 110, {
        machineType: group.sku,
        maxRunDuration: `${args.mostRunSeconds}s`,
        diskSizeGb: group.diskGiB,
        diskType: 'pd-balanced',
        labels: { [poolLabel]: group.name },
        taints: group.name === 'system' ? [] : [{ key: poolLabel, value: group.name, effect: 'NO_SCHEDULE' }],
      }),
    );
    return [...measured, ...fixed];
  }
}

/** No secret in it: the token is drawn by the machine that deploys. */
function kubeconfigOf(cluster: string, endpoint: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster,
    clusters: [{ name: cluster, cluster: { server: `https://${endpoint}` } }],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    users: [
      {
        name: cluster,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1beta1',
            command: 'gke-gcloud-auth-plugin',
            provideClusterInfo: true,
            interactiveMode: 'Never',
          },
        },
      },
    ],
  });
}
