/**
 * The measured pool on AWS: groups of spot VMs with a hard size and fixed names.
 * Owns: the launch template, the groups, what a VM does at its first boot, the record of interruptions.
 * Does not own: how many and which types (plan/machines.ts), emptying them (dead-man.ts).
 */
import type * as aws from '@pulumi/aws';
import { Group as AwsGroup } from '@pulumi/aws/autoscaling/group.js';
import { EventRule } from '@pulumi/aws/cloudwatch/eventRule.js';
import { EventTarget } from '@pulumi/aws/cloudwatch/eventTarget.js';
import { LaunchTemplate } from '@pulumi/aws/ec2/launchTemplate.js';
import { InstanceProfile } from '@pulumi/aws/iam/instanceProfile.js';
import { Queue } from '@pulumi/aws/sqs/queue.js';
import { QueuePolicy } from '@pulumi/aws/sqs/queuePolicy.js';
import * as pulumi from '@pulumi/pulumi';
import { decimalUsd } from '#budgets/money.ts';
import { safeVm } from '#infra/components/cluster.ts';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';
import { VM_GRACE_MINUTES } from '#infra/plan/deadline.ts';
import type { Group } from '#infra/plan/machines.ts';
import { poolLabel } from '#infra/platforms/ground.ts';

export interface NodePoolsArgs {
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
  readonly plan: CloudPlan;
  readonly kubernetesVersion: string;
  readonly cluster: aws.eks.Cluster;
  readonly workerRole: aws.iam.Role;
  readonly measuredSubnetIds: readonly pulumi.Output<string>[];
  /** Resolves only while it lies ahead. */
  readonly deadline: pulumi.Output<string>;
  /** The dead-man and everything a VM needs in order to join. */
  readonly after: readonly pulumi.Resource[];
  readonly vmTags: pulumi.Output<Record<string, string>>;
}

/** Name of a group of VMs: known before it exists, so that its dead-man can come first. */
export function groupName(prefix: string, group: string): string {
  return `${prefix}-${group}`;
}

/** Pods of DaemonSets and two to spare; the kubelet keeps memory back for every pod it might run. */
const PODS_BESIDES_OURS = 10;

export interface BootFacts {
  readonly cluster: string;
  readonly endpoint: string;
  readonly authority: string;
  readonly serviceCidr: string;
  readonly mostPods: number;
  readonly deadline: string;
}

/**
 * Two parts: how the kubelet joins, and a timer by which the VM ends itself some time after the deadline although every schedule
 * has failed. The group's own size is zero by then, or it would be replaced.
 */
export function userData(facts: BootFacts): string {
  const nodeConfig = {
    apiVersion: 'node.eks.aws/v1alpha1',
    kind: 'NodeConfig',
    spec: {
      cluster: {
        name: facts.cluster,
        apiServerEndpoint: facts.endpoint,
        certificateAuthority: facts.authority,
        cidr: facts.serviceCidr,
      },
      kubelet: {
        config: { maxPods: facts.mostPods },
        flags: [`--node-labels=${poolLabel}=nodes`, `--register-with-taints=${poolLabel}=nodes:NoSchedule`],
      },
    },
  };
  const last = Math.floor(Date.parse(facts.deadline) / 1_000) + VM_GRACE_MINUTES * 60;
  const script = [
    '#!/bin/bash',
    `left=$(( (${last} - $(date +%s)) / 60 ))`,
    'shutdown -P "+$(( left > 1 ? left : 1 ))"',
  ].join('\n');
  const boundary = 'bft-scale';
  return [
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: application/node.eks.aws',
    '',
    JSON.stringify(nodeConfig),
    '',
    `--${boundary}`,
    'Content-Type: text/x-shellscript; charset="us-ascii"',
    '',
    script,
    '',
    `--${boundary}--`,
    '',
  ].join('\n');
}

export class NodePools extends pulumi.ComponentResource {
  readonly groups: readonly aws.autoscaling.Group[];

  constructor(name: string, args: NodePoolsArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:cluster:NodePools', name, {}, opts);
    const template = this.#template(name, args);
    this.groups = args.plan.machines.groups.map((group) => this.#group(name, args, template, group));
    this.#interruptions(name, args);
    this.registerOutputs({ groups: this.groups.length });
  }

  #template(name: string, args: NodePoolsArgs): aws.ec2.LaunchTemplate {
    const { machines } = args.plan;
    const profile = new InstanceProfile(
      `${name}-profile`,
      { name: `${args.prefix}-worker`, role: args.workerRole.name, tags: args.vmTags },
      { parent: this },
    );
    const { cluster } = args;
    const data = pulumi
      .all([
        cluster.name,
        cluster.endpoint,
        cluster.certificateAuthority,
        cluster.kubernetesNetworkConfig,
        args.deadline,
      ])
      .apply(([clusterName, endpoint, authority, network, deadline]) =>
        Buffer.from(
          userData({
            cluster: clusterName,
            endpoint,
            authority: authority?.data ?? '',
            serviceCidr: network?.serviceIpv4Cidr ?? '172.20.0.0/16',
            mostPods: machines.podsPerVm + PODS_BESIDES_OURS,
            deadline,
          }),
        ).toString('base64'),
      );
    const image = machines.architecture === 'arm64' ? 'arm64' : 'x86_64';
    return new LaunchTemplate(
      `${name}-template`,
      {
        name: `${args.prefix}-nodes`,
        // Resolved by the service at launch: the newest image that was published for this version of Kubernetes.
        imageId: `resolve:ssm:/aws/service/eks/optimized-ami/${args.kubernetesVersion}/amazon-linux-2023/${image}/standard/recommended/image_id`,
        iamInstanceProfile: { arn: profile.arn },
        instanceInitiatedShutdownBehavior: 'terminate',
        vpcSecurityGroupIds: [cluster.vpcConfig.clusterSecurityGroupId],
        userData: data,
        ...safeVm(machines.diskGiB, args.vmTags),
        updateDefaultVersion: true,
        tags: args.vmTags,
      },
      { parent: this },
    );
  }

  #group(
    name: string,
    args: NodePoolsArgs,
    template: aws.ec2.LaunchTemplate,
    group: Group,
  ): aws.autoscaling.Group {
    const subnet = args.measuredSubnetIds[group.zoneIndex];
    if (subnet === undefined) throw new Error(`no subnet for zone ${group.zoneIndex}`);
    return new AwsGroup(
      `${name}-${group.name}`,
      {
        name: groupName(args.prefix, group.name),
        minSize: 0,
        desiredCapacity: group.vms,
        maxSize: group.vms,
        vpcZoneIdentifiers: [subnet],
        mixedInstancesPolicy: {
          instancesDistribution: {
            onDemandBaseCapacity: 0,
            onDemandPercentageAboveBaseCapacity: 0,
            spotAllocationStrategy: 'price-capacity-optimized',
            // The bound on the cost rests on this price.
            spotMaxPrice: decimalUsd(args.plan.machines.capPerHour),
          },
          launchTemplate: {
            launchTemplateSpecification: {
              launchTemplateId: template.id,
              version: template.latestVersion.apply(String),
            },
            overrides: group.types.map((type) => ({ instanceType: type.sku })),
          },
        },
        // Nothing moves VMs during a measurement but the market and the faults of the scenario.
        capacityRebalance: false,
        suspendedProcesses: ['AZRebalance'],
        healthCheckType: 'EC2',
        // Readiness is judged by the campaign, which aborts and destroys; a timeout here would leave half a stack behind.
        waitForCapacityTimeout: '0',
        ignoreFailedScalingActivities: true,
        forceDelete: true,
        tags: args.vmTags.apply((tags) =>
          Object.entries(tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
        ),
      },
      { parent: this, dependsOn: [...args.after] },
    );
  }

  /** Two minutes before a spot VM goes its notice lands in a queue: the campaign counts them and voids what they spoiled. */
  #interruptions(name: string, args: NodePoolsArgs): void {
    const parent = { parent: this };
    const queue = new Queue(
      `${name}-notices`,
      {
        name: `${args.prefix}-interruptions`,
        messageRetentionSeconds: 86_400,
        sqsManagedSseEnabled: true,
        tags: args.vmTags,
      },
      parent,
    );
    const rule = new EventRule(
      `${name}-notice`,
      {
        name: `${args.prefix}-interruptions`,
        eventPattern: JSON.stringify({
          source: ['aws.ec2'],
          'detail-type': ['EC2 Spot Instance Interruption Warning'],
        }),
        tags: args.vmTags,
      },
      parent,
    );
    new QueuePolicy(
      `${name}-notices-policy`,
      {
        queueUrl: queue.url,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: queue.arn,
              Condition: { ArnEquals: { 'aws:SourceArn': rule.arn } },
            },
          ],
        }),
      },
      parent,
    );
    new EventTarget(`${name}-notice-target`, { rule: rule.name, arn: queue.arn }, parent);
  }
}
