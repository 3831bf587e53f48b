/**
 * What stands in an account of moto, without filters: everything that bills or stands in the way of a new network, whoever made it.
 * Owns: that list, other people's resources to leave alone, the state's bucket. Does not own: whose a resource is.
 */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EKSClient, ListClustersCommand } from '@aws-sdk/client-eks';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ListScheduleGroupsCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';

import { ServicesAccount } from './services-account.ts';

type Tags = Readonly<Record<string, string>>;

/** Another network of this product, in order. */
const theirs: Tags = {
  'bft:campaign': 'manual',
  'bft:run': 'manual',
  'bft:stack': '5k-nodes',
  'bft:deadline': '2030-01-01T00:00:00Z',
  'bft:price-cap-micros': '1',
  'bft:run-cap-micros': '1000000000',
};

export class MotoAccount {
  readonly ec2: EC2Client;
  readonly groups: AutoScalingClient;
  readonly scheduler: SchedulerClient;
  readonly #eks: EKSClient;
  readonly #s3: S3Client;
  readonly #services: ServicesAccount;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'of-a-test', secretAccessKey: 'of-a-test' };
    const config = { region: 'us-west-2', endpoint, credentials };
    this.ec2 = new EC2Client(config);
    this.groups = new AutoScalingClient(config);
    this.scheduler = new SchedulerClient(config);
    this.#eks = new EKSClient(config);
    this.#services = new ServicesAccount(endpoint);
    this.#s3 = new S3Client({ ...config, forcePathStyle: true });
  }

  async bucket(name: string): Promise<void> {
    const CreateBucketConfiguration = { LocationConstraint: 'us-west-2' } as const;
    await this.#s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration }));
  }

  /** Ids of VMs that run or are about to, with these tags. */
  async running(tags: Tags): Promise<string[]> {
    const wanted = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
    const alive = { Name: 'instance-state-name', Values: ['pending', 'running'] };
    const { Reservations = [] } = await this.ec2.send(
      new DescribeInstancesCommand({ Filters: [...wanted, alive] }),
    );
    return Reservations.flatMap(({ Instances = [] }) => Instances.map((vm) => vm.InstanceId ?? ''));
  }

  /** One line per thing, sorted; terminated VMs and the schedules that wait to be fired are none. */
  async inventory(): Promise<string[]> {
    const { ec2 } = this;
    const lines = (kind: string, ids: readonly (string | undefined)[]): string[] =>
      ids.map((id) => `${kind} ${String(id)}`);
    const running = await this.running({});
    const volumes = await ec2.send(new DescribeVolumesCommand({}));
    const endpoints = await ec2.send(new DescribeVpcEndpointsCommand({}));
    const interfaces = await ec2.send(new DescribeNetworkInterfacesCommand({}));
    // AWS removes the interface of a VM with it; moto keeps it, attached to a VM that is gone.
    const standing = (interfaces.NetworkInterfaces ?? []).filter(
      ({ Attachment }) => Attachment?.InstanceId === undefined || running.includes(Attachment.InstanceId),
    );
    const templates = await ec2.send(new DescribeLaunchTemplatesCommand({}));
    const doors = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const subnets = await ec2.send(new DescribeSubnetsCommand({}));
    const routes = await ec2.send(new DescribeRouteTablesCommand({}));
    const networks = await ec2.send(new DescribeVpcsCommand({}));
    const groups = await this.groups.send(new DescribeAutoScalingGroupsCommand({}));
    const clusters = await this.#eks.send(new ListClustersCommand({}));
    const scheduled = await this.scheduler.send(new ListScheduleGroupsCommand({}));
    const schedules = await this.scheduler.send(new ListSchedulesCommand({}));
    return [
      ...lines('instance', running),
      ...lines('volume', volumes.Volumes?.map((one) => one.VolumeId) ?? []),
      ...lines('endpoint', endpoints.VpcEndpoints?.map((one) => one.VpcEndpointId) ?? []),
      ...lines(
        'interface',
        standing.map((one) => one.NetworkInterfaceId),
      ),
      ...lines('template', templates.LaunchTemplates?.map((one) => one.LaunchTemplateName) ?? []),
      ...lines('security group', doors.SecurityGroups?.map((one) => one.GroupId) ?? []),
      ...lines('subnet', subnets.Subnets?.map((one) => one.SubnetId) ?? []),
      ...lines('route table', routes.RouteTables?.map((one) => one.RouteTableId) ?? []),
      ...lines('network', networks.Vpcs?.map((one) => one.VpcId) ?? []),
      ...lines('group', groups.AutoScalingGroups?.map((one) => one.AutoScalingGroupName) ?? []),
      ...lines('cluster', clusters.clusters ?? []),
      ...lines('schedule group', scheduled.ScheduleGroups?.map((one) => one.Name) ?? []),
      ...lines('schedule', schedules.Schedules?.map((one) => `${one.GroupName}/${one.Name}`) ?? []),
      ...(await this.#services.inventory()),
    ].sort();
  }

  /** Resources of other people: other tags, none, or a name like ours. */
  async others(): Promise<void> {
    const { Images } = await this.ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
    const image = Images?.[0]?.ImageId;
    for (const tags of [theirs, { owner: 'somebody' }, {}])
      await this.ec2.send(
        new RunInstancesCommand({
          ImageId: image,
          InstanceType: 'c6i.2xlarge',
          MinCount: 2,
          MaxCount: 2,
          ...specified('instance', tags),
        }),
      );
    await this.ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: 'us-west-2a', Size: 8, ...specified('volume', theirs) }),
    );
    await this.ec2.send(
      new CreateVpcCommand({ CidrBlock: '10.9.0.0/16', ...specified('vpc', { Name: 'bft-1k-nodes-vpc' }) }),
    );
    const LaunchTemplateName = 'of-somebody';
    const LaunchTemplateData = { ImageId: image, InstanceType: 'c6i.2xlarge' } as const;
    await this.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    const description = 'Secrets of the cluster bft-1k-nodes';
    await this.#services.add({ prefix: 'bft-1k-nodes-of-somebody', description, tags: {} });
    await this.groups.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: 'bft-1k-nodes-of-somebody',
        MinSize: 1,
        MaxSize: 1,
        DesiredCapacity: 1,
        LaunchTemplate: { LaunchTemplateName, Version: '$Latest' },
        AvailabilityZones: ['us-west-2a'],
      }),
    );
  }
}

function specified(ResourceType: 'instance' | 'volume' | 'vpc', tags: Tags) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType, Tags }] };
}
