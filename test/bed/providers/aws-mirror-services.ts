/**
 * What attends a network, in moto as well: roles with their inline policies, profiles, keys, log groups, queues, rules, alarms.
 * Owns: which resource becomes which call. Does not own: machines and networks (aws-mirror.ts). Managed policies, targets of rules and
 * policies of queues live in the fake cloud alone: they go with what they belong to.
 */
import { CloudWatchClient, DeleteAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DeleteRuleCommand, EventBridgeClient, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Properties } from './cloud-provider.ts';
import { type Mirrored, number, record, tagsOf, text } from './mirrored.ts';

export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const listed = (inputs: Properties): { Key: string; Value: string }[] =>
  Object.entries(tagsOf(inputs)).map(([Key, Value]) => ({ Key, Value }));
const own = (inputs: Properties, name: string): string => text(inputs['name'] ?? name);

function identities(iam: IAMClient): [string, Mirrored][] {
  const role: Mirrored = {
    create: async (inputs, name) => {
      const RoleName = own(inputs, name);
      const AssumeRolePolicyDocument = text(inputs['assumeRolePolicy']);
      const made = await iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, Tags: listed(inputs) }),
      );
      return { id: RoleName, name: RoleName, arn: text(made.Role?.Arn) };
    },
    remove: (RoleName) => iam.send(new DeleteRoleCommand({ RoleName })),
  };
  const put = (id: string, inputs: Properties) => {
    const [RoleName, PolicyName] = id.split(':');
    return iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: text(inputs['policy']) }),
    );
  };
  const inline: Mirrored = {
    create: async (inputs, name) => {
      const id = `${text(inputs['role'])}:${own(inputs, name)}`;
      await put(id, inputs);
      return { id };
    },
    update: put,
    remove: (id) => {
      const [RoleName, PolicyName] = id.split(':');
      return iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    },
  };
  const profile: Mirrored = {
    create: async (inputs, name) => {
      const InstanceProfileName = own(inputs, name);
      const made = await iam.send(
        new CreateInstanceProfileCommand({ InstanceProfileName, Tags: listed(inputs) }),
      );
      await iam.send(
        new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: text(inputs['role']) }),
      );
      return {
        id: InstanceProfileName,
        name: InstanceProfileName,
        arn: text(made.InstanceProfile?.Arn),
      };
    },
    remove: async (InstanceProfileName, { role: RoleName }) => {
      await iam.send(
        new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: text(RoleName) }),
      );
      await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    },
  };
  return [
    ['aws:iam/role:Role', role],
    ['aws:iam/rolePolicy:RolePolicy', inline],
    ['aws:iam/instanceProfile:InstanceProfile', profile],
  ];
}

function records(options: ClientOptions): [string, Mirrored][] {
  const kms = new KMSClient(options);
  const logs = new CloudWatchLogsClient(options);
  const key: Mirrored = {
    create: async (inputs) => {
      const Tags = listed(inputs).map(({ Key: TagKey, Value: TagValue }) => ({ TagKey, TagValue }));
      const made = await kms.send(new CreateKeyCommand({ Description: text(inputs['description']), Tags }));
      return { id: text(made.KeyMetadata?.KeyId), arn: text(made.KeyMetadata?.Arn) };
    },
    remove: (KeyId, { deletionWindowInDays }) =>
      kms.send(
        new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: number(deletionWindowInDays) || 30 }),
      ),
  };
  const group: Mirrored = {
    create: async (inputs, name) => {
      const logGroupName = own(inputs, name);
      await logs.send(new CreateLogGroupCommand({ logGroupName, tags: tagsOf(inputs) }));
      return { id: logGroupName, name: logGroupName };
    },
    remove: (logGroupName) => logs.send(new DeleteLogGroupCommand({ logGroupName })),
  };
  return [
    ['aws:kms/key:Key', key],
    ['aws:cloudwatch/logGroup:LogGroup', group],
  ];
}

function notices(options: ClientOptions): [string, Mirrored][] {
  const sqs = new SQSClient(options);
  const events = new EventBridgeClient(options);
  const watch = new CloudWatchClient(options);
  const queue: Mirrored = {
    create: async (inputs, name) => {
      const QueueName = own(inputs, name);
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, tags: tagsOf(inputs) }));
      return { id: text(QueueUrl), url: text(QueueUrl), name: QueueName };
    },
    remove: (QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl })),
  };
  const rule: Mirrored = {
    create: async (inputs, name) => {
      const Name = own(inputs, name);
      const EventPattern = text(inputs['eventPattern']);
      await events.send(new PutRuleCommand({ Name, EventPattern, Tags: listed(inputs) }));
      return { id: Name, name: Name };
    },
    remove: (Name) => events.send(new DeleteRuleCommand({ Name })),
  };
  const alarm: Mirrored = {
    create: async (inputs, name) => {
      const AlarmName = own(inputs, name);
      const Dimensions = Object.entries(record(inputs['dimensions'])).map(([Name, value]) => ({
        Name,
        Value: text(value),
      }));
      await watch.send(
        new PutMetricAlarmCommand({
          AlarmName,
          Dimensions,
          Namespace: text(inputs['namespace']),
          MetricName: text(inputs['metricName']),
          Statistic: text(inputs['statistic']) as 'Maximum' | 'Sum',
          Period: number(inputs['period']),
          EvaluationPeriods: number(inputs['evaluationPeriods']),
          Threshold: number(inputs['threshold']),
          ComparisonOperator: text(inputs['comparisonOperator']) as 'GreaterThanThreshold',
          Tags: listed(inputs),
        }),
      );
      return { id: AlarmName, name: AlarmName };
    },
    remove: (AlarmName) => watch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] })),
  };
  return [
    ['aws:sqs/queue:Queue', queue],
    ['aws:cloudwatch/eventRule:EventRule', rule],
    ['aws:cloudwatch/metricAlarm:MetricAlarm', alarm],
  ];
}

export function mirroredServices(options: ClientOptions): readonly [string, Mirrored][] {
  return [...identities(new IAMClient(options)), ...records(options), ...notices(options)];
}
