/**
 * A member that moved is found through the network.
 * Owns: the one scenario. Does not own: dialling known addresses (libp2p-transport.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdentity } from '#node/host/identity.ts';
import { listenNode, memberOf, type NodeOptions, stopAll, until } from '#test/support/transport-fixture.ts';

const options: NodeOptions = {
  hasDiscovery: true,
  pool: { backoffLeastUs: 100_000, backoffMostUs: 500_000 },
};

const nowhere = '/ip4/127.0.0.1/tcp/1';

test('a member that moved to another address is found through the others', async () => {
  const identity = createIdentity();
  const nodes = await Promise.all(Array.from({ length: 4 }, () => listenNode(options)));
  const moving = await listenNode(options, identity);
  nodes.push(moving);
  const members = nodes.map(memberOf);
  try {
    for (const { transport, heard } of nodes) await transport.start(members, heard.handler);
    await Promise.all(nodes.map(({ transport }) => transport.warm()));
    await until('sessions', () => nodes.every(({ heard }) => heard.connected.size === 4));
    await moving.transport.crash();
    // Its old address is dead for good. It knows where member 0 is, and nobody else; nobody knows where it is.
    const moved = await listenNode(options, identity);
    nodes[4] = moved;
    assert.notDeepEqual(moved.transport.addresses, members[4]!.addresses);
    const known = members.map((member) =>
      member.number === 0 ? member : { ...member, addresses: [nowhere] },
    );
    await moved.transport.start(known, moved.heard.handler);
    await until('everybody reaches it', () => {
      moved.transport.send(0, Buffer.from('here I am'));
      for (const { transport } of nodes.slice(1, 4)) transport.send(4, Buffer.from('found'));
      return new Set(moved.heard.frames.map(({ from }) => from)).size >= 3;
    });
  } finally {
    await stopAll(nodes);
  }
});
