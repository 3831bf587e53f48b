/**
 * Leftovers of a stack on AWS: looking for them by tag in the services themselves, and removing one.
 * Owns: machines, networks, the dead-man, and that the rest (swept-services.ts) comes when these are gone: a service that refuses to be
 * listed keeps no machine alive. Does not own: order and repetition (sweep.ts). The tagging service is not asked: it lags by minutes.
 */
import { setTimeout as after } from 'node:timers/promises';
import {
  AutoScalingClient,
  DeleteAutoScalingGroupCommand,
  paginateDescribeAutoScalingGroups,
} from '@aws-sdk/client-auto-scaling';
import {
  DeleteLaunchTemplateCommand,
  DeleteNetworkInterfaceCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  EC2Client,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateDescribeVolumes,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcs,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  EKSClient,
  paginateListClusters,
  paginateListNodegroups,
} from '@aws-sdk/client-eks';
import {
  DeleteScheduleGroupCommand,
  paginateListScheduleGroups,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { tagKeys } from '#budgets/tag-keys.ts';
import type { Kind, Leftover, SweptCloud } from '#infra/guard/sweep.ts';
import { collect, sweptServices } from '#infra/guard/swept-services.ts';

export interface AwsEndpoints {
  readonly region: string;
  /** Of a stand-in; left out = AWS. */
  readonly endpoint?: string;
}

async function inEc2(client: EC2Client, stack: string): Promise<readonly Leftover[]> {
  const tagged = [{ Name: `tag:${tagKeys.stack}`, Values: [stack] }];
  const alive = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };
  const of = (kind: Kind, ids: readonly string[]): Leftover[] => ids.map((id) => ({ kind, id }));
  const query = { Filters: tagged };
  const config = { client };
  const parts = await Promise.all([
    collect(paginateDescribeInstances(config, { Filters: [...tagged, alive] }), (page) =>
      (page.Reservations ?? []).flatMap((one) => (one.Instances ?? []).map((vm) => vm.InstanceId)),
    ).then((ids) => of('instance', ids)),
    collect(paginateDescribeVolumes(config, query), (page) =>
      (page.Volumes ?? []).map((one) => one.VolumeId),
    ).then((ids) => of('volume', ids)),
    collect(paginateDescribeVpcEndpoints(config, query), (page) =>
      (page.VpcEndpoints ?? [])
        .filter((one) => !/^delet/i.test(String(one.State)))
        .map((one) => one.VpcEndpointId),
    ).then((ids) => of('endpoint', ids)),
    collect(paginateDescribeNetworkInterfaces(config, query), (page) =>
      (page.NetworkInterfaces ?? []).map((one) => one.NetworkInterfaceId),
    ).then((ids) => of('interface', ids)),
    collect(paginateDescribeLaunchTemplates(config, query), (page) =>
      (page.LaunchTemplates ?? []).map((one) => one.LaunchTemplateId),
    ).then((ids) => of('launch-template', ids)),
    collect(paginateDescribeSecurityGroups(config, query), (page) =>
      // The default group of a VPC goes with it.
      (page.SecurityGroups ?? []).filter((one) => one.GroupName !== 'default').map((one) => one.GroupId),
    ).then((ids) => of('security-group', ids)),
    collect(paginateDescribeSubnets(config, query), (page) =>
      (page.Subnets ?? []).map((one) => one.SubnetId),
    ).then((ids) => of('subnet', ids)),
    collect(paginateDescribeRouteTables(config, query), (page) =>
      (page.RouteTables ?? []).map((one) => one.RouteTableId),
    ).then((ids) => of('route-table', ids)),
    collect(paginateDescribeVpcs(config, query), (page) => (page.Vpcs ?? []).map((one) => one.VpcId)).then(
      (ids) => of('vpc', ids),
    ),
  ]);
  return parts.flat();
}

async function inEks(client: EKSClient, stack: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const name of await collect(paginateListClusters({ client }, {}), (page) => page.clusters ?? [])) {
    const { cluster } = await client.send(new DescribeClusterCommand({ name }));
    if (cluster?.tags?.[tagKeys.stack] !== stack) continue;
    const groups = await collect(
      paginateListNodegroups({ client }, { clusterName: name }),
      (page) => page.nodegroups ?? [],
    );
    found.push(...groups.map((group): Leftover => ({ kind: 'node-group', id: `${name}/${group}` })), {
      kind: 'cluster',
      id: name,
    });
  }
  return found;
}

export function sweptAws(where: AwsEndpoints, pauseMs = 30_000): SweptCloud {
  const ec2 = new EC2Client({ ...where });
  const groups = new AutoScalingClient({ ...where });
  const eks = new EKSClient({ ...where });
  const scheduler = new SchedulerClient({ ...where });
  const services = sweptServices(where);
  const removals: Readonly<Record<Kind, (id: string) => Promise<unknown>>> = {
    group: (id) =>
      groups.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true })),
    'node-group': (id) => {
      const [clusterName, nodegroupName] = id.split('/');
      return eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
    },
    instance: (id) => ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })),
    cluster: (id) => eks.send(new DeleteClusterCommand({ name: id })),
    volume: (id) => ec2.send(new DeleteVolumeCommand({ VolumeId: id })),
    endpoint: (id) => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })),
    interface: (id) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
    'launch-template': (id) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
    'security-group': (id) => ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })),
    subnet: (id) => ec2.send(new DeleteSubnetCommand({ SubnetId: id })),
    'route-table': (id) => ec2.send(new DeleteRouteTableCommand({ RouteTableId: id })),
    vpc: (id) => ec2.send(new DeleteVpcCommand({ VpcId: id })),
    'schedule-group': (id) => scheduler.send(new DeleteScheduleGroupCommand({ Name: id })),
    ...services.removals,
  };
  return {
    find: async (stack) => {
      const tagged = [{ Name: `tag:${tagKeys.stack}`, Values: [stack] }];
      const asg = await collect(
        paginateDescribeAutoScalingGroups({ client: groups }, { Filters: tagged }),
        (page) => (page.AutoScalingGroups ?? []).map((one) => one.AutoScalingGroupName),
      );
      // By its fixed name: schedules carry no tags.
      const schedules = await collect(
        paginateListScheduleGroups({ client: scheduler }, { NamePrefix: `bft-${stack}` }),
        (page) => (page.ScheduleGroups ?? []).map((one) => one.Name),
      );
      const found = [
        ...asg.map((id): Leftover => ({ kind: 'group', id })),
        ...(await inEks(eks, stack)),
        ...(await inEc2(ec2, stack)),
        ...schedules
          .filter((name) => name === `bft-${stack}`)
          .map((id): Leftover => ({ kind: 'schedule-group', id })),
      ];
      return found.length > 0 ? found : await services.find(stack);
    },
    remove: async (leftover) => {
      await removals[leftover.kind](leftover.id);
    },
    pause: async () => {
      await after(pauseMs);
    },
  };
}
