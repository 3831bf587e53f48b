/**
 * Metrics, alerts and dashboards of a network on a cluster.
 * Owns: the component. Does not own: the objects (infra/manifests), what nodes and conductor expose.
 */
import * as pulumi from '@pulumi/pulumi';
import { applyManifests, clusterOptions } from '#infra/components/apply-manifest.ts';
import { metricsManifests } from '#infra/manifests/metrics-manifests.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

export interface ObservabilityArgs {
  readonly plan: StackPlan;
  readonly ground: KubernetesGround;
  /** Of the network: its namespace for metrics, and the job that writes the token for scraping into it. */
  readonly after: readonly pulumi.Resource[];
}

export class Observability extends pulumi.ComponentResource {
  readonly resources: readonly pulumi.Resource[];

  constructor(
    name: string,
    { plan, ground, after }: ObservabilityArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super('bft:kubernetes:Observability', name, {}, options);
    this.resources = applyManifests(metricsManifests(plan, ground), clusterOptions(ground, this), after);
    this.registerOutputs({});
  }
}
