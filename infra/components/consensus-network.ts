/**
 * The network under test on a cluster: namespaces, policies, secrets drawn inside, conductor, nodes.
 * Owns: the component. Does not own: the objects (infra/manifests), the cluster or where pods may go (platforms/).
 */
import * as pulumi from '@pulumi/pulumi';
import { applyManifests, clusterOptions } from '#infra/components/apply-manifest.ts';
import type { MoneyShown } from '#infra/manifests/conductor-manifests.ts';
import { networkManifests } from '#infra/manifests/network-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

export interface ConsensusNetworkArgs {
  readonly plan: StackPlan;
  readonly ground: KubernetesGround;
  /** What conductor and dashboards show as FORECAST; null: nothing is paid for. */
  readonly money: MoneyShown | null;
}

export class ConsensusNetwork extends pulumi.ComponentResource {
  readonly resources: readonly pulumi.Resource[];

  /** Throws ConfigError when the plan names no image, or nodes do not fill their processes. */
  constructor(
    name: string,
    { plan, ground, money }: ConsensusNetworkArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    const objects = networkManifests(plan, ground, money);
    super('bft:kubernetes:ConsensusNetwork', name, {}, options);
    this.resources = applyManifests(objects, clusterOptions(ground, this), ground.ready);
    this.registerOutputs({});
  }
}
