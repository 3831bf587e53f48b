/**
 * The program of every stack: configuration -> plan -> platform -> workload -> outputs.
 * Owns: the order of these steps. Does not own: any of them; reading from Pulumi happens in index.ts.
 */
import { decimalUsd } from '#budgets/money.ts';
import { workload } from '#infra/components/workload.ts';
import { parseStackConfig, type StackConfig } from '#infra/config.ts';
import type { MoneyShown } from '#infra/manifests/conductor-manifests.ts';
import type { ProgramOutputs } from '#infra/outputs.ts';
import { instantAfter } from '#infra/plan/deadline.ts';
import { planStack, type StackPlan } from '#infra/plan/stack-plan.ts';
import type { Ground, KubernetesGround } from '#infra/platforms/ground.ts';
import { localGround } from '#infra/platforms/local.ts';

export interface ProgramInput {
  readonly stack: string;
  /** All configuration, "namespace:key" to text. */
  readonly config: Readonly<Record<string, string>>;
  /** ISO in whole seconds. */
  readonly now: string;
}

async function groundOf(plan: StackPlan, config: StackConfig, now: string): Promise<Ground> {
  if (plan.cloud === null) return localGround(plan, config);
  // Each SDK takes a second to load: only the one that is used.
  if (plan.cloud.machines.provider === 'aws') {
    const { awsGround } = await import('#infra/platforms/aws.ts');
    return awsGround(plan, plan.cloud, config, now);
  }
  const { gcpGround } = await import('#infra/platforms/gcp.ts');
  return gcpGround(plan, plan.cloud, config, now);
}

/** FORECAST, at the highest prices. Counted from the kept deadline, so that a later `up` changes nothing. */
function moneyOf(plan: StackPlan, config: StackConfig, ground: KubernetesGround): MoneyShown | null {
  if (plan.cloud === null) return null;
  return {
    usdPerHour: decimalUsd(plan.cloud.vmsPerHour),
    capUsd: decimalUsd(plan.runCap),
    since: ground.deadline.apply((at) => instantAfter(at, -config.ttlMinutes)),
    deadline: ground.deadline,
  };
}

export async function runProgram(input: ProgramInput): Promise<ProgramOutputs> {
  const config = parseStackConfig(input.stack, input.config);
  const plan = planStack(config, input);
  const ground = await groundOf(plan, config, input.now);
  return {
    ...ground.outputs,
    ...(ground.kind === 'processes' ? {} : workload(plan, ground, moneyOf(plan, config, ground))),
    stack: plan.stack,
    platform: plan.platform,
    nodes: plan.nodes,
    shards: plan.shards.length,
    deadline: ground.deadline,
    worstCaseUsd: plan.cloud === null ? '0.00' : decimalUsd(plan.cloud.worstCase.total),
  };
}
