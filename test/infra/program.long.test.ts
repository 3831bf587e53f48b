/**
 * The program on the engine of this process, on both clouds: every input is one the SDK knows, the dead-man stands before every
 * group, a second `up` half an hour later changes nothing, and every row of the security table holds over the list of resources.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import { type Kind, kinds } from '#infra/guard/sweep.ts';
import { runProgram } from '#infra/program.ts';
import { untagged } from '#test/bed/cloud-audit.ts';
import { DeclaredTypes } from '#test/bed/providers/declared-types.ts';
import { Engine, type Outcome, type Registered, repository } from '#test/infra/engine/engine.ts';
import { openNamespaces, securityRows, violations } from '#test/infra/security-rows.ts';
import { noon, onCloud } from '#test/infra/stack-fixture.ts';

const later = '2026-12-01T12:30:07Z';

interface Built {
  readonly engine: Engine;
  readonly first: Outcome;
  readonly second: Outcome;
}

async function build(cloud: 'aws' | 'gcp', stack: string): Promise<Built> {
  const engine = new Engine();
  const config = onCloud(stack, cloud);
  const up = (now: string) => engine.up(() => runProgram({ stack, config, now }), { stack, config });
  return { engine, first: await up(noon), second: await up(later) };
}

const built = new Map<string, Built>();
before(async () => {
  for (const [cloud, stack] of [
    ['aws', '1k-nodes'],
    ['aws', '10k-nodes'],
    ['gcp', '10k-nodes'],
  ] as const) {
    built.set(`${cloud} ${stack}`, await build(cloud, stack));
  }
});

const all = (key: string): Built => built.get(key) ?? assert.fail(key);
const ofType = (found: Outcome, type: string): readonly Registered[] =>
  found.resources.filter((one) => one.type === type);

/** Everything that a resource waits for, through dependencies, parents and children of components. */
function comesAfter(outcome: Outcome, from: Registered): ReadonlySet<string> {
  const byUrn = new Map(outcome.resources.map((one) => [one.urn, one]));
  const seen = new Set<string>();
  const waiting = [...from.after];
  for (let urn = waiting.pop(); urn !== undefined; urn = waiting.pop()) {
    if (seen.has(urn)) continue;
    seen.add(urn);
    waiting.push(...(byUrn.get(urn)?.after ?? []));
  }
  return seen;
}

for (const key of ['aws 1k-nodes', 'aws 10k-nodes', 'gcp 10k-nodes']) {
  test(`${key}: no input is unknown, missing or of another kind; under 500 resources`, (context) => {
    const { first } = all(key);
    assert.deepEqual(first.errors, []);
    context.diagnostic(
      `${key}: ${first.resources.length} resources, at worst $${String(first.outputs['worstCaseUsd'])}`,
    );
    assert.ok(first.resources.length < 500);
  });

  test(`${key}: half an hour later nothing changes, the deadline not by a second`, () => {
    const { first, second } = all(key);
    assert.deepEqual(second.errors, []);
    assert.deepEqual(
      second.resources.filter((one) => one.did !== 'same').map((one) => `${one.did} ${one.type} ${one.name}`),
      [],
    );
    assert.equal(second.outputs['deadline'], first.outputs['deadline']);
  });

  test(`${key}: outputs hold no secret and no list that grows with the network`, () => {
    // The kubeconfig names the cluster and the command that asks for a token; whoever uses it needs credentials of their own.
    const files: string[] = [];
    const text = JSON.stringify(all(key).first.outputs, (name, value: unknown) => {
      if (name !== 'kubeconfig') return value;
      files.push(JSON.stringify(value));
      return undefined;
    });
    assert.ok(text.length < 4_000);
    for (const file of files)
      assert.doesNotMatch(file, /client-key|client-certificate|password|\btoken\b\W*:|BEGIN [A-Z ]*KEY/i);
    assert.doesNotMatch(
      text,
      /token|password|secret|kubeconfig|certificate|BEGIN|4dabf18193072939515e22adb298388d/i,
    );
  });
}

const asObjects = ({ resources }: Outcome) =>
  resources.filter((one) => one.isCustom).map((one) => ({ ...one, id: one.name, parent: '' }));

for (const cloud of ['aws', 'gcp'] as const) {
  test(`${cloud}: every row of the security table holds, and looks at something`, (context) => {
    const { resources } = all(`${cloud} 10k-nodes`).first;
    for (const row of securityRows) {
      const seen = resources.filter(({ type }) => row.type.test(type)).length;
      if (row.clouds.includes(cloud)) assert.ok(seen > 0, `nothing to look at: ${row.says}`);
      assert.deepEqual(violations(row, resources), [], row.says);
    }
    assert.deepEqual(openNamespaces(resources), [], 'namespaces that deny nothing');
    context.diagnostic(`${cloud}: ${securityRows.length + 1} rows over ${resources.length} resources`);
  });

  test(`${cloud}: whatever bills carries the tags, VMs and their disks through templates and groups too`, () => {
    const objects = asObjects(all(`${cloud} 10k-nodes`).first);
    assert.deepEqual(untagged(objects), []);
    const stripped = objects.map((one) => ({
      ...one,
      inputs: { ...one.inputs, tags: undefined, tagSpecifications: [], nodeConfig: {}, resourceLabels: {} },
    }));
    assert.ok(untagged(stripped).length > 10, 'objects without tags are seen');
  });
}

/** What the unattended sweep finds a resource as, by its type on AWS. */
const sweptAs: Readonly<Record<string, Kind>> = {
  'autoscaling/group:Group': 'group',
  'eks/nodeGroup:NodeGroup': 'node-group',
  'eks/cluster:Cluster': 'cluster',
  'ec2/vpcEndpoint:VpcEndpoint': 'endpoint',
  'ec2/launchTemplate:LaunchTemplate': 'launch-template',
  'ec2/securityGroup:SecurityGroup': 'security-group',
  'ec2/subnet:Subnet': 'subnet',
  'ec2/routeTable:RouteTable': 'route-table',
  'ec2/vpc:Vpc': 'vpc',
  'scheduler/scheduleGroup:ScheduleGroup': 'schedule-group',
  'cloudwatch/metricAlarm:MetricAlarm': 'alarm',
  'cloudwatch/eventRule:EventRule': 'rule',
  'sqs/queue:Queue': 'queue',
  'cloudwatch/logGroup:LogGroup': 'log-group',
  'kms/key:Key': 'key',
  'iam/instanceProfile:InstanceProfile': 'instance-profile',
  'iam/role:Role': 'role',
};
/** Cannot stand without the thing that it is a part of, and goes with it. */
const goesWith: Readonly<Record<string, Kind>> = {
  'eks/addon:Addon': 'cluster',
  'eks/accessEntry:AccessEntry': 'cluster',
  'ec2/defaultSecurityGroup:DefaultSecurityGroup': 'vpc',
  'ec2/flowLog:FlowLog': 'vpc',
  'ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation': 'vpc',
  'ec2/routeTableAssociation:RouteTableAssociation': 'subnet',
  'scheduler/schedule:Schedule': 'schedule-group',
  'cloudwatch/eventTarget:EventTarget': 'rule',
  'sqs/queuePolicy:QueuePolicy': 'queue',
  'iam/rolePolicy:RolePolicy': 'role',
  'iam/rolePolicyAttachment:RolePolicyAttachment': 'role',
};

test('AWS: whatever a lost state may leave, the unattended sweep knows it, or what it goes with', (context) => {
  const types = ['aws 1k-nodes', 'aws 10k-nodes'].flatMap((key) =>
    all(key).first.resources.flatMap(({ type }) => (type.startsWith('aws:') ? [type.slice(4)] : [])),
  );
  const unknown = [...new Set(types)].filter((type) => !(type in sweptAs) && !(type in goesWith));
  assert.deepEqual(unknown, []);
  // VMs, disks and interfaces come from groups, not from the program.
  const made: readonly Kind[] = ['instance', 'volume', 'interface'];
  assert.deepEqual(new Set([...Object.values(sweptAs), ...made]), new Set(kinds));
  assert.ok(Object.values(goesWith).every((kind) => kinds.includes(kind)));
  context.diagnostic(`${new Set(types).size} types`);
});

test('a row of the security table that holds for anything would be no row', () => {
  const nothing = { name: 'planted', inputs: {} };
  for (const row of securityRows) {
    const type = [...built.values()]
      .flatMap(({ first }) => first.resources.map((one) => one.type))
      .concat('aws:ec2/natGateway:NatGateway', 'kubernetes:core/v1:Secret')
      .find((one) => row.type.test(one));
    assert.ok(type !== undefined, row.says);
    const planted = {
      mapPublicIpOnLaunch: true,
      ingress: [{ cidrBlocks: ['0.0.0.0/0'] }],
      policy: '{"Action":"*"}',
      spec: { template: { spec: { containers: [{ image: 'registry.invalid/x:latest' }] } } },
      data: { token: 'planted' },
    };
    assert.equal(violations(row, [{ ...nothing, type, inputs: planted }]).length, 1, row.says);
  }
  assert.deepEqual(
    openNamespaces([
      { ...nothing, type: 'kubernetes:core/v1:Namespace', inputs: { metadata: { name: 'open' } } },
    ]),
    ['open'],
  );
});

test('AWS: every group has a schedule that empties it by name, made before it', () => {
  const { first } = all('aws 10k-nodes');
  const schedules = ofType(first, 'aws:scheduler/schedule:Schedule');
  const groups = [
    ...ofType(first, 'aws:autoscaling/group:Group'),
    ...ofType(first, 'aws:eks/nodeGroup:NodeGroup'),
  ];
  assert.equal(groups.length, 6);
  for (const group of groups) {
    const name = String(group.inputs['name'] ?? group.inputs['nodeGroupName']);
    const own = schedules.find(({ inputs }) => {
      const { input } = inputs['target'] as { input: string };
      const asked: Record<string, unknown> = JSON.parse(input);
      return asked['AutoScalingGroupName'] === name || asked['NodegroupName'] === name;
    });
    assert.ok(own !== undefined, `nobody empties ${name}`);
    assert.ok(comesAfter(first, group).has(own.urn), `${name} does not wait for its dead-man`);
    assert.equal(own.inputs['startDate'], '2026-12-01T15:00:00Z');
    assert.ok(!comesAfter(first, own).has(group.urn), 'the dead-man waits for its group');
  }
});

test('GCP: every pool has a job that empties it, made before it, and a longest life of its VMs', () => {
  const { first } = all('gcp 10k-nodes');
  const jobs = ofType(first, 'gcp:cloudscheduler/job:Job');
  const pools = ofType(first, 'gcp:container/nodePool:NodePool');
  assert.equal(pools.length, 6);
  for (const pool of pools) {
    const name = String(pool.inputs['name']);
    const own = jobs.find(({ inputs }) =>
      (inputs['httpTarget'] as { uri: string }).uri.endsWith(`/nodePools/${name}:setSize`),
    );
    assert.ok(own !== undefined, `nobody empties ${name}`);
    assert.ok(comesAfter(first, pool).has(own.urn));
    assert.equal(own.inputs['schedule'], '0 15 1 12 *');
    assert.equal((pool.inputs['nodeConfig'] as { maxRunDuration: string }).maxRunDuration, '12600s');
  }
});

test('AWS: what a group may become is what was priced, and no VM may cost more than the cap', () => {
  const { first } = all('aws 10k-nodes');
  for (const { inputs } of ofType(first, 'aws:autoscaling/group:Group')) {
    assert.equal(inputs['maxSize'], inputs['desiredCapacity']);
    assert.ok(Number(inputs['maxSize']) <= 200);
    const policy = inputs['mixedInstancesPolicy'] as {
      instancesDistribution: Record<string, unknown>;
      launchTemplate: { overrides: object[] };
    };
    assert.equal(policy.instancesDistribution['spotAllocationStrategy'], 'price-capacity-optimized');
    assert.equal(policy.instancesDistribution['onDemandBaseCapacity'], 0);
    assert.ok(Number(policy.instancesDistribution['spotMaxPrice']) > 0);
    assert.ok(policy.launchTemplate.overrides.length >= 6);
    assert.equal(inputs['waitForCapacityTimeout'], '0');
    assert.equal(inputs['capacityRebalance'], false);
  }
});

test('one wrong input of every type of resource is refused: unknown, and missing where one is required', (context) => {
  const seen = new Map<string, Registered>();
  for (const { first } of built.values())
    for (const one of first.resources) if (one.isCustom) seen.set(one.type, one);
  let withRequired = 0;
  for (const [type, { inputs }] of seen) {
    const [name = ''] = type.split(':');
    if (name === 'kubernetes') continue;
    if (name === 'pulumi' || /:IAM\w+$/.test(type)) continue;
    const types = new DeclaredTypes(name);
    assert.equal(types.check(type, { ...inputs, planted: 1 }).length, 1, type);
    const required = [...(types.inputs(type) ?? [])].find(([, field]) => field.isRequired)?.[0];
    if (required === undefined) continue;
    withRequired += 1;
    const { [required]: _gone, ...rest } = inputs;
    assert.equal(types.check(type, rest).length, 1, `${type} without ${required}`);
  }
  context.diagnostic(`${seen.size} types of resources, ${withRequired} with required inputs`);
});

test('the real entry point under the official program host; a quota that is too small stops it before the first resource', async (context) => {
  const request = { stack: '10k-nodes', config: onCloud('10k-nodes', 'aws') };
  const went = await new Engine().host(request);
  assert.deepEqual({ exitCode: went.exitCode, errors: went.errors }, { exitCode: 0, errors: [] });
  assert.equal((went.outputs['network'] as Record<string, unknown>)['platform'], 'aws');
  const cpu = went.cpuMs === null ? 'unknown' : `${(went.cpuMs / 1_000).toFixed(1)} s CPU`;
  context.diagnostic(
    `10k-nodes under the program host: ${went.resources.length} resources, ${cpu}, ${(went.wallMs / 1_000).toFixed(1)} s in all`,
  );

  const stopped = await new Engine().host({ ...request, quota: 5 });
  assert.notEqual(stopped.exitCode, 0);
  assert.equal(stopped.errors.length, 1);
  assert.match(
    stopped.errors.join(' '),
    /^stacks\/Pulumi\.10k-nodes\.yaml: the account is not allowed .*needs 5336, has 5/,
  );
  const made = stopped.resources.filter((one) => one.isCustom).map((one) => one.type);
  assert.deepEqual(made, ['pulumi:providers:aws']);
});

test('what the program loads late is loaded when it is touched', () => {
  const code = `
    const pulumi = require('@pulumi/pulumi');
    const loaded = () => Object.keys(require.cache).filter((file) => /npmcli.arborist|typescript.lib/.test(file)).length;
    const before = loaded();
    pulumi.runtime.serializeFunction(() => 1).then(({ text }) => console.log(JSON.stringify({ before, after: loaded(), text })));`;
  const words = ['--import', './infra/quick-start.mjs', '--no-warnings', '--input-type=commonjs', '-e', code];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: repository, encoding: 'utf8' });
  assert.equal(stderr, '');
  const said: unknown = JSON.parse(stdout);
  assert.partialDeepStrictEqual(said, { before: 0 });
  assert.match(stdout, /"after":[1-9]/);
  assert.match(stdout, /return 1|=> 1/);
});
