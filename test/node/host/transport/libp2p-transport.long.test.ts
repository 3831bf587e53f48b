/**
 * Many members that die and restart, and pools smaller than the network.
 * Owns: the long scenarios. Does not own: single mechanisms (libp2p-transport.test.ts, peer-pool.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenNode, stopAll, until, wholeNet } from '#test/support/transport-fixture.ts';

const pool = { backoffLeastUs: 50_000, backoffMostUs: 1_000_000 };

test('16 nodes: a third of them dies and restarts, again and again; announcements reach everybody afterwards', async () => {
  const { nodes, members } = await wholeNet(16, { pool });
  try {
    for (let round = 0; round < 3; round++) {
      const victims = nodes.flatMap((_, i) => (i % 3 === round ? [i] : []));
      await Promise.all(victims.map((i) => nodes[i]!.transport.crash()));
      for (const i of victims) {
        nodes[i] = await listenNode({ pool, listen: members[i]!.addresses }, nodes[i]!.identity);
        await nodes[i].transport.start(members, nodes[i].heard.handler);
      }
      await until('every frame of a whole round arrives', () => {
        for (const { transport } of nodes)
          for (let to = 0; to < 16; to++) transport.send(to, Buffer.from('x'));
        return nodes.every(({ heard }) => heard.connected.size === 15);
      });
      await until('gossip', () => nodes.every(({ transport }) => transport.gossipPeers === 15));
      const text = `round ${round}`;
      nodes[victims[0]!]!.transport.announce(Buffer.from(text));
      await until('announcements', () =>
        nodes.every(
          ({ heard }, i) =>
            i === victims[0] || heard.announcements.some((bytes) => Buffer.from(bytes).toString() === text),
        ),
      );
    }
    assert.ok(nodes.every(({ heard }) => heard.events.every((event) => !event.startsWith('!'))));
  } finally {
    await stopAll(nodes);
  }
});

test('a pool smaller than the network serves it: members take turns, nobody is lost', async () => {
  const small = { ...pool, least: 2, most: 4, mostDials: 4 };
  const nodes = await Promise.all(Array.from({ length: 12 }, () => listenNode({ pool: small })));
  const members = nodes.map(({ identity, transport }, number) => ({
    number,
    publicKey: identity.publicKey,
    peerId: transport.peerId,
    addresses: transport.addresses,
  }));
  try {
    for (const { transport, heard } of nodes) await transport.start(members, heard.handler);
    const [first, ...rest] = nodes;
    for (let to = 1; to < 12; to++) {
      await until(`a frame reaches ${to}`, () => {
        first!.transport.send(to, Buffer.from('turn'));
        return nodes[to]!.heard.frames.some(({ from }) => from === 0);
      });
      assert.ok(first!.transport.figures.connections <= 5, 'one more than most while one makes room');
    }
    assert.ok(rest.every(({ heard }) => heard.frames.length > 0));
    assert.ok(
      first!.transport.figures.pool.evictions +
        rest.reduce((n, { transport }) => n + transport.figures.pool.evictions, 0) >
        0,
    );
  } finally {
    await stopAll(nodes);
  }
});
