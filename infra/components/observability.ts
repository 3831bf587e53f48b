/**
 * Metrics and dashboards of a network on a cluster.
 * Owns: their namespace. Does not own: what nodes and conductor expose.
 */
import * as kubernetes from '@pulumi/kubernetes';
import type { WorkloadOutputs } from '#infra/components/consensus-network.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

export function observability(plan: StackPlan, ground: KubernetesGround): WorkloadOutputs {
  const namespace = new kubernetes.core.v1.Namespace(
    'observability',
    { metadata: { name: `bft-metrics-${plan.tags.run}` } },
    {
      provider: ground.provider,
      dependsOn: [...ground.ready],
      ...(ground.cluster === null ? {} : { deletedWith: ground.cluster }),
    },
  );
  return { metricsNamespace: namespace.metadata.name };
}
