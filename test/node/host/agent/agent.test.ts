/**
 * The agent against a real WebSocket conductor: assignment and phases, load, pushes that survive cut connections, faults that lift
 * themselves without a conductor, a bounded life as an orphan, and a conductor that sends nonsense.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { FaultOrder, Push } from '#node/agent-protocol.ts';
import type { PushBody } from '#node/agent-push.ts';
import { Agent, type AgentEnd } from '#node/host/agent/agent.ts';
import { readHostLimits } from '#node/host/agent/host-limits.ts';
import { monotonicClock as clock } from '#node/host/clock.ts';
import { createLog } from '#node/host/log.ts';
import { ProcessMeter } from '#node/host/metrics/process-meter.ts';
import { assignmentFor } from '#test/node/host/agent/sample-messages.ts';
import { ScriptedFactory, type ScriptedNode } from '#test/node/host/agent/scripted-node.ts';
import { conductorToken, TestConductor } from '#test/node/host/agent/test-conductor.ts';

const meter = new ProcessMeter();
const log = createLog({ level: 'silent', name: 'test', secrets: [] });
after(() => meter.close());

/** Generous: it only matters when something is broken. */
const deadlineMs = 20_000;

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

interface Options {
  readonly nodes?: number;
  readonly token?: string;
  readonly isCampaign?: boolean;
  readonly bufferBytesMost?: number;
}

async function setUp(options: Options = {}) {
  const { nodes = 2, token = conductorToken, isCampaign = true, bufferBytesMost = 10_000_000 } = options;
  const conductor = await new TestConductor().listen();
  const factory = new ScriptedFactory(nodes);
  const ends: AgentEnd[] = [];
  const agent = new Agent({
    name: 'p00',
    conductor: { url: conductor.url, token },
    isCampaign,
    factory,
    clock,
    meter,
    limits: readHostLimits(),
    log,
    bufferBytesMost,
    onEnd: (end) => ends.push(end),
  });
  after(async () => {
    await conductor.close();
    await agent.stop('the test is over');
  });
  agent.start();
  return { conductor, factory, ends, agent };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

async function makeReady(
  { conductor, factory }: Setting,
  assignment = assignmentFor(4, [0, 1]),
): Promise<readonly ScriptedNode[]> {
  await until(() => conductor.phases.includes('idle'), 'hello');
  conductor.order(assignment);
  await until(() => conductor.phases.includes('assigned'), 'assigned');
  conductor.order({ kind: 'connect' });
  await until(() => conductor.phases.includes('ready'), 'ready');
  return factory.made;
}

function bodies<Kind extends PushBody['kind']>(
  pushes: readonly Push[],
  kind: Kind,
): Extract<PushBody, { kind: Kind }>[] {
  return pushes
    .map(({ body }) => body)
    .filter((body): body is Extract<PushBody, { kind: Kind }> => body.kind === kind);
}

function decidedCount(conductor: TestConductor): number {
  return bodies(conductor.pushes, 'decisions').reduce((sum, { node }) => sum + node.length, 0);
}

test('an agent says who it is, takes its assignment, connects, reports, collects and stops', async () => {
  const setting = await setUp();
  const { conductor, ends } = setting;
  const nodes = await makeReady(setting);
  assert.deepEqual(conductor.phases, ['idle', 'assigned', 'connecting', 'ready']);
  assert.equal(conductor.hellos[0]?.nodes.length, 2);
  assert.equal(conductor.hellos[0]?.host.pid, process.pid);
  assert.ok(nodes.every(({ isUp }) => isUp));
  for (let at = 0; at < 10; at += 1) nodes[at % 2]!.decide(clock.nowUs());
  conductor.order({ kind: 'collect' });
  await until(() => conductor.phases.includes('collected'), 'collected');
  assert.equal(decidedCount(conductor), 10, 'collected means that everything has arrived');
  const last = bodies(conductor.pushes, 'progress').at(-1);
  assert.deepEqual(
    last?.nodes.map(({ node, isUp, connections, counters }) => [node, isUp, connections, counters.finalised]),
    [
      [0, true, 3, 5],
      [1, true, 3, 5],
    ],
  );
  const observations = bodies(conductor.pushes, 'progress').flatMap(({ nodes: records }) =>
    records.flatMap(({ latency }) => latency),
  );
  assert.equal(
    observations.reduce((sum, [, count]) => sum + count, 0),
    10,
  );
  conductor.order({ kind: 'stop', exit: true });
  await until(() => ends.length > 0, 'the end');
  assert.deepEqual(ends, [{ kind: 'stopped' }]);
  assert.ok(conductor.phases.includes('stopped') && conductor.byes.length === 1);
  assert.ok(nodes.every(({ stops }) => stops === 1));
});

test('the clock estimate is that of one machine', async () => {
  const setting = await setUp();
  const nodes = await makeReady(setting);
  await until(() => (setting.conductor.pushes.at(-1)?.clock.samples ?? 0) >= 8, 'clock samples');
  nodes[0]!.decide(clock.nowUs());
  await until(() => decidedCount(setting.conductor) > 0, 'a decision');
  const { offsetUs, errorUs } = setting.conductor.pushes.at(-1)!.clock;
  assert.ok(Math.abs(offsetUs) <= errorUs + 1_000, `${offsetUs} us, give or take ${errorUs}`);
});

test('load is submitted at its node with its content, and what nobody can take is handed back', async () => {
  const setting = await setUp();
  const [first, second] = await makeReady(setting);
  second!.answer = { kind: 'queue-full' };
  const dueUs = clock.nowUs() + 30_000;
  setting.conductor.order({
    kind: 'load',
    item: [1, 2, 3],
    node: [0, 1, 9],
    dueUs: [dueUs, dueUs, dueUs],
    conflictKey: [77, 0, 0],
  });
  await until(() => bodies(setting.conductor.pushes, 'load-refused').length >= 2, 'refusals');
  assert.deepEqual(
    first!.submissions.map(({ item, transactions }) => [item, transactions.length, transactions[0]!.inputs]),
    [[1, 2, [77]]],
  );
  const { offsetUs, errorUs } = setting.conductor.pushes.at(-1)!.clock;
  assert.ok(Math.abs(first!.submissions[0]!.dueUs - (dueUs - offsetUs)) <= 2 * errorUs + 1_000);
  const refused = bodies(setting.conductor.pushes, 'load-refused').map(
    ({ items, reason }) => `${items} ${reason}`,
  );
  assert.deepEqual(refused.sort(), ['2 queue-full', '3 no-such-node']);
});

test('no decision is lost or doubled over twenty cut connections, and each node keeps its order', async () => {
  const setting = await setUp();
  const { conductor } = setting;
  const nodes = await makeReady(setting);
  const expected: string[][] = [[], []];
  for (let round = 0; round < 20; round += 1) {
    const hellos = conductor.hellos.length;
    conductor.isDeaf = round % 3 === 0;
    for (let at = 0; at < 50; at += 1) expected[at % 2]!.push(nodes[at % 2]!.decide(clock.nowUs()));
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    conductor.cut();
    conductor.isDeaf = false;
    await until(() => conductor.hellos.length > hellos, 'a new connection');
  }
  conductor.order({ kind: 'collect' });
  await until(() => conductor.phases.includes('collected'), 'collected');
  const ids = new Map(
    bodies(conductor.pushes, 'vertices').flatMap(({ facts }) =>
      facts.map(({ vertex, id }) => [vertex, id] as const),
    ),
  );
  const found: string[][] = [[], []];
  for (const batch of bodies(conductor.pushes, 'decisions'))
    for (const [at, node] of batch.node.entries()) found[node]!.push(ids.get(batch.vertex[at]!)!);
  assert.deepEqual(found, expected);
  assert.equal(new Set(conductor.hellos.map(({ incarnation }) => incarnation)).size, 1);
});

test('a full buffer loses the newest, and says how much', async () => {
  const setting = await setUp({ bufferBytesMost: 20_000 });
  const { conductor } = setting;
  const nodes = await makeReady(setting);
  conductor.isDeaf = true;
  for (let round = 0; round < 20; round += 1) {
    for (let at = 0; at < 40; at += 1) nodes[0]!.decide(clock.nowUs());
    await until(() => setting.agent.phase === 'ready', 'the agent goes on');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  conductor.isDeaf = false;
  conductor.cut();
  await until(() => {
    nodes[0]!.decide(clock.nowUs());
    return bodies(conductor.pushes, 'overflow').length > 0;
  }, 'the account of what is missing');
  const [overflow] = bodies(conductor.pushes, 'overflow');
  assert.ok(overflow!.pushesDropped > 0 && overflow!.bytesDropped > 0);
});

test('a fault lifts itself although the conductor is gone', async () => {
  const setting = await setUp();
  const { conductor } = setting;
  const [node] = await makeReady(setting);
  const nowUs = clock.nowUs();
  const order: FaultOrder = {
    kind: 'fault',
    fault: 4,
    nodes: [0],
    fromUs: nowUs,
    untilUs: nowUs + 300_000,
    effect: { kind: 'latency', addUs: 9_000 },
  };
  conductor.order(order);
  await until(() => node!.conditions.length === 1, 'the fault');
  await conductor.close();
  await until(() => node!.conditions.length === 2, 'its end');
  assert.deepEqual(
    node!.conditions.map(({ addLatencyUs }) => addLatencyUs),
    [9_000, 0],
  );
  assert.ok(clock.nowUs() >= nowUs + 300_000 - 5_000);
  assert.ok(node!.isUp, 'the node goes on');
});

test('without a conductor the nodes go on for the agreed time, and then the process ends', async () => {
  const setting = await setUp();
  const assignment = { ...assignmentFor(4, [0, 1]), orphanUs: 1_000_000 };
  const nodes = await makeReady(setting, assignment);
  const goneUs = clock.nowUs();
  await setting.conductor.close();
  await until(() => setting.ends.length > 0, 'the end');
  assert.equal(setting.ends[0]?.kind, 'orphaned');
  assert.ok(clock.nowUs() - goneUs >= 1_000_000);
  assert.ok(
    nodes.every(({ isUp }) => isUp),
    'they run until whoever was told of the end stops them',
  );
});

test('a conductor that comes back in time finds the agent as it was', async () => {
  const setting = await setUp();
  const { conductor } = setting;
  const nodes = await makeReady(setting);
  await conductor.close();
  const id = nodes[0]!.decide(clock.nowUs());
  await conductor.listen();
  await until(
    () => bodies(conductor.pushes, 'vertices').some(({ facts }) => facts.some((fact) => fact.id === id)),
    'what happened meanwhile',
  );
  assert.equal(conductor.phases.at(-1), 'ready');
});

test('a wrong token ends the agent instead of knocking for ever', async () => {
  const { ends } = await setUp({ token: 'another-token-0123456' });
  await until(() => ends.length > 0, 'the end');
  assert.equal(ends[0]?.kind, 'rejected');
});

test('an assignment that cannot be right fails with words, and the next one may succeed', async () => {
  const setting = await setUp();
  const { conductor } = setting;
  await until(() => conductor.phases.includes('idle'), 'hello');
  const wrong = assignmentFor(4, [1, 0], 'run-wrong');
  conductor.order(wrong);
  await until(() => conductor.phases.some((phase) => phase.startsWith('failed')), 'failed');
  assert.match(conductor.phases.at(-1)!, /member 1 has another key than node 0/);
  await makeReady(setting);
});

test('an agent that was not started for a campaign takes no attack and no fault', async () => {
  const setting = await setUp({ isCampaign: false });
  const { conductor } = setting;
  await until(() => conductor.phases.includes('idle'), 'hello');
  const assignment = assignmentFor(4, [0, 1], 'run-attack');
  conductor.order({ ...assignment, own: [{ index: 0, number: 0, attack: 'random' }] });
  await until(
    () => conductor.phases.some((phase) => phase.startsWith('failed: this process was not started')),
    'failed',
  );
  const nodes = await makeReady(setting);
  const nowUs = clock.nowUs();
  conductor.order({
    kind: 'fault',
    fault: 1,
    nodes: [0],
    fromUs: nowUs,
    untilUs: nowUs + 1_000_000,
    effect: { kind: 'disk-fail' },
  });
  await until(() => bodies(conductor.pushes, 'fault').length > 0, 'the refusal');
  assert.equal(bodies(conductor.pushes, 'fault')[0]?.state, 'refused');
  assert.equal(nodes[0]!.conditions.length, 0);
});

test('a node that cannot start becomes the phase, not a crash', async () => {
  const setting = await setUp();
  const { conductor, factory } = setting;
  factory.prepare = (node) => {
    node.failsWith = 'the port is taken';
  };
  await until(() => conductor.phases.includes('idle'), 'hello');
  conductor.order(assignmentFor(4, [0, 1]));
  conductor.order({ kind: 'connect' });
  await until(() => conductor.phases.includes('failed: the port is taken'), 'failed');
});

test('nonsense from the conductor costs the connection, never the agent', async () => {
  const setting = await setUp();
  const { conductor } = setting;
  const nodes = await makeReady(setting);
  for (const text of ['{', 'null', '{"kind":"nuke"}', '{"kind":"load","item":[1]}']) {
    const hellos = conductor.hellos.length;
    conductor.sendText(text);
    await until(() => conductor.hellos.length > hellos, 'a new connection');
  }
  nodes[0]!.decide(clock.nowUs());
  await until(() => decidedCount(conductor) > 0, 'a decision');
});
