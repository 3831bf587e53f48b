/**
 * The Kubernetes cluster of a stack on AWS: control plane, keys, who may enter, add-ons in the only order that works.
 * Owns: the EKS cluster, its roles, the fixed on-demand groups and add-ons. Does not own: the measured pool (node-pools.ts).
 */
import type * as aws from '@pulumi/aws';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { LaunchTemplate } from '@pulumi/aws/ec2/launchTemplate.js';
import { AccessEntry } from '@pulumi/aws/eks/accessEntry.js';
import { Addon } from '@pulumi/aws/eks/addon.js';
import { Cluster as AwsCluster } from '@pulumi/aws/eks/cluster.js';
import { NodeGroup } from '@pulumi/aws/eks/nodeGroup.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { Key } from '@pulumi/aws/kms/key.js';
import type * as kubernetes from '@pulumi/kubernetes';
import { Provider as KubernetesProvider } from '@pulumi/kubernetes/provider.js';
import * as pulumi from '@pulumi/pulumi';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';
import { poolLabel } from '#infra/platforms/ground.ts';

export interface ClusterArgs {
  readonly prefix: string;
  readonly region: string;
  readonly plan: CloudPlan;
  readonly kubernetesVersion: string;
  /** Who may reach the API from outside the network. */
  readonly apiAccessCidrs: readonly string[];
  readonly controlSubnetIds: readonly pulumi.Output<string>[];
  /** Endpoints and the dead-man: VMs come after them. */
  readonly before: readonly pulumi.Resource[];
  readonly tags: Readonly<Record<string, string>>;
  /** As `tags`, with the deadline. */
  readonly vmTags: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

const managed = (policy: string): string => `arn:aws:iam::aws:policy/${policy}`;

function role(
  name: string,
  args: { readonly prefix: string; readonly tags: Readonly<Record<string, string>> },
  own: string,
  trust: string,
  policies: readonly string[],
  parent: pulumi.Resource,
): { readonly role: aws.iam.Role; readonly attached: readonly pulumi.Resource[] } {
  const created = new Role(
    `${name}-${own}`,
    { name: `${args.prefix}-${own}`, assumeRolePolicy: trust, tags: args.tags },
    { parent },
  );
  const attached = policies.map(
    (policy) =>
      new RolePolicyAttachment(
        `${name}-${own}-${policy.toLowerCase().replaceAll('_', '-')}`,
        { role: created.name, policyArn: managed(policy) },
        { parent },
      ),
  );
  return { role: created, attached };
}

export const trustService = (service: string, actions: readonly string[] = ['sts:AssumeRole']): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: actions }],
  });

/** What every VM may do: join the cluster and pull images. Addresses are handed out by an identity of its own. */
const WORKER_POLICIES = ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly'] as const;

export class Cluster extends pulumi.ComponentResource {
  readonly cluster: aws.eks.Cluster;
  readonly workerRole: aws.iam.Role;
  /** The measured pool comes after these. */
  readonly ready: readonly pulumi.Resource[];
  readonly kubeconfig: pulumi.Output<string>;
  readonly provider: kubernetes.Provider;

  constructor(name: string, args: ClusterArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:cluster:Cluster', name, {}, opts);
    const trustVms = trustService('ec2.amazonaws.com');
    const control = role(
      name,
      args,
      'control',
      trustService('eks.amazonaws.com'),
      ['AmazonEKSClusterPolicy'],
      this,
    );
    const worker = role(name, args, 'worker', trustVms, WORKER_POLICIES, this);
    const fixed = role(name, args, 'fixed', trustVms, WORKER_POLICIES, this);
    const trustPods = trustService('pods.eks.amazonaws.com', ['sts:AssumeRole', 'sts:TagSession']);
    const cni = role(name, args, 'cni', trustPods, ['AmazonEKS_CNI_Policy'], this);
    this.cluster = this.#controlPlane(name, args, control);
    this.workerRole = worker.role;
    const early = this.#addons(name, args, cni.role, [...args.before, ...cni.attached]);
    // Self-managed VMs need an entry; managed groups bring their own.
    const entry = new AccessEntry(
      `${name}-worker-entry`,
      { clusterName: this.cluster.name, principalArn: worker.role.arn, type: 'EC2_LINUX', tags: args.tags },
      { parent: this },
    );
    const groups = this.#fixedGroups(name, args, fixed.role, [...early, ...fixed.attached]);
    const dns = new Addon(
      `${name}-coredns`,
      {
        clusterName: this.cluster.name,
        addonName: 'coredns',
        configurationValues: JSON.stringify({
          nodeSelector: { [poolLabel]: 'system' },
          autoScaling: { enabled: true },
        }),
        resolveConflictsOnCreate: 'OVERWRITE',
        tags: args.tags,
      },
      // It waits until its pods run: without VMs it would wait in vain.
      { parent: this, dependsOn: groups },
    );
    this.ready = [entry, dns, ...worker.attached, ...early];
    this.kubeconfig = pulumi
      .all([this.cluster.name, this.cluster.endpoint, this.cluster.certificateAuthority])
      .apply(([cluster, endpoint, authority]) =>
        kubeconfigOf(cluster, endpoint, authority?.data ?? '', args.region),
      );
    this.provider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig, clusterIdentifier: args.prefix, deleteUnreachable: true },
      { parent: this },
    );
    this.registerOutputs({ name: this.cluster.name });
  }

  #controlPlane(
    name: string,
    args: ClusterArgs,
    control: { readonly role: aws.iam.Role; readonly attached: readonly pulumi.Resource[] },
  ): aws.eks.Cluster {
    const key = new Key(
      `${name}-key`,
      {
        description: `Secrets of the cluster ${args.prefix}`,
        enableKeyRotation: true,
        deletionWindowInDays: 7,
        tags: args.tags,
      },
      { parent: this },
    );
    const logs = new LogGroup(
      `${name}-logs`,
      { name: `/aws/eks/${args.prefix}/cluster`, retentionInDays: 7, tags: args.tags },
      { parent: this },
    );
    return new AwsCluster(
      `${name}-control-plane`,
      {
        name: args.prefix,
        roleArn: control.role.arn,
        version: args.kubernetesVersion,
        accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
        bootstrapSelfManagedAddons: false,
        controlPlaneScalingConfig: { tier: args.plan.controlPlaneTier },
        kubeApiServerConfig: { eventTtl: '10m' },
        enabledClusterLogTypes: ['audit', 'authenticator'],
        encryptionConfig: { provider: { keyArn: key.arn }, resources: ['secrets'] },
        // Extended support costs six times as much.
        upgradePolicy: { supportType: 'STANDARD' },
        deletionProtection: false,
        vpcConfig: {
          subnetIds: [...args.controlSubnetIds],
          endpointPrivateAccess: true,
          endpointPublicAccess: true,
          publicAccessCidrs: [...args.apiAccessCidrs],
        },
        tags: args.tags,
      },
      { parent: this, dependsOn: [...control.attached, logs] },
    );
  }

  /** Before the first VM: one that joins without them keeps the slow way of handing out addresses for good. */
  #addons(
    name: string,
    args: ClusterArgs,
    cniRole: aws.iam.Role,
    dependsOn: pulumi.Resource[],
  ): readonly pulumi.Resource[] {
    const addon = (addonName: string, more: Partial<aws.eks.AddonArgs>, after: pulumi.Resource[]) =>
      new Addon(
        `${name}-${addonName}`,
        {
          clusterName: this.cluster.name,
          addonName,
          resolveConflictsOnCreate: 'OVERWRITE',
          tags: args.tags,
          ...more,
        },
        { parent: this, dependsOn: after },
      );
    const identity = addon('eks-pod-identity-agent', {}, []);
    const proxy = addon('kube-proxy', {}, []);
    const cni = addon(
      'vpc-cni',
      {
        configurationValues: JSON.stringify({
          enableNetworkPolicy: 'true',
          env: { ENABLE_PREFIX_DELEGATION: 'true', WARM_PREFIX_TARGET: '1' },
        }),
        podIdentityAssociations: [{ roleArn: cniRole.arn, serviceAccount: 'aws-node' }],
      },
      [identity, ...dependsOn],
    );
    return [identity, proxy, cni];
  }

  #fixedGroups(
    name: string,
    args: ClusterArgs,
    nodeRole: aws.iam.Role,
    dependsOn: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    return args.plan.fixedGroups.map((group) => {
      const template = new LaunchTemplate(
        `${name}-${group.name}-template`,
        {
          name: `${args.prefix}-${group.name}`,
          ...safeVm(group.diskGiB, args.vmTags),
          tags: args.vmTags,
        },
        { parent: this },
      );
      return new NodeGroup(
        `${name}-${group.name}`,
        {
          clusterName: this.cluster.name,
          nodeGroupName: group.name,
          nodeRoleArn: nodeRole.arn,
          subnetIds: args.controlSubnetIds.slice(0, 1),
          amiType: 'AL2023_x86_64_STANDARD',
          capacityType: 'ON_DEMAND',
          instanceTypes: [group.sku],
          scalingConfig: { minSize: 0, desiredSize: group.count, maxSize: group.count },
          labels: { [poolLabel]: group.name },
          taints:
            group.name === 'system' ? [] : [{ key: poolLabel, value: group.name, effect: 'NO_SCHEDULE' }],
          launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
          tags: args.vmTags,
        },
        { parent: this, dependsOn: [...dependsOn, ...args.before] },
      );
    });
  }
}

/** What every launch template of ours says: no metadata for pods, an encrypted disk that goes with the VM, tags on all of it. */
export function safeVm(
  diskGiB: number,
  vmTags: pulumi.Input<Record<string, pulumi.Input<string>>>,
): Pick<aws.ec2.LaunchTemplateArgs, 'metadataOptions' | 'blockDeviceMappings' | 'tagSpecifications'> {
  return {
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [
      {
        deviceName: '/dev/xvda',
        ebs: { volumeType: 'gp3', volumeSize: diskGiB, encrypted: 'true', deleteOnTermination: 'true' },
      },
    ],
    tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
      resourceType,
      tags: vmTags,
    })),
  };
}

/** No secret in it: the token is drawn by the machine that deploys. */
function kubeconfigOf(cluster: string, server: string, authority: string, region: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster,
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': authority } }],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    users: [
      {
        name: cluster,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1beta1',
            command: 'aws',
            args: ['eks', 'get-token', '--cluster-name', cluster, '--region', region],
            interactiveMode: 'Never',
          },
        },
      },
    ],
  });
}
