/**
 * What a platform hands to the workload: a cluster to put it on, or processes that already are the network.
 * Owns: that contract. Does not own: building it (aws.ts, gcp.ts, local.ts) or what stands on it (components/).
 */
import type * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** Where pods go: node labels to select, taints to bear. */
export interface Placement {
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly {
    readonly key: string;
    readonly operator: 'Equal' | 'Exists';
    readonly value?: string;
    readonly effect: 'NoSchedule' | 'NoExecute';
  }[];
}

export interface KubernetesGround {
  readonly kind: 'kubernetes';
  readonly provider: kubernetes.Provider;
  /** Objects in the cluster are `deletedWith` it: destroying 10,000 pods one by one helps nobody. Null: not ours to delete. */
  readonly cluster: pulumi.Resource | null;
  /** The workload depends on these: pools and add-ons. */
  readonly ready: readonly pulumi.Resource[];
  /** Addresses of the pods of consensus nodes, for network policies. */
  readonly podCidrs: readonly string[];
  readonly placement: {
    /** The measured pool. */
    readonly nodes: Placement;
    /** Conductor and everything that is not measured. */
    readonly system: Placement;
    /** The large VM for metrics. */
    readonly metrics: Placement;
  };
  /** Instant of the teardown, as the state holds it. */
  readonly deadline: pulumi.Output<string>;
  /** What the platform adds to the outputs of the stack. */
  readonly outputs: Readonly<Record<string, pulumi.Input<unknown>>>;
}

export interface ProcessGround {
  readonly kind: 'processes';
  /** Instant at which they end by themselves, as the state holds it. */
  readonly deadline: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Input<unknown>>>;
}

export type Ground = KubernetesGround | ProcessGround;

/** Labels and taints of the pools; the same on every cloud. */
export const poolLabel = 'bft/pool';

export function placementOn(pool: 'nodes' | 'system' | 'metrics'): Placement {
  const tolerations =
    pool === 'system'
      ? []
      : ([{ key: poolLabel, operator: 'Equal', value: pool, effect: 'NoSchedule' }] as const);
  return { nodeSelector: { [poolLabel]: pool }, tolerations };
}
