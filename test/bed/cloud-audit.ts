/**
 * Judges what a program did to the fake cloud, from the journal and the objects alone.
 * Owns: order of dead-man and group, tags of what bills, the dearest that the journal allows. Does not own: the program's own plan or
 * bound: it shares no code with them.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DeclaredTypes, isRecord } from './providers/declared-types.ts';
import type { CloudObject, FakeCloud, JournalLine } from './providers/fake-cloud.ts';

type Inputs = Readonly<Record<string, unknown>>;

const types = { aws: new DeclaredTypes('aws'), gcp: new DeclaredTypes('gcp') };

/** Groups of VMs: what a dead-man has to be able to empty. */
const groupTypes: ReadonlySet<string> = new Set([
  'aws:autoscaling/group:Group',
  'aws:eks/nodeGroup:NodeGroup',
  'gcp:container/nodePool:NodePool',
]);
const deadManTypes: ReadonlySet<string> = new Set([
  'aws:scheduler/schedule:Schedule',
  'gcp:cloudscheduler/job:Job',
]);

function groupName({ type, inputs = {} }: JournalLine): string {
  return String(type === 'aws:eks/nodeGroup:NodeGroup' ? inputs['nodeGroupName'] : inputs['name']);
}

/** Everything the schedule says, decoded bodies included: the name of a group stands somewhere in it. */
function saidBy({ inputs = {} }: JournalLine): string {
  const body = isRecord(inputs['httpTarget']) ? String(inputs['httpTarget']['body'] ?? '') : '';
  return `${JSON.stringify(inputs)} ${Buffer.from(body, 'base64').toString()}`;
}

function names(schedule: JournalLine, group: string): boolean {
  // As a whole word: a group "a-1" is not named by "a-10".
  return new RegExp(`(?<![\\w-])${group}(?![\\w-])`).test(saidBy(schedule));
}

/** Groups that stood for a moment without a dead-man, from the journal; empty when there was none. */
export function unguarded(journal: readonly JournalLine[]): string[] {
  const at = (did: JournalLine['did'], id: string): number =>
    journal.findIndex((line) => line.did === did && line.id === id);
  const created = journal.filter(({ did }) => did === 'created');
  return created
    .filter(({ type }) => groupTypes.has(type))
    .flatMap((group) => {
      const name = groupName(group);
      const asked = journal.findIndex((line) => line.did === 'asked' && line.urn === group.urn);
      const guards = created.filter((line) => deadManTypes.has(line.type) && names(line, name));
      if (guards.length === 0) return [`${name} has no dead-man`];
      const before = guards.some((guard) => at('created', guard.id) < asked);
      if (!before) return [`the dead-man of ${name} came after it`];
      const gone = at('deleted', group.id);
      const outlived = guards.some(
        (guard) => at('deleted', guard.id) === -1 || at('deleted', guard.id) > gone,
      );
      return gone === -1 || outlived ? [] : [`the dead-man of ${name} went before it`];
    });
}

export function groupsIn(journal: readonly JournalLine[]): string[] {
  return journal.filter(({ did, type }) => did === 'created' && groupTypes.has(type)).map(groupName);
}

interface TagRule {
  readonly cloud: 'aws' | 'gcp';
  /** Input that holds tags, for a declared type. */
  readonly key: string;
  readonly required: readonly string[];
}

const tagRules: readonly TagRule[] = [
  { cloud: 'aws', key: 'tags', required: ['bft:campaign', 'bft:run', 'bft:phase', 'bft:owner'] },
  { cloud: 'gcp', key: 'labels', required: ['bft-campaign', 'bft-run', 'bft-phase', 'bft-owner'] },
  { cloud: 'gcp', key: 'resourceLabels', required: ['bft-campaign', 'bft-run', 'bft-phase', 'bft-owner'] },
];

function lacking(given: Inputs, { required }: TagRule): string[] {
  return required.filter((key) => typeof given[key] !== 'string' || given[key] === '');
}

/** Everything that can carry tags and lacks one; instances, volumes and interfaces that a group or template makes included. */
export function untagged(objects: readonly CloudObject[]): string[] {
  return objects.flatMap(({ id, type, inputs, outputs }) => {
    const cloud = type.startsWith('aws:') ? types.aws : type.startsWith('gcp:') ? types.gcp : null;
    const fields = cloud?.inputs(type);
    if (fields === null || fields === undefined) return [];
    const own = tagRules.flatMap((rule) => {
      if (!type.startsWith(`${rule.cloud}:`) || fields.get(rule.key)?.shape.kind !== 'map') return [];
      const given = {
        ...record(inputs[rule.key]),
        ...(rule.key === 'tags' ? record(outputs['tagsAll']) : {}),
      };
      return lacking(given, rule).map((key) => `${type} ${id} lacks ${key}`);
    });
    return [...own, ...tagsOfMade(type, id, inputs)];
  });
}

function record(value: unknown): Inputs {
  return isRecord(value) ? value : {};
}

function tagsOfMade(type: string, id: string, inputs: Inputs): string[] {
  const [aws, labels] = [tagRules[0]!, tagRules[1]!];
  const list = (key: string): Inputs[] => (Array.isArray(inputs[key]) ? inputs[key].map(record) : []);
  if (type === 'aws:autoscaling/group:Group') {
    const tags = list('tags').filter(({ propagateAtLaunch }) => propagateAtLaunch === true);
    const given = Object.fromEntries(tags.map(({ key, value }) => [String(key), value]));
    return lacking(given, aws).map((key) => `instances of ${id} lack ${key}`);
  }
  if (type === 'aws:ec2/launchTemplate:LaunchTemplate') {
    const made = list('tagSpecifications');
    return ['instance', 'volume', 'network-interface'].flatMap((kind) => {
      const given = record(made.find(({ resourceType }) => resourceType === kind)?.['tags']);
      return lacking(given, aws).map((key) => `${kind} of ${id} lacks ${key}`);
    });
  }
  if (type === 'gcp:container/nodePool:NodePool') {
    const given = record(record(inputs['nodeConfig'])['resourceLabels']);
    return lacking(given, labels).map((key) => `VMs of ${id} lack ${key}`);
  }
  return [];
}

/** Dollars per hour by what an object is, at most; published prices of 2026-11 (us-west-2, us-central1), rounded up. */
const hourlyUsd: Readonly<Record<string, number>> = {
  'aws:eks/cluster:Cluster': 0.1,
  'gcp:container/cluster:Cluster': 0.1,
  'aws:ec2/natGateway:NatGateway': 0.045,
};
/** Source: AWS containers blog, Provisioned Control Plane. */
const tierUsd: Readonly<Record<string, number>> = { 'tier-xl': 1.65, 'tier-2xl': 3.4, 'tier-4xl': 6.9 };
const interfaceEndpointUsd = 0.01;

/** On-demand dollars per hour by provider, region and type, as the shipped sheet quotes them: what a spot VM costs at most, too. */
const sheet = z
  .object({
    instances: z.array(
      z.object({
        provider: z.string(),
        region: z.string(),
        sku: z.string(),
        onDemand: z.object({ usdPerHour: z.string() }).nullable(),
      }),
    ),
  })
  .parse(
    JSON.parse(readFileSync(new URL('../../budgets/price-sheets/2026-11-21.json', import.meta.url), 'utf8')),
  );
const regions = { aws: 'us-west-2', gcp: 'us-central1' } as const;

function onDemandUsd(provider: keyof typeof regions, sku: unknown): number {
  const found = sheet.instances.find(
    (one) => one.provider === provider && one.region === regions[provider] && one.sku === sku,
  );
  const usd = found?.onDemand?.usdPerHour;
  if (usd === undefined) throw new Error(`no price of ${provider} ${String(sku)}: it would count as nothing`);
  return Number(usd);
}

/** What the journal allows in an hour at most, in dollars: every group full, every VM at the price it may cost. */
export function dearestHourUsd(cloud: FakeCloud): number {
  const most = new Map<string, number>();
  for (const { id, inputs = {}, type, did } of cloud.journal()) {
    if (did !== 'created' && did !== 'updated') continue;
    most.set(id, Math.max(most.get(id) ?? 0, hourOf(type, inputs)));
  }
  return [...most.values()].reduce((sum, usd) => sum + usd, 0);
}

function hourOf(type: string, inputs: Inputs): number {
  if (type === 'aws:autoscaling/group:Group') {
    const policy = record(record(inputs['mixedInstancesPolicy'])['instancesDistribution']);
    return Number(inputs['maxSize']) * Number(policy['spotMaxPrice']);
  }
  if (type === 'gcp:container/nodePool:NodePool') {
    return Number(inputs['nodeCount']) * onDemandUsd('gcp', record(inputs['nodeConfig'])['machineType']);
  }
  if (type === 'aws:eks/nodeGroup:NodeGroup') {
    const [sku] = Array.isArray(inputs['instanceTypes']) ? inputs['instanceTypes'] : [];
    return Number(record(inputs['scalingConfig'])['maxSize']) * onDemandUsd('aws', sku);
  }
  if (type === 'aws:eks/cluster:Cluster') {
    const tier = String(record(inputs['controlPlaneScalingConfig'])['tier'] ?? '');
    return (hourlyUsd[type] ?? 0) + (tierUsd[tier] ?? 0);
  }
  if (type === 'aws:ec2/vpcEndpoint:VpcEndpoint' && inputs['vpcEndpointType'] === 'Interface') {
    const { subnetIds } = inputs;
    return interfaceEndpointUsd * (Array.isArray(subnetIds) ? Math.max(1, subnetIds.length) : 1);
  }
  return hourlyUsd[type] ?? 0;
}
