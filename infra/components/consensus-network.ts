/**
 * The network under test on a cluster.
 * Owns: its namespace. Does not own: the cluster or where pods may go (platforms/ground.ts).
 */
import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { KubernetesGround } from '#infra/platforms/ground.ts';

export type WorkloadOutputs = Readonly<Record<string, pulumi.Input<unknown>>>;

export function consensusNetwork(plan: StackPlan, ground: KubernetesGround): WorkloadOutputs {
  const namespace = new kubernetes.core.v1.Namespace(
    'network',
    { metadata: { name: `bft-${plan.tags.run}` } },
    {
      provider: ground.provider,
      dependsOn: [...ground.ready],
      ...(ground.cluster === null ? {} : { deletedWith: ground.cluster }),
    },
  );
  return { namespace: namespace.metadata.name };
}
