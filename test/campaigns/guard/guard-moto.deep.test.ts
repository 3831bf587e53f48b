/**
 * The guard as a process against moto, through the real AWS SDK: machines really stop, decoys really stay, and with the guard
 * killed the schedule in the cloud holds what is needed to stop them.
 * moto stores a group's scheduled actions but has no clock that runs them: `runDueActions` is the test's stand-in for that clock of
 * AWS. What it applies is read back from the account, so the proof is that the action is there, first, and sufficient.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeScheduledActionsCommand,
  PutScheduledUpdateGroupActionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  AllocateAddressCommand,
  CreateLaunchTemplateCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { readEvidence } from '#campaigns/guard/evidence.ts';
import { type MotoServer, startMoto } from '#test/bed/moto/moto-server.ts';
import { missing, motoTool } from '#test/bed/tools.ts';

const skip = missing(motoTool);
const root = path.resolve(import.meta.dirname, '../../..');
let moto: MotoServer;
let ec2: EC2Client;
let groups: AutoScalingClient;
let out: string;

before(async () => {
  if (skip !== false) return;
  moto = await startMoto();
  const config = {
    region: 'us-west-2',
    endpoint: moto.url,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
  ec2 = new EC2Client(config);
  groups = new AutoScalingClient(config);
  out = mkdtempSync(path.join(tmpdir(), 'guard-moto-'));
});
after(async () => {
  if (skip !== false) return;
  ec2.destroy();
  groups.destroy();
  rmSync(out, { recursive: true, force: true });
  await moto.stop();
});
beforeEach(async () => {
  if (skip === false) await moto.reset();
});

const tagList = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
const ours = (campaign: string, deadline = '2027-01-01T00:00:00Z') => ({
  'bft:campaign': campaign,
  'bft:stack': '1k-nodes',
  'bft:deadline': deadline,
});

async function machines(count: number, tags: Readonly<Record<string, string>>): Promise<void> {
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const specification =
    Object.keys(tags).length === 0 ? [] : [{ ResourceType: 'instance' as const, Tags: tagList(tags) }];
  await ec2.send(
    new RunInstancesCommand({
      ImageId: Images?.[0]?.ImageId,
      InstanceType: 'c6i.2xlarge',
      MinCount: count,
      MaxCount: count,
      TagSpecifications: specification,
    }),
  );
}

async function group(name: string, size: number, tags: Readonly<Record<string, string>>): Promise<void> {
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { ImageId: Images?.[0]?.ImageId, InstanceType: 'c6i.2xlarge' },
      TagSpecifications: [{ ResourceType: 'launch-template', Tags: tagList(tags) }],
    }),
  );
  await groups.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateName: name, Version: '$Latest' },
      MinSize: 0,
      MaxSize: size,
      DesiredCapacity: 0,
      VPCZoneIdentifier: Subnets?.[0]?.SubnetId,
      Tags: tagList(tags).map((tag) => ({
        ...tag,
        ResourceId: name,
        ResourceType: 'auto-scaling-group',
        PropagateAtLaunch: true,
      })),
    }),
  );
}

async function running(campaign: string | null): Promise<number> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const all = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ State }) => State?.Name === 'running',
  );
  return all.filter(
    ({ Tags = [] }) => (Tags.find(({ Key }) => Key === 'bft:campaign')?.Value ?? null) === campaign,
  ).length;
}

function cli(...words: string[]): ChildProcess {
  const env = { ...process.env, ...moto.env };
  return spawn(process.execPath, ['campaigns/cli.ts', ...words], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

const guarding = (campaign: string, ...more: string[]) => [
  'guard',
  '--campaign',
  campaign,
  '--stack',
  '1k-nodes',
  '--region',
  'us-west-2',
  '--out',
  out,
  '--deadline',
  '2027-01-01T00:00:00Z',
  '--poll',
  '2s',
  '--drain',
  '2s',
  '--answer-within',
  '2m',
  ...more,
];

test('runaway pool: the guard’s process stops group and machines, others keep running, exit 22', {
  skip,
}, async () => {
  await group('c1-pool-0', 20, ours('c1'));
  await groups.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'c1-pool-0', DesiredCapacity: 6 }),
  );
  await machines(3, ours('c1'));
  await machines(2, ours('other'));
  await machines(2, {});
  await ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: 'us-west-2a',
      Size: 30,
      TagSpecifications: [{ ResourceType: 'volume', Tags: tagList(ours('c1')) }],
    }),
  );
  await ec2.send(
    new AllocateAddressCommand({
      TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: tagList(ours('c1')) }],
    }),
  );
  assert.equal(await running('c1'), 9);
  const { code, text } = await ended(cli(...guarding('c1', '--max-machines', '8')));
  assert.equal(code, 22, text);
  assert.match(text, /too-many-machines/);
  assert.deepEqual([await running('c1'), await running('other'), await running(null)], [0, 2, 2]);
  const proof = readEvidence(path.join(out, 'c1', 'guard.jsonl'));
  const decided = proof.find(({ kind, facts }) => kind === 'decision' && facts['to'] === 'tearing-down');
  const asked = proof.find(({ kind, facts }) => kind === 'outcome' && facts['order'] === 'tear down');
  const reaction = Date.parse(asked?.at ?? '') - Date.parse(decided?.at ?? '');
  assert.ok(reaction >= 0 && reaction < 30_000, `${reaction} ms from the decision to the last request`);
  const left = await ended(
    cli('inventory', '--region', 'us-west-2', '--campaign', 'c1', '--stack', '1k-nodes', '--json'),
  );
  assert.equal(left.code, 0, left.text);
});

test('two guards at once: each stops its own campaign at its own cap', {
  skip,
  timeout: 600_000,
}, async () => {
  await machines(4, ours('small'));
  await machines(4, ours('large'));
  const dear = ended(cli(...guarding('small', '--max-machines', '8', '--cap', '0.05')));
  const cheap = cli(...guarding('large', '--max-machines', '8', '--cap', '900', '--polls', '4'));
  const ends = await Promise.all([dear, ended(cheap)]);
  assert.deepEqual(
    ends.map(({ code }) => code),
    [22, 0],
    ends.map(({ text }) => text).join('\n'),
  );
  assert.deepEqual([await running('small'), await running('large')], [0, 4]);
});

/** Resolves at a write after which there are two looks: the folder says when its file changes, and the guard goes on looking. */
async function lookedTwice(proof: string): Promise<void> {
  for await (const { filename } of watch(path.dirname(proof)))
    if (filename === path.basename(proof) && readFileSync(proof, 'utf8').split('"poll"').length > 2) return;
}

/** AWS’s own clock for scheduled actions: applies every action of the account that is due at `now`. */
async function runDueActions(now: Date): Promise<number> {
  const { ScheduledUpdateGroupActions = [] } = await groups.send(new DescribeScheduledActionsCommand({}));
  const due = ScheduledUpdateGroupActions.filter(
    ({ StartTime }) => StartTime !== undefined && StartTime <= now,
  );
  for (const { AutoScalingGroupName, MinSize, MaxSize, DesiredCapacity } of due)
    await groups.send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize, MaxSize, DesiredCapacity }),
    );
  return due.length;
}

test('SIGKILL of the guard: the schedule that was there before the first machine brings the group to zero; a sweep finds the rest', {
  skip,
}, async () => {
  const deadline = new Date(Date.now() + 120_000);
  await group('c2-pool-0', 20, ours('c2', '2026-01-01T00:00:00Z'));
  await groups.send(
    new PutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: 'c2-pool-0',
      ScheduledActionName: 'dead-man',
      StartTime: new Date(deadline.getTime() + 300_000),
      MinSize: 0,
      MaxSize: 0,
      DesiredCapacity: 0,
    }),
  );
  await groups.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'c2-pool-0', DesiredCapacity: 5 }),
  );
  await machines(2, ours('c2', '2026-01-01T00:00:00Z'));
  const proof = path.join(out, 'c2', 'guard.jsonl');
  mkdirSync(path.dirname(proof), { recursive: true });
  const child = cli(...guarding('c2', '--max-machines', '50'));
  await lookedTwice(proof);
  child.kill('SIGKILL');
  await ended(child);
  readEvidence(proof);
  assert.equal(await running('c2'), 7);
  assert.equal(await runDueActions(deadline), 0);
  assert.equal(await runDueActions(new Date(deadline.getTime() + 300_000)), 1);
  assert.equal(await running('c2'), 2, 'the group is at zero, what was started beside it is not');
  const dry = await ended(cli('reap', '--region', 'us-west-2', '--campaign', 'c2', '--stack', '1k-nodes'));
  assert.match(dry.text, /dry run: nothing was deleted/);
  assert.equal(await running('c2'), 2);
  const real = await ended(
    cli('reap', '--region', 'us-west-2', '--campaign', 'c2', '--stack', '1k-nodes', '--yes'),
  );
  assert.equal(real.code, 0, real.text);
  assert.equal(await running('c2'), 0);
});

test('an account that stops answering: two blind polls, then it tears down as soon as it can be reached', {
  skip,
}, async () => {
  await machines(3, ours('c3'));
  const closed = spawn(
    process.execPath,
    ['campaigns/cli.ts', ...guarding('c3', '--max-machines', '8', '--polls', '3')],
    {
      cwd: root,
      env: { ...process.env, ...moto.env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const blind = await ended(closed);
  assert.equal(blind.code, 31, blind.text);
  assert.match(blind.text, /blind/);
  assert.equal(await running('c3'), 3, 'nothing was reachable');
  const again = await ended(cli(...guarding('c3', '--max-machines', '8')));
  assert.equal(again.code, 22, again.text);
  assert.equal(await running('c3'), 0);
});
