/**
 * What the transport does over real sockets, whatever is below the session: frames, announcements, deaths, refusals, conditions.
 * Owns: the scenarios, which TCP and QUIC both pass. Does not own: hostile peers (hostile-peers.test.ts), the pool on virtual time
 * (peer-pool.test.ts), what QUIC alone may get wrong (quic-transport.long.test.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransportName } from '#node/agent-fields.ts';
import { monotonicClock } from '#node/host/clock.ts';
import { createIdentity } from '#node/host/identity.ts';
import { Conditions } from '#node/host/transport/conditions.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import {
  listener,
  listenNode,
  loopback,
  memberOf,
  type Net,
  type NodeOptions,
  RudePeer,
  stopAll,
  until,
  wholeNet,
} from '#test/support/transport-fixture.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** The same tests for both; `mostFrameOverhead`: bytes on the wire beside each of 500 frames of 100 bytes sent at once. */
export function transportContract(name: TransportName, mostFrameOverhead: number): void {
  const listen = [loopback[name]];
  const withNet = async (count: number, use: (net: Net) => Promise<void>, options = {}): Promise<void> => {
    const net = await wholeNet(count, { listen, ...options });
    try {
      await use(net);
    } finally {
      await stopAll(net.nodes);
    }
  };
  describe(`transport over ${name}`, () => frameTests(withNet, mostFrameOverhead));
  describe(`refusals over ${name}`, () => {
    refusalTests(withNet);
    strangerTests(listen);
  });
  describe(`conditions over ${name}`, () => {
    separateNetworks(listen);
    linkTests(withNet, listen);
  });
}

type WithNet = (count: number, use: (net: Net) => Promise<void>, options?: NodeOptions) => Promise<void>;

function frameTests(withNet: WithNet, mostFrameOverhead: number): void {
  test('frames of all sizes reach every member unchanged and in order, announcements reach everybody once', () =>
    withNet(6, async ({ nodes }) => {
      const sizes = [1, 200, 5_000, 300_000, 4 * 1_048_576];
      for (const size of sizes)
        assert.equal(nodes[0]!.transport.send(5, new Uint8Array(size).fill(size % 251)), 'sent');
      for (const [i, { transport }] of nodes.entries())
        for (let to = 0; to < 6; to++) if (to !== i && i !== 0) transport.send(to, bytesOf(`${i} to ${to}`));
      await until('frames', () => nodes[5]!.heard.frames.length === 9);
      const large = nodes[5]!.heard.frames.filter(({ from }) => from === 0).map(({ bytes }) => bytes);
      assert.deepEqual(
        large.map(({ length }) => length),
        sizes,
      );
      for (const bytes of large) assert.ok(bytes.every((byte) => byte === bytes.length % 251));
      for (const [i, { heard }] of nodes.entries()) {
        const small = heard.frames.filter(({ from }) => from !== 0).map(({ bytes }) => textOf(bytes));
        assert.deepEqual(
          small.toSorted(),
          [1, 2, 3, 4, 5].filter((from) => from !== i).map((from) => `${from} to ${i}`),
        );
      }
      for (const [i, { transport }] of nodes.entries())
        for (let j = 0; j < 5; j++) transport.announce(bytesOf(`${i}/${j}`));
      await until('announcements', () => nodes.every(({ heard }) => heard.announcements.length >= 25));
      for (const [i, { heard }] of nodes.entries()) {
        const texts = heard.announcements.map(textOf);
        assert.equal(new Set(texts).size, 25);
        assert.ok(texts.every((text) => !text.startsWith(`${i}/`)));
      }
      assert.ok(nodes.every(({ heard }) => heard.events.every((event) => event.startsWith('+'))));
    }));

  test('what is sent in one tick leaves in one write, over a session that is reused', () =>
    withNet(2, async ({ nodes }) => {
      const [a, b] = nodes;
      const before = a!.transport.figures;
      for (let i = 0; i < 500; i++) a!.transport.send(1, new Uint8Array(100));
      await until('frames', () => b!.heard.frames.length === 500);
      const { bytesSent, reused, dials, framesSent } = a!.transport.figures;
      // One record a frame would cost 35 bytes each.
      const overhead = (bytesSent - before.bytesSent) / 500 - 100;
      assert.ok(overhead < mostFrameOverhead, `${overhead} bytes`);
      assert.equal(framesSent, 500);
      assert.equal(reused, 500);
      assert.ok(dials <= 1);
    }));

  test('refuses to send what is too large, and to whom there is no way', () =>
    withNet(2, async ({ nodes }) => {
      const { transport } = nodes[0]!;
      assert.throws(() => transport.send(1, new Uint8Array(4 * 1_048_576 + 1)), RangeError);
      assert.throws(() => transport.send(1, new Uint8Array(0)), RangeError);
      assert.equal(transport.send(9, bytesOf('x')), 'unreachable');
      assert.equal(transport.send(0, bytesOf('x')), 'unreachable');
      transport.announce(new Uint8Array(65_537));
      assert.equal(transport.figures.framesRefused, 3);
    }));
}

function refusalTests(withNet: WithNet): void {
  test('a node that dies is missed at once, refused while away, and back after it restarts at its address', () =>
    withNet(
      4,
      async ({ nodes, members }) => {
        const dead = nodes[3]!;
        await dead.transport.crash();
        const rest = nodes.slice(0, 3);
        await until('noticed', () => rest.every(({ heard }) => !heard.connected.has(3)));
        await until('unreachable', () => nodes[0]!.transport.send(3, bytesOf('x')) === 'unreachable');
        const again = await listenNode({ listen: members[3]!.addresses }, dead.identity);
        nodes[3] = again;
        await again.transport.start(members, again.heard.handler);
        await until('reconnected', () => {
          for (const { transport } of rest) transport.send(3, bytesOf('back'));
          return new Set(again.heard.frames.map(({ from }) => from)).size === 3;
        });
        again.transport.announce(bytesOf('I am back'));
        await until('gossip', () =>
          rest.every(({ heard }) => heard.announcements.map(textOf).includes('I am back')),
        );
      },
      { pool: { backoffLeastUs: 50_000, backoffMostUs: 400_000 } },
    ));

  test('a member that was cut off is refused in both directions, and let in again after its time', () =>
    withNet(
      3,
      async ({ nodes }) => {
        const [a, b, c] = nodes;
        a!.transport.cutOff(1, 'breaks promises');
        await until('session gone', () => !b!.heard.connected.has(0));
        assert.equal(a!.transport.send(1, bytesOf('x')), 'unreachable');
        await until('refused', () => b!.transport.send(0, bytesOf('x')) === 'unreachable');
        assert.equal(a!.heard.connected.has(1), false);
        assert.equal(c!.transport.send(1, bytesOf('others are served')), 'sent');
        await until('let in', () => {
          b!.transport.send(0, bytesOf('again'));
          return a!.heard.frames.some(({ bytes }) => textOf(bytes) === 'again');
        });
      },
      { limits: { cutOffUs: 1_500_000 }, pool: { backoffLeastUs: 50_000, backoffMostUs: 200_000 } },
    ));
}

function strangerTests(listen: readonly string[]): void {
  test('strangers, members with a foreign signature key, and nodes of other networks are refused', async () => {
    const nodes = [await listenNode({ listen }), await listenNode({ listen })];
    const stranger = await RudePeer.listen({ listen });
    const thief = await RudePeer.listen({ listen });
    const elsewhere = await RudePeer.listen({ listen, network: 'other' });
    try {
      const forged = { ...thief.member(2), publicKey: createIdentity().publicKey };
      const members = [...nodes.map(memberOf), forged, elsewhere.member(3)];
      for (const { transport, heard } of nodes) await transport.start(members, heard.handler);
      for (const peer of [stranger, thief, elsewhere]) await assert.rejects(peer.dial(members[0]!));
      assert.ok(nodes[0]!.transport.figures.handshakesRefused >= 3);
      assert.deepEqual(
        [...nodes[0]!.heard.connected].filter((member) => member !== 1),
        [],
      );
    } finally {
      await stopAll(nodes);
      await Promise.all([stranger, thief, elsewhere].map((peer) => peer.stop()));
    }
  });
}

function separateNetworks(listen: readonly string[]): void {
  test('several transports of one process share nothing: two networks of the same members do not hear each other', async () => {
    const one = await wholeNet(3, { listen });
    const two = await wholeNet(3, { listen, network: 'another' });
    try {
      one.nodes[0]!.transport.announce(bytesOf('one'));
      two.nodes[0]!.transport.announce(bytesOf('two'));
      one.nodes[0]!.transport.send(1, bytesOf('one'));
      await until('announcements', () =>
        [one, two].every(({ nodes }) =>
          nodes.slice(1).every(({ heard }) => heard.announcements.length === 1),
        ),
      );
      assert.deepEqual(two.nodes[1]!.heard.frames, []);
      assert.deepEqual(two.nodes[1]!.heard.announcements.map(textOf), ['two']);
    } finally {
      await stopAll([...one.nodes, ...two.nodes]);
    }
  });
}

function linkTests(withNet: WithNet, listen: readonly string[]): void {
  test('conditions hold on real links: delayed frames, and a partition that frames and announcements respect', () =>
    withNet(4, async ({ nodes }) => {
      const profile = networkProfiles.find(({ name }) => name === 'lan')!;
      const clock = monotonicClock;
      const all = nodes.map(({ transport }, self) => {
        const conditions = new Conditions({
          self,
          seed: 1,
          profile: { ...profile, oneWayUs: [40_000, 60_000], loss: 0 },
          clock,
          isShaped: true,
          isTimerCoarse: true,
        });
        transport.shape(conditions);
        return conditions;
      });
      const sentUs = clock.nowUs();
      nodes[0]!.transport.send(1, bytesOf('x'));
      await until('frame', () => nodes[1]!.heard.frames.length === 1);
      assert.ok(clock.nowUs() - sentUs >= 39_000);
      for (const conditions of all) conditions.partition([0, 0, 1, 1], Number.POSITIVE_INFINITY);
      nodes[0]!.transport.send(2, bytesOf('cut'));
      nodes[2]!.transport.send(0, bytesOf('cut'));
      nodes[0]!.transport.announce(bytesOf('side 0'));
      nodes[2]!.transport.announce(bytesOf('side 1'));
      await until('own side', () => [1, 3].every((i) => nodes[i]!.heard.announcements.length === 1));
      assert.deepEqual(nodes[3]!.heard.announcements.map(textOf), ['side 1']);
      assert.ok(all[0]!.figures.cut > 0 && all[2]!.figures.cut > 0);
      for (const conditions of all) conditions.partition(null, 0);
      nodes[0]!.transport.send(2, bytesOf('healed'));
      await until('healed', () => nodes[2]!.heard.frames.length === 1);
      assert.equal(textOf(nodes[2]!.heard.frames[0]!.bytes), 'healed');
    }));

  test('a handler that answers within the call is fine', async () => {
    const nodes = [await listenNode({ listen }), await listenNode({ listen })];
    const members = nodes.map(memberOf);
    const [a, b] = nodes;
    const echo = listener((from, bytes) => b!.transport.send(from, bytes));
    await a!.transport.start(members, a!.heard.handler);
    await b!.transport.start(members, echo.handler);
    for (let i = 0; i < 100; i++) a!.transport.send(1, bytesOf(`${i}`));
    await until('echoes', () => a!.heard.frames.length === 100);
    assert.deepEqual(
      a!.heard.frames.map(({ bytes }) => textOf(bytes)),
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
    await stopAll(nodes);
  });
}
