/**
 * Everything that stands on a cluster: the network, then the metrics of it.
 * Owns: that order, and what of it becomes outputs. Does not own: either component, the cluster.
 */
import type * as pulumi from '@pulumi/pulumi';
import { ConsensusNetwork } from '#infra/components/consensus-network.ts';
import { Observability } from '#infra/components/observability.ts';
import type { MoneyShown } from '#infra/manifests/conductor-manifests.ts';
import { namesOf, ports, serviceName } from '#infra/manifests/manifest.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

export type WorkloadOutputs = Readonly<Record<string, pulumi.Input<unknown>>>;

/** `money`: what conductor and dashboards show as FORECAST; null: nothing is paid for. */
export function workload(
  plan: StackPlan,
  ground: KubernetesGround,
  money: MoneyShown | null,
): WorkloadOutputs {
  const { network, metrics } = namesOf(plan);
  const { resources } = new ConsensusNetwork('network', { plan, ground, money });
  new Observability('observability', { plan, ground, after: resources });
  return {
    namespace: network,
    metricsNamespace: metrics,
    conductor: `${serviceName('conductor', network)}:${ports.conductor}`,
    grafana: `kubectl --namespace ${metrics} port-forward service/grafana ${ports.grafana}`,
  };
}
