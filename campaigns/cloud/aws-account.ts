/**
 * An AWS account and region through the SDK v3 clients: the whole inventory, groups to zero, deleting by id.
 * Owns: calls, paging, the time of an answer. Does not own: whose a resource is (cloud-resource.ts), when to delete (reap.ts, guard).
 * Credentials, endpoint and retries are the SDK's own (AWS_PROFILE, AWS_ENDPOINT_URL, ...).
 */
import {
  AutoScalingClient,
  type AutoScalingGroup,
  DeleteAutoScalingGroupCommand,
  paginateDescribeAutoScalingGroups,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  type _InstanceType,
  DeleteLaunchTemplateCommand,
  DeleteNatGatewayCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeleteVpcEndpointsCommand,
  DescribeAddressesCommand,
  DescribeSpotPriceHistoryCommand,
  EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplates,
  paginateDescribeNatGateways,
  paginateDescribeSnapshots,
  paginateDescribeVolumes,
  paginateDescribeVpcEndpoints,
  ReleaseAddressCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DeleteClusterCommand,
  DeleteNodegroupCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  paginateListClusters,
  paginateListNodegroups,
} from '@aws-sdk/client-eks';
import type { AccountInventory, CloudAccount } from '#campaigns/cloud/cloud-account.ts';
import type { CloudResource, ResourceClass } from '#campaigns/cloud/cloud-resource.ts';

type Tag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

const tagsOf = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));

/** At most so many ids in one call. */
const BATCH = 200;

function batches<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
    all.slice(i * BATCH, (i + 1) * BATCH),
  );
}

const words = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

export class AwsAccount implements CloudAccount {
  readonly provider = 'aws';
  readonly region: string;
  readonly #ec2: EC2Client;
  readonly #groups: AutoScalingClient;
  readonly #eks: EKSClient;
  #stampMs = 0;

  constructor(region: string) {
    this.region = region;
    const config = { region, maxAttempts: 2 };
    this.#ec2 = new EC2Client(config);
    this.#groups = new AutoScalingClient(config);
    this.#eks = new EKSClient(config);
    // The provider's own clock: the Date header of its answers.
    this.#ec2.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { response } = result;
        if (typeof response === 'object' && response !== null && 'headers' in response) {
          const headers: unknown = response.headers;
          const date =
            typeof headers === 'object' && headers !== null && 'date' in headers
              ? Date.parse(String(headers.date))
              : Number.NaN;
          if (!Number.isNaN(date)) this.#stampMs = Math.max(this.#stampMs, date);
        }
        return result;
      },
      { step: 'deserialize', name: 'answerDate', priority: 'low' },
    );
  }

  close(): void {
    this.#ec2.destroy();
    this.#groups.destroy();
    this.#eks.destroy();
  }

  #resource(
    own: Pick<CloudResource, 'class' | 'id' | 'tags' | 'state'> &
      Partial<CloudResource> & { readonly since?: Date | undefined },
  ): CloudResource {
    const { since, ...rest } = own;
    return {
      name: own.tags['Name'] ?? own.id,
      region: this.region,
      launchedMs: since?.getTime() ?? null,
      sku: '',
      spot: false,
      units: 1,
      ...rest,
    };
  }

  #instance(one: Instance): CloudResource {
    return this.#resource({
      class: 'instance',
      id: one.InstanceId ?? '',
      tags: tagsOf(one.Tags),
      state: one.State?.Name ?? 'unknown',
      since: one.LaunchTime,
      sku: one.InstanceType ?? '',
      spot: one.InstanceLifecycle === 'spot',
    });
  }

  #group(one: AutoScalingGroup): CloudResource {
    const id = one.AutoScalingGroupName ?? '';
    const state = one.Status ?? (one.DesiredCapacity === 0 && one.MaxSize === 0 ? 'at zero' : 'active');
    return this.#resource({
      class: 'autoscaling-group',
      id,
      name: id,
      tags: tagsOf(one.Tags),
      state,
      since: one.CreatedTime,
    });
  }

  async inventory(signal?: AbortSignal): Promise<AccountInventory> {
    const lists = await Promise.all([
      this.#listInstances(signal),
      this.#listGroups(),
      this.#listAttached(),
      this.#listStored(),
      this.#listClusters(),
    ]);
    if (this.#stampMs === 0) throw new Error('the answers of EC2 carry no date');
    signal?.throwIfAborted();
    return { stampMs: this.#stampMs, resources: lists.flat() };
  }

  async #listInstances(signal: AbortSignal | undefined): Promise<CloudResource[]> {
    const found: CloudResource[] = [];
    for await (const page of paginateDescribeInstances({ client: this.#ec2, pageSize: 1000 }, {})) {
      signal?.throwIfAborted();
      for (const { Instances = [] } of page.Reservations ?? [])
        found.push(
          ...Instances.filter((one) => one.State?.Name !== 'terminated').map((one) => this.#instance(one)),
        );
    }
    return found;
  }

  async #listGroups(): Promise<CloudResource[]> {
    const found: CloudResource[] = [];
    for await (const page of paginateDescribeAutoScalingGroups({ client: this.#groups }, {}))
      found.push(...(page.AutoScalingGroups ?? []).map((one) => this.#group(one)));
    return found;
  }

  async #listAttached(): Promise<CloudResource[]> {
    const found: CloudResource[] = [];
    for await (const page of paginateDescribeNatGateways({ client: this.#ec2 }, {}))
      for (const one of page.NatGateways ?? [])
        if (String(one.State).toLowerCase() !== 'deleted')
          found.push(
            this.#resource({
              class: 'nat-gateway',
              id: one.NatGatewayId ?? '',
              tags: tagsOf(one.Tags),
              state: one.State ?? '',
              since: one.CreateTime,
            }),
          );
    for await (const page of paginateDescribeVpcEndpoints({ client: this.#ec2 }, {}))
      for (const one of page.VpcEndpoints ?? [])
        if (String(one.State).toLowerCase() !== 'deleted')
          found.push(
            this.#resource({
              class: 'endpoint',
              id: one.VpcEndpointId ?? '',
              tags: tagsOf(one.Tags),
              state: one.State ?? '',
              since: one.CreationTimestamp,
              sku: one.VpcEndpointType ?? '',
            }),
          );
    const { Addresses = [] } = await this.#ec2.send(new DescribeAddressesCommand({}));
    for (const one of Addresses)
      found.push(
        this.#resource({
          class: 'address',
          id: one.AllocationId ?? one.PublicIp ?? '',
          tags: tagsOf(one.Tags),
          state: one.AssociationId === undefined ? 'free' : 'associated',
        }),
      );
    return found;
  }

  async #listStored(): Promise<CloudResource[]> {
    const found: CloudResource[] = [];
    for await (const page of paginateDescribeVolumes({ client: this.#ec2 }, {}))
      for (const one of page.Volumes ?? [])
        found.push(
          this.#resource({
            class: 'volume',
            id: one.VolumeId ?? '',
            tags: tagsOf(one.Tags),
            state: one.State ?? '',
            since: one.CreateTime,
            sku: one.VolumeType ?? '',
            units: one.Size ?? 1,
          }),
        );
    for await (const page of paginateDescribeSnapshots({ client: this.#ec2 }, { OwnerIds: ['self'] }))
      for (const one of page.Snapshots ?? [])
        found.push(
          this.#resource({
            class: 'snapshot',
            id: one.SnapshotId ?? '',
            tags: tagsOf(one.Tags),
            state: one.State ?? '',
            since: one.StartTime,
            units: one.VolumeSize ?? 1,
          }),
        );
    for await (const page of paginateDescribeLaunchTemplates({ client: this.#ec2 }, {}))
      for (const one of page.LaunchTemplates ?? [])
        found.push(
          this.#resource({
            class: 'launch-template',
            id: one.LaunchTemplateId ?? '',
            name: one.LaunchTemplateName ?? '',
            tags: tagsOf(one.Tags),
            state: 'available',
            since: one.CreateTime,
          }),
        );
    return found;
  }

  async #listClusters(): Promise<CloudResource[]> {
    const found: CloudResource[] = [];
    for await (const { clusters = [] } of paginateListClusters({ client: this.#eks }, {}))
      for (const name of clusters) {
        const { cluster } = await this.#eks.send(new DescribeClusterCommand({ name }));
        found.push(
          this.#resource({
            class: 'cluster',
            id: name,
            name,
            tags: cluster?.tags ?? {},
            state: cluster?.status ?? '',
            since: cluster?.createdAt,
          }),
        );
        for await (const { nodegroups = [] } of paginateListNodegroups(
          { client: this.#eks },
          { clusterName: name },
        ))
          for (const nodegroupName of nodegroups) {
            const { nodegroup } = await this.#eks.send(
              new DescribeNodegroupCommand({ clusterName: name, nodegroupName }),
            );
            const id = `${name}/${nodegroupName}`;
            found.push(
              this.#resource({
                class: 'node-group',
                id,
                name: id,
                tags: nodegroup?.tags ?? {},
                state: nodegroup?.status ?? '',
                since: nodegroup?.createdAt,
              }),
            );
          }
      }
    return found;
  }

  async stopGroups(groups: readonly CloudResource[]): Promise<void> {
    for (const { id } of groups)
      await this.#groups.send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: id,
          MinSize: 0,
          MaxSize: 0,
          DesiredCapacity: 0,
        }),
      );
  }

  async remove(resources: readonly CloudResource[]): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>();
    const inBatches = new Set<ResourceClass>(['instance', 'endpoint']);
    const grouped = Map.groupBy(resources, (one) => one.class);
    for (const [of, all] of grouped) {
      const calls = inBatches.has(of) ? batches(all) : all.map((one) => [one]);
      for (const batch of calls) {
        try {
          await this.#removeBatch(
            of,
            batch.map((one) => one.id),
          );
        } catch (error) {
          for (const one of batch) refused.set(one.id, words(error));
        }
      }
    }
    return refused;
  }

  async #removeBatch(of: ResourceClass, ids: readonly string[]): Promise<void> {
    const id = ids[0] ?? '';
    const ec2 = this.#ec2;
    switch (of) {
      case 'autoscaling-group':
        await this.#groups.send(
          new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: true }),
        );
        return;
      case 'instance':
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [...ids] }));
        return;
      case 'node-group': {
        const [clusterName = '', nodegroupName = ''] = id.split('/');
        await this.#eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName }));
        return;
      }
      case 'cluster':
        await this.#eks.send(new DeleteClusterCommand({ name: id }));
        return;
      case 'nat-gateway':
        await ec2.send(new DeleteNatGatewayCommand({ NatGatewayId: id }));
        return;
      case 'endpoint':
        await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [...ids] }));
        return;
      case 'address':
        await ec2.send(new ReleaseAddressCommand({ AllocationId: id }));
        return;
      case 'volume':
        await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
        return;
      case 'snapshot':
        await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
        return;
      case 'launch-template':
        await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id }));
        return;
    }
  }

  async spotPrices(skus: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const dearest = new Map<string, string>();
    if (skus.length === 0) return dearest;
    const types = skus as readonly _InstanceType[];
    const { SpotPriceHistory = [] } = await this.#ec2.send(
      new DescribeSpotPriceHistoryCommand({
        InstanceTypes: [...types],
        ProductDescriptions: ['Linux/UNIX'],
        StartTime: new Date(),
      }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    for (const { InstanceType: sku, SpotPrice: price } of SpotPriceHistory) {
      if (sku === undefined || price === undefined) continue;
      if (Number(price) > Number(dearest.get(sku) ?? 0)) dearest.set(sku, price);
    }
    return dearest;
  }
}
