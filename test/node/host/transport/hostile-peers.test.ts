/**
 * Members and strangers that break the rules of a link over TCP, and the reading of records by itself.
 * Owns: strangers at the bare socket, records in pieces. Does not own: the offences of members, which QUIC bears too
 * (hostile-peers-contract.ts), refusals during the handshake (session).
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { channel, RecordReader } from '#node/host/transport/record-reader.ts';
import { hostilePeers, record, withRudeOver } from '#test/node/host/transport/hostile-peers-contract.ts';

hostilePeers('tcp', 20);

describe('strangers at the socket', () => {
  const withRude = withRudeOver('tcp');

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
