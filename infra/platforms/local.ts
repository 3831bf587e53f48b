/**
 * The platform of this machine: packed node processes, or a cluster of the kubeconfig when the configuration names its context.
 * Owns: the choice between the two, reaching the cluster. Does not own: any resource in it, or the processes (local-network.ts).
 */
import { Provider as KubernetesProvider } from '@pulumi/kubernetes/provider.js';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '#infra/config.ts';
import { configError, PROJECT } from '#infra/config.ts';
import type { StackPlan } from '#infra/plan/stack-plan.ts';
import type { Ground, Placement } from '#infra/platforms/ground.ts';
import { LOCAL_NODES_MOST, LocalNetwork } from '#infra/platforms/local-network.ts';

const anywhere: Placement = { nodeSelector: {}, tolerations: [] };

export function localGround(plan: StackPlan, config: StackConfig): Ground {
  if (config.kubeContext === undefined) return processes(plan, config);
  return {
    kind: 'kubernetes',
    provider: new KubernetesProvider('cluster', { context: config.kubeContext, deleteUnreachable: true }),
    cluster: null,
    ready: [],
    podCidrs: ['10.0.0.0/8'],
    placement: { nodes: anywhere, system: anywhere, metrics: anywhere },
    deadline: pulumi.output(plan.deadline.at),
    outputs: { kubeContext: config.kubeContext },
  };
}

function processes(plan: StackPlan, config: StackConfig): Ground {
  if (plan.nodes > LOCAL_NODES_MOST) {
    const remedy = `at most ${LOCAL_NODES_MOST}; larger networks are for a cluster: set kubeContext`;
    throw configError(plan.stack, 'nodes', 'is more than one machine carries', remedy);
  }
  if (plan.nodes < 2) throw configError(plan.stack, 'nodes', 'is no network', 'at least 2');
  const network = new LocalNetwork('network', {
    name: `${PROJECT}/${plan.stack}`,
    nodes: plan.nodes,
    nodesPerProcess: Math.min(config.nodesPerProcess, plan.nodes),
    seed: 1,
    ttlMinutes: config.ttlMinutes,
    ...(config.deadline === undefined ? {} : { deadline: config.deadline }),
  });
  return {
    kind: 'processes',
    deadline: network.deadline,
    outputs: {
      // Names every node's process and folder; there are admin-address and admin-token, for their owner alone.
      directory: pulumi.interpolate`${network.folder}/network.json`,
    },
  };
}
