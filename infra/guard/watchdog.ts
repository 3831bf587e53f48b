/**
 * The watchdog: looks once a minute at every VM that carries our tags, keeps accounts in the state's bucket, and stops a stack.
 * Owns: looking and acting, idempotent. Does not own: the decision (watchdog-decision.ts).
 * Runs as a function in the cloud: nothing but the AWS SDK and what is packed with it may be imported here, and the types are stripped when it is packed.
 */
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { EC2Client, paginateDescribeInstances, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { tagKeys } from '#budgets/tag-keys.ts';
import { type Account, decide, type SeenVm, STRAY, type Verdict } from '#infra/guard/watchdog-decision.ts';

export interface WatchdogSettings {
  readonly bucket: string;
  readonly topicArn: string;
  readonly teardownArn: string;
  readonly teardownRoleArn: string;
  /** Says what it would do. */
  readonly dryRun: boolean;
}

/** Everything it needs of the cloud; a test brings its own. */
export interface Cloud {
  readonly vms: () => Promise<readonly SeenVm[]>;
  readonly account: (stack: string) => Promise<Account | null>;
  readonly keep: (stack: string, account: Account) => Promise<void>;
  readonly emptyGroups: (stack: string) => Promise<number>;
  readonly terminate: (vms: readonly SeenVm[]) => Promise<void>;
  readonly startTeardown: (stack: string, now: string) => Promise<void>;
  readonly tell: (subject: string, text: string) => Promise<void>;
}

/** One look. A step that fails does not keep the others from happening; what failed is told and thrown at the end. */
export async function watch(cloud: Cloud, now: string, dryRun: boolean): Promise<readonly Verdict[]> {
  const vms = await cloud.vms();
  const stacks = [...new Set(vms.map((vm) => vm.stack ?? STRAY))];
  const accounts: Record<string, Account> = {};
  const failures: string[] = [];
  const attempt = async (what: string, step: () => Promise<unknown>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const stack of stacks) {
    await attempt(`account of ${stack}`, async () => {
      const found = await cloud.account(stack);
      if (found !== null) accounts[stack] = found;
    });
  }
  const verdicts = decide(vms, accounts, now);
  for (const verdict of verdicts) {
    const { stack, stop } = verdict;
    await attempt(`keeping the account of ${stack}`, () => cloud.keep(stack, verdict.account));
    if (stop === null || dryRun) continue;
    // Groups first: VMs that are only terminated are replaced.
    await attempt(`groups of ${stack}`, () => cloud.emptyGroups(stack));
    await attempt(`VMs of ${stack}`, () =>
      cloud.terminate(vms.filter((vm) => (vm.stack ?? STRAY) === stack)),
    );
    if (stack !== STRAY) await attempt(`teardown of ${stack}`, () => cloud.startTeardown(stack, now));
    await attempt('telling', () =>
      cloud.tell(`bft-scale: ${stack} is stopped`, `${stop}\n${verdict.vms} VMs at ${now}`),
    );
  }
  if (failures.length > 0) {
    const text = failures.join('\n');
    await attempt('telling', () => cloud.tell('bft-scale: the watchdog needs help', text));
    throw new Error(text);
  }
  return verdicts;
}

function numberOf(text: string | undefined): number | null {
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

interface Clients {
  readonly ec2: EC2Client;
  readonly groups: AutoScalingClient;
  readonly s3: S3Client;
  readonly scheduler: SchedulerClient;
  readonly sns: SNSClient;
}

async function seenVms(ec2: EC2Client): Promise<readonly SeenVm[]> {
  const found: SeenVm[] = [];
  const filters = [
    { Name: 'tag-key', Values: [tagKeys.campaign] },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
  ];
  for await (const page of paginateDescribeInstances(
    { client: ec2, pageSize: 1_000 },
    { Filters: filters },
  )) {
    for (const { Instances = [] } of page.Reservations ?? []) {
      for (const { InstanceId = '', Tags = [] } of Instances) {
        const tags = Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
        found.push({
          id: InstanceId,
          stack: tags[tagKeys.stack] ?? null,
          deadline: tags[tagKeys.deadline] ?? null,
          capMicrosPerHour: numberOf(tags[tagKeys.priceCap]),
          runCapMicros: numberOf(tags[tagKeys.runCap]),
        });
      }
    }
  }
  return found;
}

async function emptyGroups(groups: AutoScalingClient, stack: string): Promise<number> {
  let count = 0;
  let next: string | undefined;
  do {
    const filter =
      stack === STRAY
        ? { Name: 'tag-key', Values: [tagKeys.campaign] }
        : { Name: `tag:${tagKeys.stack}`, Values: [stack] };
    const page = await groups.send(
      new DescribeAutoScalingGroupsCommand({
        Filters: [filter],
        ...(next === undefined ? {} : { NextToken: next }),
      }),
    );
    for (const { AutoScalingGroupName, Tags = [] } of page.AutoScalingGroups ?? []) {
      if (stack === STRAY && Tags.some(({ Key }) => Key === tagKeys.stack)) continue;
      await groups.send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName,
          MinSize: 0,
          MaxSize: 0,
          DesiredCapacity: 0,
        }),
      );
      count += 1;
    }
    next = page.NextToken;
  } while (next !== undefined);
  return count;
}

async function readAccount(s3: S3Client, bucket: string, stack: string): Promise<Account | null> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `guard/${stack}.json` }));
    const found: Account | null = Body === undefined ? null : JSON.parse(await Body.transformToString());
    return found;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return null;
    throw error;
  }
}

/** The build starts within a minute; a second order in the same quarter of an hour is the same one. */
async function startTeardown(
  scheduler: SchedulerClient,
  settings: WatchdogSettings,
  stack: string,
  now: string,
): Promise<void> {
  const soon = new Date(Date.parse(now) + 60_000).toISOString().slice(0, 19);
  const quarter = Math.floor(Date.parse(now) / 900_000);
  try {
    await scheduler.send(
      new CreateScheduleCommand({
        Name: `bft-teardown-${stack}-${quarter}`,
        ScheduleExpression: `at(${soon})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: 'arn:aws:scheduler:::aws-sdk:codebuild:startBuild',
          RoleArn: settings.teardownRoleArn,
          Input: JSON.stringify({
            ProjectName: settings.teardownArn.split('/').at(-1),
            EnvironmentVariablesOverride: [{ Name: 'STACK', Value: stack }],
          }),
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ConflictException')) throw error;
  }
}

export function awsCloud(clients: Clients, settings: WatchdogSettings): Cloud {
  const { ec2, groups, s3, scheduler, sns } = clients;
  return {
    vms: () => seenVms(ec2),
    account: (stack) => readAccount(s3, settings.bucket, stack),
    keep: async (stack, account) => {
      const body = JSON.stringify(account);
      await s3.send(
        new PutObjectCommand({ Bucket: settings.bucket, Key: `guard/${stack}.json`, Body: body }),
      );
    },
    emptyGroups: (stack) => emptyGroups(groups, stack),
    terminate: async (vms) => {
      for (let from = 0; from < vms.length; from += 500) {
        const InstanceIds = vms.slice(from, from + 500).map((vm) => vm.id);
        await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
      }
    },
    startTeardown: (stack, now) => startTeardown(scheduler, settings, stack, now),
    tell: async (subject, text) => {
      await sns.send(
        new PublishCommand({ TopicArn: settings.topicArn, Subject: subject.slice(0, 99), Message: text }),
      );
    },
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** Entry point in the cloud. */
export async function handler(): Promise<readonly Verdict[]> {
  const settings: WatchdogSettings = {
    bucket: setting('STATE_BUCKET'),
    topicArn: setting('TOPIC_ARN'),
    teardownArn: setting('TEARDOWN_ARN'),
    teardownRoleArn: setting('TEARDOWN_ROLE_ARN'),
    dryRun: process.env['DRY_RUN'] === 'true',
  };
  const clients: Clients = {
    ec2: new EC2Client(),
    groups: new AutoScalingClient(),
    s3: new S3Client(),
    scheduler: new SchedulerClient(),
    sns: new SNSClient(),
  };
  return watch(awsCloud(clients, settings), `${new Date().toISOString().slice(0, 19)}Z`, settings.dryRun);
}
