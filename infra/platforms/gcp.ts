/**
 * A stack on GCP, over the same plan as on AWS: dead-man, network, cluster, pools.
 * Owns: their order and the provider. Does not own: the resources (components/gcp-*.ts), sizes (plan/).
 */
import type * as gcp from '@pulumi/gcp';
import { getZones } from '@pulumi/gcp/compute/getZones.js';
import { Provider as GcpProvider } from '@pulumi/gcp/provider.js';
import type * as pulumi from '@pulumi/pulumi';
import { GcpCluster, gcpRanges } from '#infra/components/gcp-cluster.ts';
import { GcpDeadMan } from '#infra/components/gcp-dead-man.ts';
import { configError, type StackConfig } from '#infra/config.ts';
import type { CloudPlan } from '#infra/plan/cloud-plan.ts';
import { VM_GRACE_MINUTES } from '#infra/plan/deadline.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import { type KubernetesGround, placementOn } from '#infra/platforms/ground.ts';
import { deadlineLabel, gcpLabels, labelKeys } from '#infra/tags.ts';

async function zonesOf(
  plan: StackPlan,
  region: string,
  wanted: number,
  provider: gcp.Provider,
): Promise<readonly string[]> {
  const { names } = await getZones({ region, status: 'UP' }, { provider });
  const zones = [...names].sort().slice(0, wanted);
  if (zones.length === wanted) return zones;
  throw configError(
    plan.stack,
    'pool.zones',
    `${region} has ${zones.length} zones`,
    `write at most ${zones.length}`,
  );
}

export async function gcpGround(
  plan: StackPlan,
  cloud: CloudPlan,
  config: StackConfig,
  now: string,
): Promise<KubernetesGround> {
  const { region, groups } = cloud.machines;
  const project = config.project!;
  const prefix = `bft-${plan.stack}`;
  const labels = gcpLabels(plan.tags);
  const provider = new GcpProvider('gcp', { project, region, defaultLabels: labels });
  const zones = await zonesOf(plan, region, config.pool.zones, provider);
  const opts: pulumi.ComponentResourceOptions = { providers: { gcp: provider } };
  const pools = [...groups.map((group) => group.name), ...cloud.fixedGroups.map((group) => group.name)];
  const deadMan = new GcpDeadMan(
    'dead-man',
    { prefix, project, region, stack: plan.stack, deadline: plan.deadline, now, pools },
    opts,
  );
  const cluster = new GcpCluster(
    'cluster',
    {
      prefix,
      project,
      region,
      plan: cloud,
      zones,
      // From the configuration, not from what is left until the deadline: another value would replace every VM.
      mostRunSeconds: (config.ttlMinutes + VM_GRACE_MINUTES) * 60,
      labels,
      vmLabels: deadMan.deadline.apply(
        (deadline): Record<string, string> => ({
          ...labels,
          [labelKeys.deadline]: deadlineLabel(deadline),
        }),
      ),
      before: [deadMan],
    },
    opts,
  );
  return {
    kind: 'kubernetes',
    provider: cluster.provider,
    cluster: cluster.cluster,
    ready: cluster.pools,
    podCidrs: [gcpRanges.pods],
    placement: {
      nodes: placementOn('nodes'),
      system: placementOn('system'),
      metrics: placementOn('metrics'),
    },
    deadline: deadMan.deadline,
    outputs: { region, clusterName: cluster.cluster.name, groups: pools },
  };
}
