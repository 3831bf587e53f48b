/**
 * Real nodes in one process, each with its own keys, sockets and disk: they finalise, and bear what the fault orders do to them -
 * a crash with and without its disk, a full disk, a partition, latency, skew, an attack - and report what was seen.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Assignment } from '#node/agent-protocol.ts';
import type { NodeEvent } from '#node/agent-push.ts';
import type { NodeCondition } from '#node/host/agent/fault-board.ts';
import type { DecidedAs, HostedNode, NodeListener } from '#node/host/agent/hosted-node.ts';
import { NodeWorkshop } from '#node/host/agent/node-workshop.ts';
import { monotonicClock as clock } from '#node/host/clock.ts';
import { createLog } from '#node/host/log.ts';
import { assignmentFor } from '#test/node/host/agent/sample-messages.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'node-carried-'));
const log = createLog({ level: 'error', name: 'test', secrets: [] });
const calm: NodeCondition = {
  groupOf: null,
  addLatencyUs: 0,
  loss: 0,
  skewPpm: 0,
  disk: 'sound',
  attack: null,
  down: 'up',
  untilUs: 0,
};

/** What the nodes told: decisions by node and vertex, events. */
class Heard implements NodeListener {
  readonly decided = this.#record();
  readonly decisions = new Map<number, Map<string, DecidedAs>>();
  readonly carriedBy = new Map<number, string>();
  readonly events: string[] = [];
  recovered = 0;

  #record(): NodeListener['decided'] {
    return (node, vertex, as, _rounds, _confidence, _atUs, isRecovered) => {
      const mine = this.decisions.get(node) ?? new Map<string, DecidedAs>();
      this.decisions.set(node, mine);
      if (isRecovered) this.recovered += 1;
      assert.ok([undefined, as].includes(mine.get(vertex.id)), `node ${node} decided ${vertex.id} twice`);
      mine.set(vertex.id, as);
    };
  }

  vertex(_node: number, vertex: { readonly id: string }, items: readonly number[]): void {
    for (const item of items) this.carriedBy.set(item, vertex.id);
  }

  convicted(): void {}

  event({ node, event }: Omit<NodeEvent, 'kind'>): void {
    this.events.push(`${node} ${event}`);
  }

  /** Nodes that finalised the vertex which carries the item. */
  finalisedBy(item: number): number[] {
    const id = this.carriedBy.get(item) ?? '';
    return [...this.decisions]
      .filter(([, mine]) => mine.get(id) === 'finalised')
      .map(([node]) => node)
      .sort();
  }
}

async function until(holds: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const heard = new Heard();
const workshop = await NodeWorkshop.open({
  dataFolder: folder,
  nodes: 4,
  listen: { host: '127.0.0.1', port: 0, advertise: '127.0.0.1', transport: 'tcp' },
  networkSecret: 'a secret of the test',
  identitySeed: null,
  isCampaign: true,
  clock,
  log,
});
const members = workshop.offers.map(({ publicKey, peerId, addresses }, number) => ({
  number,
  publicKey,
  peerId,
  addresses,
}));
const assignment: Assignment = { ...assignmentFor(4, [0, 1, 2, 3]), members };
const nodes: HostedNode[] = [];
for (const own of assignment.own) nodes.push(await workshop.create(assignment, own, heard));
await Promise.all(nodes.map((node) => node.start()));
after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await workshop.close();
  rmSync(folder, { recursive: true, force: true });
});

let items = 0;
/** As a client does: what an overloaded node refuses is submitted again. */
async function submit(node: number): Promise<number> {
  const item = items++;
  const transactions = [{ inputs: [], payload: Buffer.from(`item ${item}`) }];
  const isTaken = (): boolean =>
    nodes[node]!.submit({ item, transactions, dueUs: clock.nowUs() }).kind === 'accepted';
  await until(isTaken, () => `node ${node} takes item ${item}`);
  return item;
}

async function finalisedAt(item: number, by: readonly number[]): Promise<void> {
  const missing = (): number[] => by.filter((node) => !heard.finalisedBy(item).includes(node));
  await until(
    () => missing().length === 0,
    () => `item ${item} at nodes ${missing()}; ${heard.events.slice(-8)}`,
  );
}

const all = [0, 1, 2, 3];

test('four real nodes finalise, and count what they did', async () => {
  const wanted = await Promise.all(all.map((node) => submit(node)));
  for (const item of wanted) await finalisedAt(item, all);
  for (const node of nodes) {
    node.refresh();
    const { counters, gauges } = node.measurements;
    assert.ok(
      counters.finalised >= 4 && counters.polls > 0 && counters.bytesSent > 1_000,
      JSON.stringify(counters),
    );
    assert.ok(counters.signaturesVerified >= 3 && counters.storeBatches > 0);
    assert.equal(gauges.connections, 3);
    assert.equal(node.peers().length, 3);
  }
  const probed = new Set<number>();
  await until(
    () => {
      for (const node of nodes)
        for (const { node: from, answered } of node.takeProbes()) if (answered > 0) probed.add(from);
      return probed.size === 4;
    },
    () => `answered probes of every node: ${[...probed]}`,
  );
  const id = heard.carriedBy.get(wanted[0]!)!;
  assert.equal((await nodes[3]!.finalityOfVertex(id)).status, 'finalised');
});

test('a crashed node comes back with its disk: what it had decided it has still decided', async () => {
  const before = await submit(1);
  await finalisedAt(before, all);
  nodes[2]!.apply({ ...calm, down: 'kept', untilUs: clock.nowUs() + 1_000_000 });
  assert.equal(nodes[2]!.isUp, false);
  assert.equal(nodes[2]!.submit({ item: null, transactions: [], dueUs: 0 }).kind, 'down');
  const meanwhile = await submit(0);
  await finalisedAt(meanwhile, [0, 1, 3]);
  const recovered = heard.recovered;
  nodes[2]!.apply(calm);
  await until(
    () => heard.events.includes('2 restarted'),
    () => 'the restart',
  );
  assert.ok(heard.recovered > recovered, 'decisions were read back');
  assert.equal(nodes[2]!.life, 1);
  assert.deepEqual(nodes[2]!.effects('down'), { count: 1, what: 'crashes' });
  const later = await submit(2);
  await finalisedAt(later, all);
});

test('a full disk stops the node from voting and from taking load; the repaired disk brings it back', async () => {
  const node = nodes[3]!;
  node.apply({ ...calm, disk: 'full', untilUs: clock.nowUs() + 10_000_000 });
  const item = await submit(0);
  await finalisedAt(item, [0, 1, 2]);
  await until(
    () => node.effects('disk-full').count > 0,
    () => 'a refused write',
  );
  await until(
    () => node.submit({ item: null, transactions: [], dueUs: clock.nowUs() }).kind === 'down',
    () => 'the refusal of load',
  );
  assert.ok(!heard.finalisedBy(item).includes(3), 'nothing counts as decided that is not on the disk');
  node.apply(calm);
  await until(
    () => heard.events.includes('3 restarted'),
    () => 'the restart',
  );
  await finalisedAt(await submit(3), all);
});

test('a cut-off node hears nobody while the partition holds, and messages were seen to be cut', async () => {
  const untilUs = clock.nowUs() + 600_000_000;
  for (const node of nodes) node.apply({ ...calm, groupOf: [0, 0, 0, 1], untilUs });
  const item = await submit(0);
  await finalisedAt(item, [0, 1, 2]);
  assert.ok(!heard.finalisedBy(item).includes(3));
  await until(
    () => nodes[0]!.effects('partition').count > 0,
    () => 'a cut message',
  );
  for (const node of nodes) node.apply(calm);
  await finalisedAt(await submit(1), all);
});

test('latency, loss, skew and an attack are done and counted', async () => {
  const untilUs = clock.nowUs() + 600_000_000;
  const all4: Partial<NodeCondition> = { addLatencyUs: 2_000, loss: 0.2, skewPpm: 200_000, untilUs };
  nodes[1]!.apply({ ...calm, ...all4, attack: 'random' });
  assert.equal(nodes[1]!.attack, 'random');
  await finalisedAt(await submit(0), [0, 2, 3]);
  for (const kind of ['latency', 'loss', 'clock-skew', 'attack'] as const) {
    await until(
      () => {
        if (nodes[1]!.effects(kind).count > 0) return true;
        nodes[2]!.submit({
          item: items++,
          transactions: [{ inputs: [], payload: Buffer.of(1) }],
          dueUs: clock.nowUs(),
        });
        return false;
      },
      () => `an effect of ${kind}`,
    );
  }
  nodes[1]!.apply(calm);
  assert.equal(nodes[1]!.attack, 'none');
});

test('a node that lost its disk starts with nothing but its identity', async () => {
  nodes[0]!.apply({ ...calm, down: 'lost', untilUs: clock.nowUs() + 1_000_000 });
  const stores = path.join(folder, 'node-0', 'store');
  await until(
    () => readdirSync(stores).length === 0,
    () => 'the loss',
  );
  nodes[0]!.apply(calm);
  await until(
    () => heard.events.includes('0 restarted'),
    () => 'the restart',
  );
  assert.ok(readdirSync(path.join(folder, 'node-0')).includes('identity.json'));
  await finalisedAt(await submit(1), [1, 2, 3]);
});
