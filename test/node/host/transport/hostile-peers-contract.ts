/**
 * Members that break the rules of a link or of the session below it, over TCP and over QUIC: each is cut off, named where it is
 * known, and others are served.
 * Owns: the offences, which both transports have to bear. Does not own: strangers at the bare socket (hostile-peers.test.ts,
 * hostile-quic.long.test.ts), messages of the handshake and records by themselves (session).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TransportName } from '#node/agent-fields.ts';
import { channel, writeRecordHeader } from '#node/host/transport/record-reader.ts';
import { Dice, mutated } from '#test/node/host/wire/hostile-bytes.ts';
import { HostileDialler } from '#test/support/hostile-dialler.ts';
import {
  listenNode,
  loopback,
  memberOf,
  type NodeOptions,
  RudePeer,
  stopAll,
  type TestNode,
  until,
} from '#test/support/transport-fixture.ts';

export function record(use: number, payload: Uint8Array, length = payload.length): Buffer {
  const out = Buffer.alloc(5 + payload.length);
  writeRecordHeader(out, 0, channel.frame, length);
  out[4] = use;
  out.set(payload, 5);
  return out;
}

type WithRude = (
  options: NodeOptions,
  use: (node: TestNode, rude: RudePeer, honest: TestNode) => Promise<void>,
) => Promise<void>;

/** A node with an honest neighbour (member 1) and a rude one (member 2). */
export function withRudeOver(name: TransportName): WithRude {
  const listen = [loopback[name]];
  return async (options, use) => {
    const nodes = [await listenNode({ listen, ...options }), await listenNode({ listen, ...options })];
    const rude = await RudePeer.listen({ listen });
    try {
      const members = [...nodes.map(memberOf), rude.member(2)];
      for (const { transport, heard } of nodes) await transport.start(members, heard.handler);
      await use(nodes[0]!, rude, nodes[1]!);
      // Whatever happened: the honest one is still served.
      nodes[1]!.transport.send(0, Buffer.from('fine'));
      await until('the honest one is served', () => nodes[0]!.heard.frames.some(({ from }) => from === 1));
    } finally {
      await stopAll(nodes);
      await rude.stop();
    }
  };
}

async function isNamed({ heard }: TestNode, reason: RegExp): Promise<void> {
  await until(`named: ${reason}`, () => heard.events.some((event) => event.startsWith('!2')));
  assert.match(heard.events.find((event) => event.startsWith('!2'))!, reason);
  await until('cut off', () => !heard.connected.has(2));
}

/** `inputs`: mutated streams of records, each over a session of its own. */
export function hostilePeers(name: TransportName, inputs: number): void {
  const withRude = withRudeOver(name);
  describe(`hostile peers over ${name}`, () => {
    offences(withRude);
    floods(withRude);
    mutations(withRude, inputs);
  });
  describe(`hostile sessions over ${name}`, () => sessions(name, withRude));
}

function offences(withRude: WithRude): void {
  const oversized = record(channel.frame, new Uint8Array(10), 4 * 1_048_576 + 1);
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an oversized frame', oversized, /4194305 bytes/],
    ['a frame of no bytes', record(channel.frame, new Uint8Array(0)), /0 bytes/],
    ['a record of an unknown kind', record(77, new Uint8Array(3)), /kind 77/],
    ['gossip that is none', record(channel.gossip, Buffer.from('garbage')), /gossip/],
  ];
  for (const [what, bytes, reason] of cases) {
    test(`${what}: cut off by name, refused afterwards`, () =>
      withRude({}, async (node, rude) => {
        const { stream } = await rude.dial(memberOf(node, 0));
        stream.send(bytes);
        await isNamed(node, reason);
        await assert.rejects(rude.dial(memberOf(node, 0)));
        assert.equal(node.transport.send(2, Buffer.from('x')), 'unreachable');
        assert.equal(node.transport.figures.misbehaved, 1);
      }));
  }
}

function floods(withRude: WithRude): void {
  test('a flood of frames is cut off, and what came before it was delivered', () =>
    withRude(
      { limits: { floodFramesPerSecond: 200, floodBurstSeconds: 1, floodBytesPerSecond: 1e9 } },
      async (node, rude) => {
        const { stream } = await rude.dial(memberOf(node, 0));
        const frame = record(channel.frame, new Uint8Array(10));
        stream.send(Buffer.concat(Array.from({ length: 2_000 }, () => frame)));
        await isNamed(node, /flood/);
        const { length } = node.heard.frames.filter(({ from }) => from === 2);
        assert.ok(length >= 200 && length < 1_000, `${length}`);
      },
    ));

  test('a flood of bytes is cut off', () =>
    withRude(
      { limits: { floodBytesPerSecond: 1_000_000, floodBurstSeconds: 1, floodFramesPerSecond: 1e9 } },
      async (node, rude) => {
        const { stream } = await rude.dial(memberOf(node, 0));
        stream.send(record(channel.frame, new Uint8Array(3_000_000)));
        await isNamed(node, /flood/);
      },
    ));

  test('a peer that takes nothing: its queue is full, it is named, and others are served meanwhile', () =>
    withRude({ limits: { mostQueuedBytes: 1_000_000, stallUs: 500_000 } }, async (node, rude, honest) => {
      const { stream } = await rude.dial(memberOf(node, 0));
      stream.pause();
      await until('session', () => node.heard.connected.has(2));
      let sent = 0;
      while (node.transport.send(2, new Uint8Array(50_000)) === 'sent') sent += 1;
      assert.ok(sent <= 21, `${sent}`);
      assert.equal(node.transport.send(1, Buffer.from('served')), 'sent');
      await until('others are served', () => honest.heard.frames.length > 0);
      await isNamed(node, /stall/);
    }));
}

/** What a link carries: frames, gossip, signs of life. */
const validRecords = Buffer.concat([
  record(channel.frame, new Uint8Array(40).fill(1)),
  record(channel.ask, new Uint8Array(8)),
  record(channel.gossip, Uint8Array.of(0x0a, 2, 8, 1)),
  record(channel.frame, new Uint8Array(700).fill(2)),
]);

function mutations(withRude: WithRude, inputs: number): void {
  test(`${inputs} mutated streams of records: each is borne or cut off, and the next one is let in`, () =>
    withRude({ limits: { cutOffUs: 1 } }, async (node, rude) => {
      const dice = new Dice(20_261_130);
      const cutOff = (): number => node.heard.events.filter((event) => event.startsWith('!2')).length;
      for (let i = 0; i < inputs; i++) {
        const { connection, stream } = await rude.dial(memberOf(node, 0));
        await until('let in', () => node.heard.connected.has(2));
        stream.send(mutated(validRecords, validRecords, dice));
        // The end of the stream comes after everything that was sent.
        await stream.close();
        await until('gone', () => !node.heard.connected.has(2));
        await connection.close();
      }
      assert.ok(cutOff() > inputs / 10, `${cutOff()} of ${inputs} were cut off`);
      assert.ok(node.heard.frames.every(({ bytes }) => bytes.length > 0 && bytes.length <= 4 * 1_048_576));
    }));
}

function sessions(name: TransportName, withRude: WithRude): void {
  const isQuiet = ({ heard }: TestNode): boolean => heard.events.every((event) => event === '+1');

  test('whatever is said in place of a handshake, nobody is let in or named, and it ends in time', () =>
    withRude({ limits: { handshakeUs: 500_000 } }, async (node, rude) => {
      const dice = new Dice(7);
      const said = [0, 1, 100, 1_300, 100_000, 4_000_000].map((length) => dice.bytes(length));
      for (const [i, bytes] of said.entries()) {
        const hostile = await HostileDialler.make(name, rude.identity, (stream) => {
          if (bytes.length > 0) stream.send(bytes);
        });
        await assert.rejects(hostile.dial(memberOf(node, 0)));
        await until(`refused ${i}`, () => node.transport.figures.handshakesRefused === i + 1);
        await hostile.stop();
      }
      assert.ok(isQuiet(node), node.heard.events.join());
    }));

  test('bytes that no key has sealed end a session of a member, by name', () =>
    withRude({}, async (node, rude) => {
      const hostile = await HostileDialler.make(name, rude.identity, null);
      await hostile.dial(memberOf(node, 0));
      await until('let in', () => node.heard.connected.has(2));
      hostile.sendBare(Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(4_000)));
      await isNamed(node, /session/);
      await hostile.stop();
    }));
}
