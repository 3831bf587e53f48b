/**
 * What of a stack lies outside of its network, and stays when an engine lost it: alarms, notices, keys, logs, roles. A role or log group
 * that is left makes the next `up` fail: it exists already; a key costs a dollar a month.
 * Owns: looking for these and removing one. Does not own: order and repetition (sweep.ts), machines and networks (swept-aws.ts).
 * The proof is twofold: the fixed name that the program gives (of a key: its description), and the stack's tag with its exact value.
 */
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  ListTagsForResourceCommand as ListAlarmTagsCommand,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DeleteLogGroupCommand,
  ListTagsForResourceCommand as ListLogTagsCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTagsForResourceCommand as ListRuleTagsCommand,
  ListTargetsByRuleCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  IAMClient,
  ListRoleTagsCommand,
  paginateListAttachedRolePolicies,
  paginateListInstanceProfiles,
  paginateListRolePolicies,
  paginateListRoles,
  RemoveRoleFromInstanceProfileCommand,
} from '@aws-sdk/client-iam';
import {
  DescribeKeyCommand,
  KMSClient,
  paginateListKeys,
  paginateListResourceTags,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { DeleteQueueCommand, ListQueueTagsCommand, paginateListQueues, SQSClient } from '@aws-sdk/client-sqs';
import { tagKeys } from '#budgets/tag-keys.ts';
import { type Leftover, type ServiceKind, serviceKinds } from '#infra/guard/sweep.ts';

/** The least that AWS allows; until then a key can be brought back. */
const KEY_WINDOW_DAYS = 7;

/** One kind of thing in one service. */
interface SweptService {
  readonly find: (stack: string) => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
}

/** Where `Key` and `Value` are called differently, the caller has renamed them. */
type Tag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

function isOfStack(tags: readonly Tag[] | undefined, stack: string): boolean {
  return (tags ?? []).some(({ Key, Value }) => Key === tagKeys.stack && Value === stack);
}

/** What `of` finds on every page of a list. */
export async function collect<T, U>(
  pages: AsyncIterable<T>,
  of: (page: T) => readonly (U | undefined)[] | undefined,
): Promise<U[]> {
  const found: U[] = [];
  for await (const page of pages) for (const one of of(page) ?? []) if (one !== undefined) found.push(one);
  return found;
}

/** Those of `named` whose tags say that they are the stack's. */
async function proven<T>(
  named: readonly T[],
  stack: string,
  tagsOf: (one: T) => Promise<readonly Tag[] | undefined>,
): Promise<T[]> {
  const own: T[] = [];
  for (const one of named) if (isOfStack(await tagsOf(one), stack)) own.push(one);
  return own;
}

/** As infra/components names them. */
const named = {
  prefix: (stack: string): string => `bft-${stack}-`,
  interruptions: (stack: string): string => `bft-${stack}-interruptions`,
  logGroups: (stack: string): readonly string[] => [
    `/aws/eks/bft-${stack}/cluster`,
    `/bft/bft-${stack}/flows`,
  ],
  key: (stack: string): string => `Secrets of the cluster bft-${stack}`,
};

function alarms(client: CloudWatchClient): SweptService {
  return {
    find: async (stack) => {
      const AlarmNamePrefix = named.prefix(stack);
      const found = await collect(
        paginateDescribeAlarms({ client }, { AlarmNamePrefix }),
        (page) => page.MetricAlarms,
      );
      const own = await proven(found, stack, async ({ AlarmArn: ResourceARN }) => {
        return (await client.send(new ListAlarmTagsCommand({ ResourceARN }))).Tags;
      });
      return own.map(({ AlarmName = '' }) => AlarmName);
    },
    remove: async (id) => void (await client.send(new DeleteAlarmsCommand({ AlarmNames: [id] }))),
  };
}

function rules(client: EventBridgeClient): SweptService {
  return {
    find: async (stack) => {
      const NamePrefix = named.interruptions(stack);
      const { Rules = [] } = await client.send(new ListRulesCommand({ NamePrefix }));
      const own = await proven(
        Rules.filter(({ Name }) => Name === NamePrefix),
        stack,
        async ({ Arn: ResourceARN }) => (await client.send(new ListRuleTagsCommand({ ResourceARN }))).Tags,
      );
      return own.map(({ Name = '' }) => Name);
    },
    remove: async (Rule) => {
      const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule }));
      const Ids = Targets.map(({ Id = '' }) => Id);
      if (Ids.length > 0) await client.send(new RemoveTargetsCommand({ Rule, Ids }));
      await client.send(new DeleteRuleCommand({ Name: Rule }));
    },
  };
}

function queues(client: SQSClient): SweptService {
  return {
    find: async (stack) => {
      const QueueNamePrefix = named.interruptions(stack);
      const urls = await collect(
        paginateListQueues({ client }, { QueueNamePrefix }),
        (page) => page.QueueUrls,
      );
      return await proven(
        urls.filter((url) => url.endsWith(`/${QueueNamePrefix}`)),
        stack,
        async (QueueUrl) => {
          const { Tags = {} } = await client.send(new ListQueueTagsCommand({ QueueUrl }));
          return Object.entries(Tags).map(([Key, Value]) => ({ Key, Value }));
        },
      );
    },
    remove: async (QueueUrl) => void (await client.send(new DeleteQueueCommand({ QueueUrl }))),
  };
}

function logGroups(client: CloudWatchLogsClient): SweptService {
  return {
    find: async (stack) => {
      const own: string[] = [];
      for (const logGroupName of named.logGroups(stack)) {
        const found = await collect(
          paginateDescribeLogGroups({ client }, { logGroupNamePrefix: logGroupName }),
          (page) => page.logGroups,
        );
        const same = found.filter((one) => one.logGroupName === logGroupName);
        const ours = await proven(same, stack, async ({ arn = '' }) => {
          // The ARN of the group, without the part that stands for its streams.
          const resourceArn = arn.replace(/:\*$/, '');
          const { tags = {} } = await client.send(new ListLogTagsCommand({ resourceArn }));
          return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
        });
        own.push(...ours.map(() => logGroupName));
      }
      return own;
    },
    remove: async (logGroupName) => void (await client.send(new DeleteLogGroupCommand({ logGroupName }))),
  };
}

function keys(client: KMSClient): SweptService {
  return {
    find: async (stack) => {
      const own: string[] = [];
      const all = await collect(paginateListKeys({ client }, {}), (page) => page.Keys);
      for (const { KeyId = '' } of all) {
        const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
        const isStanding =
          KeyMetadata?.KeyManager === 'CUSTOMER' && KeyMetadata.KeyState !== 'PendingDeletion';
        if (!isStanding || KeyMetadata.Description !== named.key(stack)) continue;
        const tags = await collect(paginateListResourceTags({ client }, { KeyId }), (page) => page.Tags);
        const written = tags.map(({ TagKey: Key, TagValue: Value }) => ({ Key, Value }));
        if (isOfStack(written, stack)) own.push(KeyId);
      }
      return own;
    },
    remove: async (KeyId) =>
      void (await client.send(
        new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: KEY_WINDOW_DAYS }),
      )),
  };
}

function instanceProfiles(client: IAMClient): SweptService {
  return {
    find: async (stack) => {
      const all = await collect(
        paginateListInstanceProfiles({ client }, {}),
        (page) => page.InstanceProfiles,
      );
      const names = all.map(({ InstanceProfileName = '' }) => InstanceProfileName);
      return await proven(
        names.filter((name) => name.startsWith(named.prefix(stack))),
        stack,
        async (InstanceProfileName) =>
          (await client.send(new GetInstanceProfileCommand({ InstanceProfileName }))).InstanceProfile?.Tags,
      );
    },
    remove: async (InstanceProfileName) => {
      const { InstanceProfile } = await client.send(new GetInstanceProfileCommand({ InstanceProfileName }));
      for (const { RoleName } of InstanceProfile?.Roles ?? [])
        await client.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
      await client.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    },
  };
}

function roles(client: IAMClient): SweptService {
  return {
    find: async (stack) => {
      const all = await collect(paginateListRoles({ client }, {}), (page) => page.Roles);
      const names = all.map(({ RoleName = '' }) => RoleName);
      return await proven(
        names.filter((name) => name.startsWith(named.prefix(stack))),
        stack,
        async (RoleName) => (await client.send(new ListRoleTagsCommand({ RoleName }))).Tags,
      );
    },
    remove: async (RoleName) => {
      const attached = await collect(
        paginateListAttachedRolePolicies({ client }, { RoleName }),
        (page) => page.AttachedPolicies,
      );
      for (const { PolicyArn } of attached)
        await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
      const inline = await collect(
        paginateListRolePolicies({ client }, { RoleName }),
        (page) => page.PolicyNames,
      );
      for (const PolicyName of inline)
        await client.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
      await client.send(new DeleteRoleCommand({ RoleName }));
    },
  };
}

export interface SweptServices {
  readonly find: (stack: string) => Promise<readonly Leftover[]>;
  readonly removals: Readonly<Record<ServiceKind, (id: string) => Promise<void>>>;
}

/** `where`: region and, of a stand-in, endpoint. */
export function sweptServices(where: { readonly region: string; readonly endpoint?: string }): SweptServices {
  const iam = new IAMClient({ ...where });
  const services: Readonly<Record<ServiceKind, SweptService>> = {
    alarm: alarms(new CloudWatchClient({ ...where })),
    rule: rules(new EventBridgeClient({ ...where })),
    queue: queues(new SQSClient({ ...where })),
    'log-group': logGroups(new CloudWatchLogsClient({ ...where })),
    key: keys(new KMSClient({ ...where })),
    'instance-profile': instanceProfiles(iam),
    role: roles(iam),
  };
  return {
    find: async (stack) => {
      const of = async (kind: ServiceKind): Promise<Leftover[]> =>
        (await services[kind].find(stack)).map((id) => ({ kind, id }));
      return (await Promise.all(serviceKinds.map(of))).flat();
    },
    removals: {
      alarm: services.alarm.remove,
      rule: services.rule.remove,
      queue: services.queue.remove,
      'log-group': services['log-group'].remove,
      key: services.key.remove,
      'instance-profile': services['instance-profile'].remove,
      role: services.role.remove,
    },
  };
}
