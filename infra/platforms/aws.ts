/**
 * A stack on AWS: preflight, then dead-man, network, cluster, pools, in the order in which they may exist.
 * Owns: that order and the provider. Does not own: the resources (components/), sizes (plan/).
 */
import type * as aws from '@pulumi/aws';
import { getAvailabilityZones } from '@pulumi/aws/getAvailabilityZones.js';
import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import { getServiceQuota } from '@pulumi/aws/servicequotas/getServiceQuota.js';
import type * as pulumi from '@pulumi/pulumi';
import { tagKeys } from '#budgets/tag-keys.ts';
import { Cluster } from '#infra/components/cluster.ts';
import { DeadMan, type Target } from '#infra/components/dead-man.ts';
import { Network } from '#infra/components/network.ts';
import { groupName, NodePools } from '#infra/components/node-pools.ts';
import { SpendAlarm } from '#infra/components/spend-alarm.ts';
import { configError, type StackConfig } from '#infra/config.ts';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';
import { type QuotaValue, shortfalls } from '#infra/plan/quotas.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import { type KubernetesGround, placementOn } from '#infra/platforms/ground.ts';
import { awsTags } from '#infra/tags.ts';

/** Of a control plane. */
const ZONES = 3;

/** Throws ConfigError when the account may not have what the stack needs: nothing exists yet. */
async function checkQuotas(plan: StackPlan, cloud: CloudPlan, provider: aws.Provider): Promise<void> {
  const values = await Promise.all(
    cloud.quotas.map(async ({ service, code }): Promise<QuotaValue> => {
      try {
        const quota = await getServiceQuota({ serviceCode: service, quotaCode: code }, { provider });
        return { code, value: quota.value };
      } catch {
        return { code, value: null };
      }
    }),
  );
  const short = shortfalls(cloud.quotas, values);
  if (short.length === 0) return;
  throw configError(
    plan.stack,
    '',
    `the account is not allowed what this stack needs: ${short.join('; ')}`,
    'request the quotas from AWS (days ahead), or lower nodes',
  );
}

async function zonesOf(plan: StackPlan, region: string, provider: aws.Provider): Promise<readonly string[]> {
  const { names } = await getAvailabilityZones(
    { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
    { provider },
  );
  const zones = [...names].sort().slice(0, ZONES);
  if (zones.length === ZONES) return zones;
  throw configError(
    plan.stack,
    'region',
    `${region} offers ${zones.length} zones, a control plane wants ${ZONES}`,
    'choose another region',
  );
}

function targetsOf(prefix: string, cloud: CloudPlan): readonly Target[] {
  return [
    ...cloud.machines.groups.map((group): Target => ({ kind: 'group', name: groupName(prefix, group.name) })),
    ...cloud.fixedGroups.map((group): Target => ({ kind: 'managed', cluster: prefix, name: group.name })),
  ];
}

/** What everything of a stack is called: fixed, so that whatever is left of it can be found by name. */
export function awsPrefix(plan: Pick<StackPlan, 'stack'>): string {
  return `bft-${plan.stack}`;
}

const placements = {
  nodes: placementOn('nodes'),
  system: placementOn('system'),
  metrics: placementOn('metrics'),
};

function onDemandVcpu(cloud: CloudPlan): number {
  return cloud.fixedGroups.reduce((sum, group) => sum + group.count * group.vcpu, 0);
}

function providerOf(plan: StackPlan, region: string, account: string): aws.Provider {
  return new AwsProvider('aws', {
    region: region as aws.Region,
    allowedAccountIds: [account],
    defaultTags: { tags: awsTags(plan.tags) },
  });
}

/** What a VM must say of itself: the watchdog reads nothing else. */
function vmTagsOf(
  plan: StackPlan,
  cloud: CloudPlan,
  deadline: pulumi.Output<string>,
): pulumi.Output<Record<string, string>> {
  return deadline.apply(
    (at): Record<string, string> => ({
      ...awsTags(plan.tags),
      [tagKeys.deadline]: at,
      [tagKeys.priceCap]: String(cloud.dearestPerHour),
      [tagKeys.runCap]: String(plan.runCap),
    }),
  );
}

export async function awsGround(
  plan: StackPlan,
  cloud: CloudPlan,
  config: StackConfig,
  now: string,
): Promise<KubernetesGround> {
  const { region } = cloud.machines;
  const account = config.account!;
  const prefix = awsPrefix(plan);
  const tags = awsTags(plan.tags);
  const provider = providerOf(plan, region, account);
  await checkQuotas(plan, cloud, provider);
  const zones = await zonesOf(plan, region, provider);
  const opts: pulumi.ComponentResourceOptions = { providers: { aws: provider } };
  const common = { prefix, account, region, tags };
  const deadMan = new DeadMan(
    'dead-man',
    { ...common, stack: plan.stack, deadline: plan.deadline, now, targets: targetsOf(prefix, cloud) },
    opts,
  );
  const vmTags = vmTagsOf(plan, cloud, deadMan.deadline);
  new SpendAlarm(
    'spend',
    { ...common, spotVcpu: cloud.machines.vcpu, onDemandVcpu: onDemandVcpu(cloud) },
    opts,
  );
  const network = new Network('network', { ...common, plan: cloud, zones }, opts);
  const cluster = new Cluster(
    'cluster',
    {
      ...common,
      plan: cloud,
      kubernetesVersion: config.kubernetesVersion,
      apiAccessCidrs: config.apiAccessCidrs,
      controlSubnetIds: network.controlSubnetIds,
      before: [deadMan, ...network.endpoints],
      vmTags,
    },
    opts,
  );
  const shared = { ...common, plan: cloud, kubernetesVersion: config.kubernetesVersion, vmTags };
  const { measuredSubnetIds } = network;
  const joined = { cluster: cluster.cluster, workerRole: cluster.workerRole, measuredSubnetIds };
  const after = [deadMan, ...network.endpoints, ...cluster.ready];
  const pools = new NodePools('pools', { ...shared, ...joined, deadline: deadMan.deadline, after }, opts);
  return {
    kind: 'kubernetes',
    provider: cluster.provider,
    cluster: cluster.cluster,
    ready: [...cluster.ready, ...pools.groups],
    podCidrs: cloud.addresses.measured,
    placement: placements,
    deadline: deadMan.deadline,
    outputs: outputsOf(region, cluster, pools),
  };
}

function outputsOf(region: string, cluster: Cluster, pools: NodePools): KubernetesGround['outputs'] {
  return {
    region,
    clusterName: cluster.cluster.name,
    groups: pools.groups.map((group) => group.name),
    // No secret: whoever deploys draws a token of their own.
    kubeconfig: cluster.kubeconfig,
  };
}
