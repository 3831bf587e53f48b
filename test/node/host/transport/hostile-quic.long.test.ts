/**
 * The hostile peers of the TCP suite over QUIC, and strangers that send datagrams to its port.
 * Owns: datagrams. Does not own: the offences (hostile-peers-contract.ts), peers without the session (quic-transport.long.test.ts).
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { describe, test } from 'node:test';
import { hostilePeers, withRudeOver } from '#test/node/host/transport/hostile-peers-contract.ts';
import { Dice } from '#test/node/host/wire/hostile-bytes.ts';
import { memberOf } from '#test/support/transport-fixture.ts';

hostilePeers('quic', 200);

/** Looks like the first packet of a connection: long header, version 1, connection ids, then anything. */
function initialPacket(dice: Dice): Uint8Array {
  const bytes = dice.bytes(1_200);
  bytes.set([0xc0 | dice.roll(16), 0, 0, 0, 1, 8]);
  bytes[14] = 8;
  bytes.set([0, 0x44, 0x90], 23);
  return bytes;
}

async function sendAll(socket: Socket, port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  for (const bytes of datagrams)
    await new Promise<void>((resolve, reject) => {
      socket.send(bytes, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
}

describe('strangers at the UDP port', () => {
  test('5,000 datagrams of noise and of packets that are none change nothing: members come in as before', () =>
    withRudeOver('quic')({}, async (node, rude) => {
      const port = Number(/udp\/(\d+)/.exec(node.transport.addresses[0]!)?.[1]);
      const dice = new Dice(11);
      const datagrams = Array.from({ length: 5_000 }, (_, i) =>
        i % 2 === 0 ? dice.bytes(1 + dice.roll(1_400)) : initialPacket(dice),
      );
      const socket = createSocket('udp4');
      try {
        await sendAll(socket, port, datagrams);
        await rude.dial(memberOf(node, 0));
      } finally {
        socket.close();
      }
      assert.ok(node.heard.events.every((event) => event === '+1' || event === '+2'));
    }));
});
