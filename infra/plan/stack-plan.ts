/**
 * Everything a stack is going to be, decided before Pulumi hears of the first resource: plain data, no outputs.
 * Owns: the record and composing it from the planners beside it. Does not own: the arithmetic of each planner.
 */
import type { UsdMicros } from '#budgets/money.ts';
import type { PlatformName, StackConfig } from '#infra/config.ts';
import { type CloudPlan, planCloud } from '#infra/plan/cloud-plan.ts';
import { type DeadlinePlan, planDeadline } from '#infra/plan/deadline.ts';
import { planShards, type Shard } from '#infra/plan/shards.ts';
import type { StackTags } from '#infra/tags.ts';

export interface PodPlan {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly cpuLimitMilli: number;
  readonly memoryLimitMiB: number;
  /** Size limit of the emptyDir that holds its stores. */
  readonly diskMiB: number;
}

export interface StackPlan {
  readonly stack: string;
  readonly platform: PlatformName;
  readonly nodes: number;
  readonly nodesPerProcess: number;
  readonly shards: readonly Shard[];
  readonly pod: PodPlan;
  /** Pinned by digest; null on this machine. */
  readonly image: string | null;
  /** Registry prefix that holds copies of third-party images; null = their own registries. */
  readonly imageMirror: string | null;
  readonly tags: StackTags;
  readonly deadline: DeadlinePlan;
  readonly runCap: UsdMicros;
  /** Pods of one VM of the measured pool; null where there are no VMs of ours. */
  readonly podsPerVm: number | null;
  /** Null on this machine. */
  readonly cloud: CloudPlan | null;
}

export interface PlanContext {
  readonly stack: string;
  /** Of this `up`, ISO in whole seconds. */
  readonly now: string;
}

/** Throws ConfigError or BudgetError (`over-budget`) for a stack that must not be created. */
export function planStack(config: StackConfig, context: PlanContext): StackPlan {
  const { stack, now } = context;
  const { platform } = config;
  const deadline = planDeadline(stack, config, now);
  const cloud = platform === 'local' ? null : planCloud(stack, config, platform, deadline.minutes, now);
  return {
    stack,
    platform,
    nodes: config.nodes,
    nodesPerProcess: config.nodesPerProcess,
    shards: planShards(config.nodes, config.nodesPerProcess),
    pod: config.pod,
    image: config.image ?? null,
    imageMirror: config.imageMirror ?? null,
    tags: {
      campaign: config.campaign,
      run: config.run,
      phase: config.phase,
      owner: config.owner ?? 'this-machine',
      stack,
    },
    deadline,
    runCap: config.runCapUsd,
    podsPerVm: cloud?.machines.podsPerVm ?? null,
    cloud,
  };
}
