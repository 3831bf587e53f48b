/**
 * Puts what inventory, guard and reaper look at into moto through the real AWS SDK, as the stand-in provider creates it.
 * Owns: which resource becomes which call, and its identifier there. Does not own: the provider (aws.ts). What is not listed lives in
 * the fake cloud alone.
 */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  type MixedInstancesPolicy,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { BudgetsClient, CreateBudgetCommand, DeleteBudgetCommand } from '@aws-sdk/client-budgets';
import {
  AssociateVpcCidrBlockCommand,
  CreateLaunchTemplateCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteLaunchTemplateCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DisassociateVpcCidrBlockCommand,
  EC2Client,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { CreateClusterCommand, DeleteClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { mirroredServices } from './aws-mirror-services.ts';
import type { Properties } from './cloud-provider.ts';
import { type Mirrored, number, record, text, texts } from './mirrored.ts';

export interface Endpoint {
  /** Of moto. */
  readonly url: string;
  readonly region: string;
}

/** AWS writes names with capitals where Pulumi does not, in the same nesting. */
function capitalised(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalised);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.charAt(0).toUpperCase() + key.slice(1),
      capitalised(item),
    ]),
  );
}

function mixedPolicy(value: unknown): MixedInstancesPolicy {
  const { launchTemplate, instancesDistribution } = record(value);
  const { launchTemplateSpecification, overrides } = record(launchTemplate);
  const { launchTemplateId, version } = record(launchTemplateSpecification);
  return {
    LaunchTemplate: {
      LaunchTemplateSpecification: {
        LaunchTemplateId: text(launchTemplateId),
        Version: text(version) || '$Latest',
      },
      Overrides: (Array.isArray(overrides) ? overrides : []).map((override) => ({
        InstanceType: text(record(override)['instanceType']),
      })),
    },
    ...(instancesDistribution === undefined
      ? {}
      : { InstancesDistribution: capitalised(record(instancesDistribution)) as object }),
  };
}

export class AwsMirror {
  readonly #ec2: EC2Client;
  readonly #scaling: AutoScalingClient;
  readonly #scheduler: SchedulerClient;
  readonly #budgets: BudgetsClient;
  readonly #eks: EKSClient;
  readonly #sns: SNSClient;
  readonly #kinds: ReadonlyMap<string, Mirrored>;

  constructor({ url, region }: Endpoint) {
    const options = {
      endpoint: url,
      region,
      credentials: { accessKeyId: 'of-a-test', secretAccessKey: 'of-a-test' },
      maxAttempts: 3,
    };
    this.#ec2 = new EC2Client(options);
    this.#scaling = new AutoScalingClient(options);
    this.#scheduler = new SchedulerClient(options);
    this.#budgets = new BudgetsClient(options);
    this.#eks = new EKSClient(options);
    this.#sns = new SNSClient(options);
    this.#kinds = new Map([
      ...this.#network(),
      ...this.#machines(),
      ['aws:scheduler/schedule:Schedule', this.#schedules()],
      ['aws:scheduler/scheduleGroup:ScheduleGroup', this.#scheduleGroup()],
      ['aws:sns/topic:Topic', this.#topic()],
      ['aws:budgets/budget:Budget', this.#budget()],
      ['aws:eks/cluster:Cluster', this.#cluster()],
      ...mirroredServices(options),
    ]);
  }

  of(type: string): Mirrored | null {
    return this.#kinds.get(type) ?? null;
  }

  #tagsFor(
    kind: ResourceType,
    inputs: Properties,
  ): { ResourceType: ResourceType; Tags: { Key: string; Value: string }[] }[] {
    const tags = Object.entries(record(inputs['tagsAll'] ?? inputs['tags']));
    if (tags.length === 0) return [];
    return [{ ResourceType: kind, Tags: tags.map(([Key, value]) => ({ Key, Value: text(value) })) }];
  }

  #network(): [string, Mirrored][] {
    const ec2 = this.#ec2;
    const vpc: Mirrored = {
      create: async (inputs) => {
        const TagSpecifications = this.#tagsFor('vpc', inputs);
        const made = await ec2.send(
          new CreateVpcCommand({ CidrBlock: text(inputs['cidrBlock']), TagSpecifications }),
        );
        return { id: text(made.Vpc?.VpcId) };
      },
      remove: (VpcId) => ec2.send(new DeleteVpcCommand({ VpcId })),
    };
    const subnet: Mirrored = {
      create: async (inputs) => {
        const made = await ec2.send(
          new CreateSubnetCommand({
            VpcId: text(inputs['vpcId']),
            CidrBlock: text(inputs['cidrBlock']),
            ...(inputs['availabilityZone'] === undefined
              ? {}
              : { AvailabilityZone: text(inputs['availabilityZone']) }),
            TagSpecifications: this.#tagsFor('subnet', inputs),
          }),
        );
        return { id: text(made.Subnet?.SubnetId) };
      },
      remove: (SubnetId) => ec2.send(new DeleteSubnetCommand({ SubnetId })),
    };
    const securityGroup: Mirrored = {
      create: async (inputs, name) => {
        const GroupName = text(inputs['name'] ?? name);
        const made = await ec2.send(
          new CreateSecurityGroupCommand({
            GroupName,
            Description: text(inputs['description'] ?? name),
            VpcId: text(inputs['vpcId']),
            TagSpecifications: this.#tagsFor('security-group', inputs),
          }),
        );
        return { id: text(made.GroupId), name: GroupName };
      },
      remove: (GroupId) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
    };
    return [
      ['aws:ec2/vpc:Vpc', vpc],
      ['aws:ec2/subnet:Subnet', subnet],
      ...this.#ranges(),
      ['aws:ec2/securityGroup:SecurityGroup', securityGroup],
    ];
  }

  #ranges(): [string, Mirrored][] {
    const ec2 = this.#ec2;
    const routeTable: Mirrored = {
      create: async (inputs) => {
        const TagSpecifications = this.#tagsFor('route-table', inputs);
        const made = await ec2.send(
          new CreateRouteTableCommand({ VpcId: text(inputs['vpcId']), TagSpecifications }),
        );
        return { id: text(made.RouteTable?.RouteTableId) };
      },
      remove: (RouteTableId) => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
    };
    const range: Mirrored = {
      create: async (inputs) => {
        const [VpcId, CidrBlock] = [text(inputs['vpcId']), text(inputs['cidrBlock'])];
        const made = await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock }));
        return { id: text(made.CidrBlockAssociation?.AssociationId) };
      },
      remove: (AssociationId) => ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId })),
    };
    return [
      ['aws:ec2/routeTable:RouteTable', routeTable],
      ['aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation', range],
    ];
  }

  #machines(): [string, Mirrored][] {
    const ec2 = this.#ec2;
    const template: Mirrored = {
      create: async (inputs, name) => {
        const LaunchTemplateName = text(inputs['name'] ?? name);
        const specifications = Array.isArray(inputs['tagSpecifications'])
          ? inputs['tagSpecifications'].map(record)
          : [];
        const made = await ec2.send(
          new CreateLaunchTemplateCommand({
            LaunchTemplateName,
            TagSpecifications: this.#tagsFor('launch-template', inputs),
            LaunchTemplateData: {
              ImageId: 'ami-12c6146b',
              InstanceType: 'm5.large',
              TagSpecifications: specifications
                .filter(({ resourceType }) => resourceType === 'instance' || resourceType === 'volume')
                .map(({ resourceType, tags }) => ({
                  ResourceType: resourceType as 'instance' | 'volume',
                  Tags: Object.entries(record(tags)).map(([Key, value]) => ({ Key, Value: text(value) })),
                })),
            },
          }),
        );
        return {
          id: text(made.LaunchTemplate?.LaunchTemplateId),
          name: LaunchTemplateName,
          latestVersion: 1,
          defaultVersion: 1,
        };
      },
      remove: (LaunchTemplateId) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId })),
    };
    return [
      ['aws:ec2/launchTemplate:LaunchTemplate', template],
      ['aws:autoscaling/group:Group', this.#group()],
    ];
  }

  #group(): Mirrored {
    const scaling = this.#scaling;
    const sizes = (inputs: Properties): { MinSize: number; MaxSize: number; DesiredCapacity: number } => ({
      MinSize: number(inputs['minSize']),
      MaxSize: number(inputs['maxSize']),
      DesiredCapacity: number(inputs['desiredCapacity'] ?? inputs['minSize']),
    });
    return {
      create: async (inputs, name) => {
        const id = text(inputs['name'] ?? name);
        const tags = Array.isArray(inputs['tags']) ? inputs['tags'].map(record) : [];
        await scaling.send(
          new CreateAutoScalingGroupCommand({
            AutoScalingGroupName: id,
            ...sizes(inputs),
            VPCZoneIdentifier: texts(inputs['vpcZoneIdentifiers']).join(','),
            ...(inputs['mixedInstancesPolicy'] === undefined
              ? {}
              : { MixedInstancesPolicy: mixedPolicy(inputs['mixedInstancesPolicy']) }),
            Tags: tags.map(({ key, value }) => ({
              Key: text(key),
              Value: text(value),
              ResourceId: id,
              ResourceType: 'auto-scaling-group',
              PropagateAtLaunch: true,
            })),
          }),
        );
        return { id, name: id };
      },
      update: (AutoScalingGroupName, inputs) =>
        scaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, ...sizes(inputs) })),
      remove: (AutoScalingGroupName) =>
        scaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true })),
      exists: async (id) => {
        const found = await scaling.send(
          new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [id] }),
        );
        return (found.AutoScalingGroups ?? []).length === 1;
      },
    };
  }

  #schedules(): Mirrored {
    const schedule = (inputs: Properties): ConstructorParameters<typeof UpdateScheduleCommand>[0] => {
      const { mode } = record(inputs['flexibleTimeWindow']);
      const { arn, roleArn, input } = record(inputs['target']);
      return {
        Name: text(inputs['name']),
        ...(inputs['groupName'] === undefined ? {} : { GroupName: text(inputs['groupName']) }),
        ScheduleExpression: text(inputs['scheduleExpression']),
        FlexibleTimeWindow: { Mode: mode === 'FLEXIBLE' ? 'FLEXIBLE' : 'OFF' },
        Target: { Arn: text(arn), RoleArn: text(roleArn), Input: text(input) },
        ...(inputs['startDate'] === undefined ? {} : { StartDate: new Date(text(inputs['startDate'])) }),
      };
    };
    return {
      create: async (inputs, name) => {
        const id = text(inputs['name'] ?? name);
        await this.#scheduler.send(new CreateScheduleCommand(schedule({ ...inputs, name: id })));
        return { id, name: id };
      },
      update: (id, inputs) =>
        this.#scheduler.send(new UpdateScheduleCommand(schedule({ ...inputs, name: id }))),
      remove: (Name, { groupName }) =>
        this.#scheduler.send(
          new DeleteScheduleCommand({
            Name,
            ...(groupName === undefined ? {} : { GroupName: text(groupName) }),
          }),
        ),
    };
  }

  #scheduleGroup(): Mirrored {
    return {
      create: async (inputs, name) => {
        const id = text(inputs['name'] ?? name);
        await this.#scheduler.send(new CreateScheduleGroupCommand({ Name: id }));
        return { id, name: id };
      },
      remove: (Name) => this.#scheduler.send(new DeleteScheduleGroupCommand({ Name })),
    };
  }

  #topic(): Mirrored {
    return {
      create: async (inputs, name) => {
        const Name = text(inputs['name'] ?? name);
        const { TopicArn } = await this.#sns.send(new CreateTopicCommand({ Name }));
        return { id: text(TopicArn), arn: text(TopicArn), name: Name };
      },
      remove: (TopicArn) => this.#sns.send(new DeleteTopicCommand({ TopicArn })),
    };
  }

  #budget(): Mirrored {
    const accountOf = (inputs: Properties): string => text(inputs['accountId']) || '123456789012';
    return {
      create: async (inputs, name) => {
        const BudgetName = text(inputs['name'] ?? name);
        const BudgetLimit = { Amount: text(inputs['limitAmount']), Unit: text(inputs['limitUnit']) };
        const Budget = {
          BudgetName,
          BudgetLimit,
          BudgetType: 'COST',
          TimeUnit: text(inputs['timeUnit']) as 'ANNUALLY',
        } as const;
        await this.#budgets.send(new CreateBudgetCommand({ AccountId: accountOf(inputs), Budget }));
        return { id: BudgetName, name: BudgetName };
      },
      remove: (BudgetName, outputs) =>
        this.#budgets.send(new DeleteBudgetCommand({ AccountId: accountOf(outputs), BudgetName })),
    };
  }

  #cluster(): Mirrored {
    return {
      create: async (inputs, name) => {
        const id = text(inputs['name'] ?? name);
        const { subnetIds } = record(inputs['vpcConfig']);
        const tags = Object.fromEntries(
          Object.entries(record(inputs['tagsAll'] ?? inputs['tags'])).map(([key, value]) => [
            key,
            text(value),
          ]),
        );
        const resourcesVpcConfig = { subnetIds: texts(subnetIds) };
        // moto accepts any role of the right form.
        const roleArn = 'arn:aws:iam::123456789012:role/of-a-test';
        const made = await this.#eks.send(
          new CreateClusterCommand({ name: id, roleArn, resourcesVpcConfig, tags }),
        );
        return { id, name: id, arn: text(made.cluster?.arn) };
      },
      remove: (name) => this.#eks.send(new DeleteClusterCommand({ name })),
    };
  }
}
