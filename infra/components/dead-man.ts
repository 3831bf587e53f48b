/**
 * The switch that empties every group at the deadline although nobody of ours is alive: schedules inside the cloud.
 * Owns: the role they act with, one schedule per group by the group's fixed name, the start of the unattended teardown, and the
 * deadline itself, which the first `up` writes into the state and no later one moves.
 * Does not own: the groups, which depend on it and thus come later and go earlier.
 */
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Schedule } from '@pulumi/aws/scheduler/schedule.js';
import { ScheduleGroup } from '@pulumi/aws/scheduler/scheduleGroup.js';
import * as pulumi from '@pulumi/pulumi';
import { whileAhead } from '#infra/components/kept-deadline.ts';
import { type DeadlinePlan, instantAfter, TEARDOWN_AFTER_MINUTES } from '#infra/plan/deadline.ts';

/** What to set to zero: a group of VMs of ours, or one that the control plane manages. */
export type Target =
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'managed'; readonly cluster: string; readonly name: string };

export interface DeadManArgs {
  /** Prefix of every fixed name. */
  readonly prefix: string;
  readonly account: string;
  readonly region: string;
  readonly stack: string;
  readonly deadline: DeadlinePlan;
  /** ISO, of this `up`. */
  readonly now: string;
  readonly targets: readonly Target[];
  readonly tags: Readonly<Record<string, string>>;
}

/** The build of the guard project that destroys a stack; its name is fixed so that nothing has to be looked up. */
export const TEARDOWN_BUILD = 'bft-scale-teardown';

function call(target: Target): { readonly arn: string; readonly input: string } {
  if (target.kind === 'group') {
    return {
      arn: 'arn:aws:scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup',
      input: JSON.stringify({
        AutoScalingGroupName: target.name,
        MinSize: 0,
        MaxSize: 0,
        DesiredCapacity: 0,
      }),
    };
  }
  return {
    arn: 'arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig',
    input: JSON.stringify({
      ClusterName: target.cluster,
      NodegroupName: target.name,
      // A managed group wants a largest size of at least one.
      ScalingConfig: { MinSize: 0, MaxSize: 1, DesiredSize: 0 },
    }),
  };
}

function startTeardown(stack: string): { readonly arn: string; readonly input: string } {
  return {
    arn: 'arn:aws:scheduler:::aws-sdk:codebuild:startBuild',
    input: JSON.stringify({
      ProjectName: TEARDOWN_BUILD,
      EnvironmentVariablesOverride: [{ Name: 'STACK', Value: stack }],
    }),
  };
}

function rolePolicy({ account, region, prefix }: DeadManArgs): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['autoscaling:UpdateAutoScalingGroup'],
        Resource: `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${prefix}-*`,
      },
      {
        Effect: 'Allow',
        Action: ['eks:UpdateNodegroupConfig'],
        Resource: `arn:aws:eks:${region}:${account}:nodegroup/${prefix}/*`,
      },
      {
        Effect: 'Allow',
        Action: ['codebuild:StartBuild'],
        Resource: `arn:aws:codebuild:${region}:${account}:project/${TEARDOWN_BUILD}`,
      },
    ],
  });
}

const trustScheduler = (account: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': account } },
      },
    ],
  });

export class DeadMan extends pulumi.ComponentResource {
  /** As the state holds it. Resolves only while it lies ahead: a group that reads it cannot be created too late. */
  readonly deadline: pulumi.Output<string>;

  constructor(name: string, args: DeadManArgs, opts: pulumi.ComponentResourceOptions) {
    super('bft:guard:DeadMan', name, {}, opts);
    const parent = { parent: this };
    const { prefix, deadline, tags } = args;
    const role = new Role(
      `${name}-role`,
      { name: `${prefix}-dead-man`, assumeRolePolicy: trustScheduler(args.account), tags },
      parent,
    );
    const policy = new RolePolicy(`${name}-policy`, { role: role.id, policy: rolePolicy(args) }, parent);
    const group = new ScheduleGroup(`${name}-schedules`, { name: prefix, tags }, parent);
    const schedule = (
      own: string,
      startDate: pulumi.Input<string>,
      target: { arn: string; input: string },
      keeps: boolean,
      // Again and again, so that a first shot that fails is not the last.
      every = 'rate(5 minutes)',
    ) =>
      new Schedule(
        `${name}-${own}`,
        {
          name: `${prefix}-${own}`,
          groupName: group.name,
          scheduleExpression: every,
          startDate,
          flexibleTimeWindow: { mode: 'OFF' },
          target: {
            arn: target.arn,
            input: target.input,
            roleArn: role.arn,
            retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 10 },
          },
        },
        { parent: this, dependsOn: [policy], ...(keeps ? { ignoreChanges: ['startDate'] } : {}) },
      );
    // The first schedule holds the deadline; all others copy what the state says.
    const [first, ...others] = args.targets;
    if (first === undefined) throw new Error('a dead-man needs a group to empty');
    const anchor = schedule(first.name, deadline.at, call(first), deadline.kind === 'from-first-up');
    const kept = anchor.startDate.apply((at) => at ?? deadline.at);
    for (const target of others) schedule(target.name, kept, call(target), false);
    schedule(
      'teardown',
      kept.apply((at) => instantAfter(at, TEARDOWN_AFTER_MINUTES)),
      startTeardown(args.stack),
      false,
      'rate(30 minutes)',
    );
    this.deadline = whileAhead(kept, args);
    this.registerOutputs({ deadline: this.deadline });
  }
}
