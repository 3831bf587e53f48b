/**
 * The sweep over an account of moto in which an engine lost what attends a network: roles with policies and a profile, key, logs, queue,
 * rule, alarm. Owns: that all of the stack goes, and nothing goes that only looks like it. NOT RUN where moto is not built.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  EventBridgeClient,
  ListRulesCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  ListInstanceProfilesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DescribeKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sweep } from '#infra/guard/sweep.ts';
import { sweptAws } from '#infra/guard/swept-aws.ts';
import { type MotoServer, startMoto } from '#test/bed/moto/moto-server.ts';
import { missing, motoTool } from '#test/bed/tools.ts';

const region = 'us-west-2';
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }],
});

/** Called as the program calls it (`prefix`), with a tag of a stack or none. */
interface Attendance {
  readonly prefix: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}
const ofStack = (stack: string, tags: Readonly<Record<string, string>>): Attendance => ({
  prefix: `bft-${stack}`,
  description: `Secrets of the cluster bft-${stack}`,
  tags,
});

class Attended {
  readonly #iam: IAMClient;
  readonly #kms: KMSClient;
  readonly #logs: CloudWatchLogsClient;
  readonly #sqs: SQSClient;
  readonly #events: EventBridgeClient;
  readonly #alarms: CloudWatchClient;

  constructor(endpoint: string) {
    const where = { region, endpoint };
    this.#iam = new IAMClient(where);
    this.#kms = new KMSClient(where);
    this.#logs = new CloudWatchLogsClient(where);
    this.#sqs = new SQSClient(where);
    this.#events = new EventBridgeClient(where);
    this.#alarms = new CloudWatchClient(where);
  }

  async add({ prefix, description, tags }: Attendance): Promise<void> {
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { Policy } = await this.#iam.send(
      new CreatePolicyCommand({ PolicyName: `${prefix}-shared`, PolicyDocument: policy }),
    );
    for (const own of ['control', 'worker', 'dead-man', 'flows']) {
      const RoleName = `${prefix}-${own}`;
      await this.#iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, Tags }));
      await this.#iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: Policy?.Arn }));
      await this.#iam.send(
        new PutRolePolicyCommand({ RoleName, PolicyName: 'inline', PolicyDocument: policy }),
      );
    }
    const InstanceProfileName = `${prefix}-worker`;
    await this.#iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Tags }));
    await this.#iam.send(
      new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: `${prefix}-worker` }),
    );
    await this.#kms.send(
      new CreateKeyCommand({
        Description: description,
        Tags: Tags.map(({ Key: TagKey, Value: TagValue }) => ({ TagKey, TagValue })),
      }),
    );
    for (const logGroupName of [`/aws/eks/${prefix}/cluster`, `/bft/${prefix}/flows`])
      await this.#logs.send(new CreateLogGroupCommand({ logGroupName, tags }));
    const Name = `${prefix}-interruptions`;
    const { QueueUrl = '' } = await this.#sqs.send(new CreateQueueCommand({ QueueName: Name, tags }));
    const EventPattern = JSON.stringify({ source: ['aws.ec2'] });
    await this.#events.send(new PutRuleCommand({ Name, EventPattern, Tags }));
    const Targets = [
      { Id: 'queue', Arn: `arn:aws:sqs:${region}:123456789012:${QueueUrl.split('/').at(-1)}` },
    ];
    await this.#events.send(new PutTargetsCommand({ Rule: Name, Targets }));
    await this.#alarms.send(
      new PutMetricAlarmCommand({
        AlarmName: `${prefix}-vcpu-spot`,
        Namespace: 'AWS/Usage',
        MetricName: 'ResourceCount',
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 3,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Tags,
      }),
    );
  }

  /** One line per thing that stands, whoever owns it; keys by their description. */
  async inventory(): Promise<string[]> {
    const { Roles = [] } = await this.#iam.send(new ListRolesCommand({}));
    const { InstanceProfiles = [] } = await this.#iam.send(new ListInstanceProfilesCommand({}));
    const { Keys = [] } = await this.#kms.send(new ListKeysCommand({}));
    const keys = await Promise.all(
      Keys.map(async ({ KeyId }) => (await this.#kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata),
    );
    const { logGroups = [] } = await this.#logs.send(new DescribeLogGroupsCommand({}));
    const { QueueUrls = [] } = await this.#sqs.send(new ListQueuesCommand({}));
    const { Rules = [] } = await this.#events.send(new ListRulesCommand({}));
    const { MetricAlarms = [] } = await this.#alarms.send(new DescribeAlarmsCommand({}));
    return [
      ...Roles.map(({ RoleName }) => `role ${RoleName}`),
      ...InstanceProfiles.map(({ InstanceProfileName }) => `profile ${InstanceProfileName}`),
      ...keys
        .filter((key) => key?.KeyState === 'Enabled')
        .map((key) => `key ${key?.Description} ${key?.KeyId}`),
      ...logGroups.map(({ logGroupName }) => `logs ${logGroupName}`),
      ...QueueUrls.map((url) => `queue ${url}`),
      ...Rules.map(({ Name }) => `rule ${Name}`),
      ...MetricAlarms.map(({ AlarmName }) => `alarm ${AlarmName}`),
    ].sort();
  }
}

describe('what attends a network', { skip: missing(motoTool) }, () => {
  let moto: MotoServer;
  let account: Attended;
  before(async () => {
    moto = await startMoto();
    Object.assign(process.env, moto.env);
    account = new Attended(moto.url);
  });
  after(async () => await moto?.stop());

  test('of the stack all of it goes; what has its names without its tag, or its tag without its names, stays', async (context) => {
    const others: readonly Attendance[] = [
      // Names that only a person could tell apart.
      ofStack('5k-nodes', {}),
      ofStack('10k-nodes', { 'bft:stack': '1k-nodes-of-mine' }),
      ofStack('1k', { 'bft:stack': '1k' }),
      ofStack('1k-nodes-copy', { 'bft:stack': '1k-nodes-copy' }),
      // Our tag on something of somebody's.
      { prefix: 'of-somebody', description: 'of somebody', tags: { 'bft:stack': '1k-nodes' } },
    ];
    for (const one of others) await account.add(one);
    const untouched = await account.inventory();
    await account.add(ofStack('1k-nodes', { 'bft:stack': '1k-nodes', 'bft:campaign': 'manual' }));
    assert.equal((await account.inventory()).length, untouched.length + 11);
    const cloud = sweptAws({ region, endpoint: moto.url }, 0);
    const result = await sweep(cloud, '1k-nodes', 5);
    assert.deepEqual(result.failures, []);
    assert.deepEqual(result.left, []);
    assert.equal(result.removed.length, 11);
    assert.deepEqual(await account.inventory(), untouched);
    context.diagnostic(`swept: ${result.removed.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`);
    for (const stack of ['5k-nodes', '10k-nodes'])
      assert.deepEqual((await sweep(cloud, stack, 2)).removed, [], `${stack} is not proven`);
    assert.deepEqual(await account.inventory(), untouched);
    // A name that another begins with.
    const { removed, left } = await sweep(cloud, '1k', 5);
    assert.deepEqual([removed.length, left], [11, []]);
    const isOfCopy = (line: string): boolean => line.includes('1k-nodes-copy');
    assert.equal((await account.inventory()).length, untouched.length - 11);
    assert.deepEqual((await account.inventory()).filter(isOfCopy), untouched.filter(isOfCopy));
  });
});
