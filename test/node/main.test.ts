/**
 * The program of a node process, started as it is in earnest: options, a network of packed real nodes that finalises a client's
 * transactions, its metrics and admin API, signals and exit codes.
 */
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Assignment, MemberRecord } from '#node/agent-protocol.ts';
import { type NodeProcess, ProcessNest } from '#test/node/host/agent/four-nodes.ts';
import { assignmentFor } from '#test/node/host/agent/sample-messages.ts';
import { conductorToken, TestConductor } from '#test/node/host/agent/test-conductor.ts';

const nest = new ProcessNest();
const conductor = new TestConductor();
after(async () => {
  await nest.destroy();
  await conductor.close();
});

const deadlineMs = 60_000;

async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  nodes: readonly NodeProcess[] = [],
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    const story = nodes.map(({ name, output }) => `\n--- ${name}\n${output().slice(-3_000)}`).join('');
    assert.ok(
      performance.now() < deadline,
      `not in time: ${what}; ${conductor.phases.slice(-6).join(', ')}${story}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everybody who said hello, in the order of names. */
function assignmentsFor(names: readonly string[]): Assignment[] {
  const hellos = names.map((name) => conductor.hellos.find(({ agent }) => agent === name)!);
  const members: MemberRecord[] = hellos
    .flatMap(({ nodes }) => nodes)
    .map(({ publicKey, peerId, addresses }, number) => ({ number, publicKey, peerId, addresses }));
  let number = 0;
  return hellos.map(({ nodes }) => {
    const own = nodes.map(({ index }) => ({ index, number: number++, attack: 'none' as const }));
    return { ...assignmentFor(members.length, [0]), members, own };
  });
}

async function ask(
  node: NodeProcess,
  method: string,
  url: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${nest.adminUrl(node)}${url}`, {
    method,
    headers: {
      authorization: `Bearer ${nest.adminToken(node)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

test('--help explains, a wrong configuration ends with 20 and says where', async () => {
  const help = nest.start('help', ['--help'], {});
  assert.equal(await help.ended, 0);
  assert.match(help.output(), /Examples:/);
  const wrong = nest.start('wrong', ['--nodes-per-proces', '4'], { BFT_NODE_DATA: 'x' });
  assert.equal(await wrong.ended, 20);
  assert.match(wrong.output(), /did you mean "--nodes-per-process"/);
  assert.match(wrong.output(), /conductor: is missing|conductor.url: is missing/);
});

test('load-only fills the caches for those who start next, needs no configuration and leaves no node behind', async () => {
  const loaded = nest.start('loaded', ['load-only'], {});
  assert.equal(await loaded.ended, 0);
  assert.equal(loaded.output(), '');
  assert.ok(!existsSync(loaded.folder));
});

test('two processes of two nodes form a network, finalise a client, show metrics, and stop on a signal', async () => {
  await conductor.listen();
  const nodes = ['p0', 'p1'].map((name) => nest.node(name, conductor.url, conductorToken, 2));
  await until(() => new Set(conductor.hellos.map(({ agent }) => agent)).size === 2, 'hello', nodes);
  const [first, second] = nodes as [NodeProcess, NodeProcess];
  assert.equal((await fetch(`${nest.adminUrl(first)}/readyz`)).status, 503);
  const assignments = assignmentsFor(['p0', 'p1']);
  // One server, two agents: each takes its own and refuses the other's.
  conductor.orderEach((agent) => assignments[agent === 'p0' ? 0 : 1]!);
  await until(() => conductor.phases.filter((phase) => phase === 'assigned').length === 2, 'assigned', nodes);
  conductor.order({ kind: 'connect' });
  await until(() => conductor.phases.filter((phase) => phase === 'ready').length === 2, 'ready', nodes);
  await until(async () => (await fetch(`${nest.adminUrl(first)}/readyz`)).status === 200, 'readiness', nodes);

  const payload = Buffer.from('a transaction').toString('base64');
  const submitted = await ask(first, 'POST', '/v1/nodes/1/transactions', {
    transactions: [{ payload, inputs: [7] }],
  });
  assert.equal(submitted.status, 202, submitted.text);
  const { receipt } = JSON.parse(submitted.text) as { receipt: string };
  const finality = { vertex: '', status: '' };
  await until(
    async () => {
      Object.assign(finality, JSON.parse((await ask(first, 'GET', `/v1/nodes/1/receipts/${receipt}`)).text));
      return finality.status === 'finalised';
    },
    'finality at the node that took it',
    nodes,
  );
  await until(
    async () => {
      const answer = await ask(second, 'GET', `/v1/nodes/3/vertices/${finality.vertex}`);
      return answer.text.includes('"finalised"');
    },
    'finality at another process',
    nodes,
  );
  const page = (await ask(first, 'GET', '/metrics')).text;
  assert.match(page, /^finalized_vertices\{node="1"\} [1-9]/m);
  assert.match(page, /^network_bytes_sent\{node="0"\} [1-9]/m);
  assert.equal((await fetch(`${nest.adminUrl(first)}/metrics`)).status, 401);
  assert.equal(statSync(path.join(first.folder, 'admin-token')).mode & 0o777, 0o600);

  for (const { child } of nodes) child.kill('SIGTERM');
  assert.deepEqual(await Promise.all(nodes.map(({ ended }) => ended)), [0, 0], first.output().slice(-2_000));
  for (const node of nodes) {
    assert.ok(
      !node.output().includes(conductorToken) && !node.output().includes(nest.adminToken(node)),
      'a token in the log',
    );
  }
  const decided = conductor.pushes.filter(({ body }) => body.kind === 'decisions');
  assert.ok(decided.length > 0);
});

test('a wrong token for the conductor ends the process with 30', async () => {
  const node = nest.node('stranger', conductor.url, 'another-token-0123456', 1);
  assert.equal(await node.ended, 30, node.output());
});

test('a data folder that cannot be used is told', async () => {
  const node = nest.node('nowhere', conductor.url, conductorToken, 1, { BFT_NODE_DATA: '/dev/null/x' });
  const code = await node.ended;
  assert.equal(code, 30);
  assert.match(node.output(), /\/dev\/null/);
});
