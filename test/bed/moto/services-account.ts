/**
 * What attends networks in an account of moto: roles, profiles, keys, log groups, queues, rules, alarms, whoever made them.
 * Owns: the list of all of them, adding some under any name and tag. Does not own: machines and networks (account.ts), whose a thing is.
 */
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
export interface Attendance {
  readonly prefix: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}
export class ServicesAccount {
  readonly #iam: IAMClient;
  readonly #kms: KMSClient;
  readonly #logs: CloudWatchLogsClient;
  readonly #sqs: SQSClient;
  readonly #events: EventBridgeClient;
  readonly #alarms: CloudWatchClient;

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'of-a-test', secretAccessKey: 'of-a-test' };
    const where = { region, endpoint, credentials };
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
