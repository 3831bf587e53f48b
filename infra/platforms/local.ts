/**
 * The platform of this machine: a cluster of the kubeconfig, when the configuration names its context.
 * Owns: reaching it. Does not own: any resource in it.
 */
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '#infra/config.ts';
import { configError } from '#infra/config.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { Ground, Placement } from '#infra/platforms/ground.ts';

const anywhere: Placement = { nodeSelector: {}, tolerations: [] };

export function localGround(plan: StackPlan, config: StackConfig): Ground {
  if (config.kubeContext === undefined) {
    throw configError(plan.stack, 'kubeContext', 'is missing', 'name a context of your kubeconfig');
  }
  return {
    kind: 'kubernetes',
    provider: new kubernetes.Provider('cluster', { context: config.kubeContext, deleteUnreachable: true }),
    cluster: null,
    ready: [],
    podCidrs: ['10.0.0.0/8'],
    placement: { nodes: anywhere, system: anywhere, metrics: anywhere },
    deadline: pulumi.output(plan.deadline.at),
    outputs: {},
  };
}
