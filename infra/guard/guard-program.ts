/**
 * The guard of an account: alarms on the bill, the watchdog, the unattended teardown, the registry of images.
 * Owns: the order and the names that stacks rely on (components/dead-man.ts, spend-alarm.ts). Does not own: what the watchdog decides.
 */
import { readFileSync } from 'node:fs';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { defaultLimits } from '#budgets/limits.ts';
import { decimalUsd, type UsdMicros } from '#budgets/money.ts';
import { tagKeys } from '#budgets/tag-keys.ts';
import { trustService } from '#infra/components/cluster.ts';
import { TEARDOWN_BUILD } from '#infra/components/dead-man.ts';
import { GUARD_TOPIC } from '#infra/components/spend-alarm.ts';
import { type GuardConfig, parseGuardConfig } from '#infra/guard/config.ts';
import { lambdaFiles } from '#infra/guard/lambda-bundle.ts';
import { sourceArchive } from '#infra/guard/source-archive.ts';
import { awsTags } from '#infra/tags.ts';

/** Image of the nodes; its digest goes into the configuration of a stack. */
const IMAGE_REPOSITORY = 'bft-scale';

interface Common {
  readonly config: GuardConfig;
  readonly tags: Readonly<Record<string, string>>;
  readonly opts: pulumi.CustomResourceOptions;
}

function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** Of the whole account: a tag counts in the bill only a day after it was first seen. Five notifications fit into a budget. */
function budget(
  { config, tags, opts }: Common,
  topic: aws.sns.Topic,
  name: string,
  thresholds: readonly UsdMicros[],
  withForecast: boolean,
): void {
  const note = (notificationType: string, thresholdType: string, threshold: number) => ({
    comparisonOperator: 'GREATER_THAN',
    notificationType,
    thresholdType,
    threshold,
    subscriberEmailAddresses: [...config.emails],
    subscriberSnsTopicArns: [topic.arn],
  });
  const actual = thresholds.map((one) => note('ACTUAL', 'ABSOLUTE_VALUE', Number(decimalUsd(one))));
  new aws.budgets.Budget(
    name,
    {
      name: `bft-scale-${name}`,
      budgetType: 'COST',
      timeUnit: 'ANNUALLY',
      limitAmount: decimalUsd(defaultLimits.campaign),
      limitUnit: 'USD',
      notifications: withForecast ? [...actual, note('FORECASTED', 'PERCENTAGE', 100)] : actual,
      tags,
    },
    opts,
  );
}

function alarms(common: Common): aws.sns.Topic {
  const { config, tags, opts } = common;
  const topic = new aws.sns.Topic('alarms', { name: GUARD_TOPIC, tags }, opts);
  new aws.sns.TopicPolicy(
    'alarms-policy',
    {
      arn: topic.arn,
      policy: topic.arn.apply((Resource) =>
        policy([
          {
            Effect: 'Allow',
            Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Action: 'sns:Publish',
            Resource,
            Condition: { StringEquals: { 'aws:SourceAccount': config.account } },
          },
        ]),
      ),
    },
    opts,
  );
  config.emails.forEach((endpoint, index) => {
    new aws.sns.TopicSubscription(`email-${index}`, { topic: topic.arn, protocol: 'email', endpoint }, opts);
  });
  budget(common, topic, 'alerts', defaultLimits.alerts, false);
  budget(common, topic, 'limit', [defaultLimits.campaign], true);
  return topic;
}

/** Everything of a network, and nothing that keeps the account: no users, no keys, no billing. */
function teardownStatements({ account, region, stateBucket }: GuardConfig): readonly object[] {
  return [
    {
      Effect: 'Allow',
      Action: [
        'autoscaling:*',
        'ec2:*',
        'eks:*',
        'scheduler:*',
        'sqs:*',
        'events:*',
        'cloudwatch:*',
        'logs:*',
        'kms:*',
        'servicequotas:GetServiceQuota',
        'sts:GetCallerIdentity',
      ],
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      Effect: 'Allow',
      Action: [
        'iam:Get*',
        'iam:List*',
        'iam:Delete*',
        'iam:Detach*',
        'iam:RemoveRoleFromInstanceProfile',
        'iam:PassRole',
      ],
      Resource: [`arn:aws:iam::${account}:role/bft-*`, `arn:aws:iam::${account}:instance-profile/bft-*`],
    },
    // What the sweep looks through; whose each is it asks of the thing itself.
    { Effect: 'Allow', Action: ['iam:ListRoles', 'iam:ListInstanceProfiles'], Resource: '*' },
    // The key of the state is nobody's network.
    {
      Effect: 'Deny',
      Action: ['kms:ScheduleKeyDeletion', 'kms:DisableKey'],
      Resource: '*',
      Condition: { Null: { [`aws:ResourceTag/${tagKeys.stack}`]: 'true' } },
    },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket'],
      Resource: [`arn:aws:s3:::${stateBucket}`, `arn:aws:s3:::${stateBucket}/*`],
    },
  ];
}

/** Of the engine that tears down: the release of the SDK that wrote the state, not whichever is newest on that day. */
function pulumiRelease(): string {
  const file = new URL('../../package.json', import.meta.url);
  const manifest = z.object({ dependencies: z.object({ '@pulumi/pulumi': z.string().regex(/^[\d.]+$/) }) });
  return manifest.parse(JSON.parse(readFileSync(file, 'utf8'))).dependencies['@pulumi/pulumi'];
}

const BUILD_STEPS = {
  version: 0.2,
  phases: {
    install: {
      commands: [
        'n 24',
        'npm ci --omit=dev --no-audit --no-fund',
        `curl -fsSL https://get.pulumi.com | sh -s -- --version ${pulumiRelease()}`,
        'export PATH=$PATH:$HOME/.pulumi/bin',
      ],
    },
    build: {
      commands: [
        'export PATH=$PATH:$HOME/.pulumi/bin',
        'pulumi login "$STATE_URL"',
        'node infra/guard/teardown.ts "$STACK" "$AWS_REGION"',
      ],
    },
  },
};

function teardownStarter({ config, tags, opts }: Common): aws.iam.Role {
  const { region, account } = config;
  const starter = new aws.iam.Role(
    'teardown-starter',
    { name: `${TEARDOWN_BUILD}-starter`, assumeRolePolicy: trustService('scheduler.amazonaws.com'), tags },
    opts,
  );
  new aws.iam.RolePolicy(
    'teardown-starter-policy',
    {
      role: starter.id,
      policy: policy([
        {
          Effect: 'Allow',
          Action: 'codebuild:StartBuild',
          Resource: `arn:aws:codebuild:${region}:${account}:project/${TEARDOWN_BUILD}`,
        },
      ]),
    },
    opts,
  );
  return starter;
}

function unattendedTeardown({ config, tags, opts }: Common): {
  readonly build: aws.codebuild.Project;
  readonly starter: aws.iam.Role;
} {
  const { stateBucket, region } = config;
  const source = new aws.s3.BucketObjectv2(
    'teardown-source',
    { bucket: stateBucket, key: 'guard/source.zip', source: sourceArchive(), tags },
    opts,
  );
  const role = new aws.iam.Role(
    'teardown-role',
    { name: TEARDOWN_BUILD, assumeRolePolicy: trustService('codebuild.amazonaws.com'), tags },
    opts,
  );
  const granted = new aws.iam.RolePolicy(
    'teardown-policy',
    { role: role.id, policy: policy(teardownStatements(config)) },
    opts,
  );
  const build = new aws.codebuild.Project(
    'teardown',
    {
      name: TEARDOWN_BUILD,
      description: 'Destroys a stack and sweeps what is left of it, with nobody there',
      serviceRole: role.arn,
      buildTimeout: 60,
      concurrentBuildLimit: 1,
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: 'LINUX_CONTAINER',
        computeType: 'BUILD_GENERAL1_MEDIUM',
        image: 'aws/codebuild/standard:7.0',
        environmentVariables: [
          { name: 'STACK', value: 'none' },
          { name: 'STATE_URL', value: `s3://${stateBucket}?region=${region}` },
        ],
      },
      source: {
        type: 'S3',
        location: pulumi.interpolate`${stateBucket}/${source.key}`,
        buildspec: JSON.stringify(BUILD_STEPS),
      },
      logsConfig: { cloudwatchLogs: { groupName: '/bft/teardown' } },
      tags,
    },
    { ...opts, dependsOn: [granted] },
  );
  return { build, starter: teardownStarter({ config, tags, opts }) };
}

/** Only what carries our tags can be stopped. */
function watchdogStatements(
  { account, region, stateBucket }: GuardConfig,
  topic: string,
  starter: string,
): readonly object[] {
  const StringLike = { [`aws:ResourceTag/${tagKeys.campaign}`]: '*' };
  return [
    {
      Effect: 'Allow',
      Action: ['ec2:DescribeInstances', 'autoscaling:DescribeAutoScalingGroups'],
      Resource: '*',
    },
    {
      Effect: 'Allow',
      Action: ['ec2:TerminateInstances', 'autoscaling:UpdateAutoScalingGroup'],
      Resource: '*',
      Condition: { StringLike },
    },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: `arn:aws:s3:::${stateBucket}/guard/*`,
    },
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${stateBucket}` },
    { Effect: 'Allow', Action: 'sns:Publish', Resource: topic },
    {
      Effect: 'Allow',
      Action: 'scheduler:CreateSchedule',
      Resource: `arn:aws:scheduler:${region}:${account}:schedule/default/bft-teardown-*`,
    },
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: starter },
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `arn:aws:logs:${region}:${account}:log-group:/aws/lambda/bft-scale-watchdog:*`,
    },
  ];
}

const WATCHDOG = 'bft-scale-watchdog';

function everyMinute({ tags, opts }: Common, code: aws.lambda.Function): void {
  const caller = new aws.iam.Role(
    'watchdog-caller',
    { name: `${WATCHDOG}-caller`, assumeRolePolicy: trustService('scheduler.amazonaws.com'), tags },
    opts,
  );
  new aws.iam.RolePolicy(
    'watchdog-caller-policy',
    {
      role: caller.id,
      policy: code.arn.apply((Resource) =>
        policy([{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource }]),
      ),
    },
    opts,
  );
  new aws.scheduler.Schedule(
    'watchdog-minute',
    {
      name: WATCHDOG,
      scheduleExpression: 'rate(1 minute)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: { arn: code.arn, roleArn: caller.arn, retryPolicy: { maximumRetryAttempts: 0 } },
    },
    opts,
  );
}

function alarmsOfWatchdog({ tags, opts }: Common, topic: aws.sns.Topic, code: aws.lambda.Function): void {
  const alarm = (
    own: string,
    metricName: string,
    comparisonOperator: string,
    threshold: number,
    treatMissingData: string,
  ) =>
    new aws.cloudwatch.MetricAlarm(
      `watchdog-${own}`,
      {
        name: `${WATCHDOG}-${own}`,
        namespace: 'AWS/Lambda',
        metricName,
        dimensions: { FunctionName: code.name },
        statistic: 'Sum',
        period: 300,
        evaluationPeriods: 1,
        comparisonOperator,
        threshold,
        treatMissingData,
        alarmActions: [topic.arn],
        tags,
      },
      opts,
    );
  alarm('fails', 'Errors', 'GreaterThanThreshold', 0, 'notBreaching');
  // A watchdog that does not run is one that barks.
  alarm('is-silent', 'Invocations', 'LessThanThreshold', 3, 'breaching');
}

function watchdog(
  common: Common,
  topic: aws.sns.Topic,
  teardown: ReturnType<typeof unattendedTeardown>,
): void {
  const { config, tags, opts } = common;
  const name = WATCHDOG;
  new aws.cloudwatch.LogGroup(
    'watchdog-logs',
    { name: `/aws/lambda/${name}`, retentionInDays: 30, tags },
    opts,
  );
  const role = new aws.iam.Role(
    'watchdog-role',
    { name, assumeRolePolicy: trustService('lambda.amazonaws.com'), tags },
    opts,
  );
  const granted = new aws.iam.RolePolicy(
    'watchdog-policy',
    {
      role: role.id,
      policy: pulumi
        .all([topic.arn, teardown.starter.arn])
        .apply(([topicArn, starterArn]) => policy(watchdogStatements(config, topicArn, starterArn))),
    },
    opts,
  );
  const files = Object.entries(lambdaFiles()).map(
    ([file, text]) => [file, new pulumi.asset.StringAsset(text)] as const,
  );
  const code = new aws.lambda.Function(
    'watchdog',
    {
      name,
      runtime: 'nodejs22.x',
      architectures: ['arm64'],
      handler: 'watchdog.handler',
      role: role.arn,
      timeout: 50,
      memorySize: 256,
      // One look at a time: two would count the same minutes twice.
      reservedConcurrentExecutions: 1,
      code: new pulumi.asset.AssetArchive(Object.fromEntries(files)),
      environment: {
        variables: {
          STATE_BUCKET: config.stateBucket,
          TOPIC_ARN: topic.arn,
          TEARDOWN_ARN: teardown.build.arn,
          TEARDOWN_ROLE_ARN: teardown.starter.arn,
          DRY_RUN: config.dryRun,
        },
      },
      tags,
    },
    { ...opts, dependsOn: [granted] },
  );
  everyMinute(common, code);
  alarmsOfWatchdog(common, topic, code);
}

function images({ tags, opts }: Common): aws.ecr.Repository {
  return new aws.ecr.Repository(
    'images',
    {
      name: IMAGE_REPOSITORY,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: 'AES256' }],
      forceDelete: true,
      tags,
    },
    opts,
  );
}

export interface GuardOutputs {
  readonly topicArn: pulumi.Output<string>;
  readonly teardownName: pulumi.Output<string>;
  /** Push the image here; `docker push` prints the digest that a stack wants. */
  readonly imageRepository: pulumi.Output<string>;
}

export function runGuard(stack: string, raw: Readonly<Record<string, string>>): GuardOutputs {
  const config = parseGuardConfig(stack, raw);
  const tags = awsTags({ campaign: 'guard', run: 'guard', phase: 'all', owner: 'guard', stack: 'guard' });
  const provider = new aws.Provider('aws', {
    region: config.region as aws.Region,
    allowedAccountIds: [config.account],
    defaultTags: { tags },
  });
  const common: Common = { config, tags, opts: { provider } };
  const topic = alarms(common);
  const teardown = unattendedTeardown(common);
  watchdog(common, topic, teardown);
  return {
    topicArn: topic.arn,
    teardownName: teardown.build.name,
    imageRepository: images(common).repositoryUrl,
  };
}
