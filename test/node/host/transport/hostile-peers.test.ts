/**
 * Members and strangers that break the rules of a link: each is cut off, named where it is known, and others are served.
 * Owns: the offences. Does not own: refusals during the handshake (session).
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { channel, RecordReader, writeRecordHeader } from '#node/host/transport/record-reader.ts';
import {
  listenNode,
  memberOf,
  type NodeOptions,
  RudePeer,
  stopAll,
  type TestNode,
  until,
} from '#test/support/transport-fixture.ts';

function record(use: number, payload: Uint8Array, length = payload.length): Buffer {
  const out = Buffer.alloc(5 + payload.length);
  writeRecordHeader(out, 0, channel.frame, length);
  out[4] = use;
  out.set(payload, 5);
  return out;
}

/** A node with an honest neighbour (member 1) and a rude one (member 2). */
async function withRude(
  options: NodeOptions,
  use: (node: TestNode, rude: RudePeer, honest: TestNode) => Promise<void>,
): Promise<void> {
  const nodes = [await listenNode(options), await listenNode(options)];
  const rude = await RudePeer.listen();
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
}

async function isNamed({ heard }: TestNode, reason: RegExp): Promise<void> {
  await until(`named: ${reason}`, () => heard.events.some((event) => event.startsWith('!2')));
  assert.match(heard.events.find((event) => event.startsWith('!2'))!, reason);
  await until('cut off', () => !heard.connected.has(2));
}

describe('hostile peers', () => {
  const oversized = record(channel.frame, new Uint8Array(10), 4 * 1_048_576 + 1);
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['an oversized frame', oversized, /4194305 bytes/],
    ['a frame of no bytes', record(channel.frame, new Uint8Array(0)), /0 bytes/],
    ['a record of an unknown kind', record(77, new Uint8Array(3)), /kind 77/],
    ['gossip that is none', record(channel.gossip, Buffer.from('garbage')), /gossip/],
  ];
  for (const [name, bytes, reason] of cases) {
    test(`${name}: cut off by name, refused afterwards`, () =>
      withRude({}, async (node, rude) => {
        const { stream } = await rude.dial(memberOf(node, 0));
        stream.send(bytes);
        await isNamed(node, reason);
        await assert.rejects(rude.dial(memberOf(node, 0)));
        assert.equal(node.transport.send(2, Buffer.from('x')), 'unreachable');
        assert.equal(node.transport.figures.misbehaved, 1);
      }));
  }

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

  test('a connection that says nothing is closed in time', () =>
    withRude({ limits: { handshakeUs: 500_000 } }, async (node) => {
      const port = Number(node.transport.addresses[0]!.split('/').at(-1));
      const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
      const ended = sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.on('error', () => resolve());
            socket.on('close', () => resolve());
            socket.resume();
          }),
      );
      await Promise.all(ended);
      assert.equal(node.heard.events.filter((event) => event.startsWith('!')).length, 0);
    }));

  test('an impostor that sends noise instead of a handshake changes nothing', () =>
    withRude({}, async (node) => {
      const port = Number(node.transport.addresses[0]!.split('/').at(-1));
      const socket = connect(port, '127.0.0.1');
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.on('error', () => {});
      socket.end(Buffer.alloc(100_000, 0xa5));
      socket.resume();
      await closed;
      assert.deepEqual(
        node.heard.events.filter((event) => !event.startsWith('+1')),
        [],
      );
    }));
});

describe('reading records', () => {
  const limit = 1_000;
  const read = (pieces: readonly Uint8Array[]): string[] => {
    const found: string[] = [];
    const reader = new RecordReader(limit, (use, payload) =>
      found.push(`${use} ${Buffer.from(payload).toString('hex')}`),
    );
    for (const piece of pieces) reader.push(piece);
    return found;
  };

  test('records are found whatever pieces they arrive in', () => {
    const payload = fc.uint8Array({ minLength: 1, maxLength: 60 });
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 8 }), cuts, (payloads, sizes) => {
        const bytes = Buffer.concat(payloads.map((one, i) => record(i % 4, one)));
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = payloads.map((one, i) => `${i % 4} ${Buffer.from(one).toString('hex')}`);
        assert.deepEqual(read(pieces), expected);
      }),
    );
  });

  test('any bytes at all: records within the limit or a RecordError, and never a payload that did not arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (pieces) => {
        const sum = pieces.reduce((bytes, { length }) => bytes + length, 0);
        try {
          const bytes = read(pieces).reduce((all, text) => all + (text.length - 2) / 2, 0);
          assert.ok(bytes <= sum);
        } catch (error) {
          assert.equal((error as Error).name, 'RecordError');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a payload is a copy', () => {
    const bytes = record(channel.frame, Buffer.from('abc'));
    const found: Uint8Array[] = [];
    new RecordReader(limit, (_use, payload) => found.push(payload)).push(bytes);
    bytes.fill(0);
    assert.equal(Buffer.from(found[0]!).toString(), 'abc');
  });
});
