/**
 * What a node spends on sessions that nothing happens on: it must not grow with their number, or that of all nodes grows with its square.
 */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { MessageStream } from '@libp2p/interface';
import { heartbeatMs } from '#node/host/transport/gossip-mesh.ts';
import { SocketMeter } from '#node/host/transport/socket-meter.ts';

/** Says what it is told to say, and counts how often it is asked. */
interface AskedSocket {
  readonly socket: Socket;
  bytes: number;
  asked: number;
}

function askedSocket(): AskedSocket {
  const made: AskedSocket = { socket: new Socket(), bytes: 0, asked: 0 };
  const get = (): number => {
    made.asked += 1;
    return made.bytes;
  };
  Object.defineProperty(made.socket, 'bytesWritten', { get });
  return made;
}

async function metered(sockets: number): Promise<{
  readonly meter: SocketMeter;
  readonly sockets: readonly AskedSocket[];
  readonly passUs: (us: number) => void;
}> {
  let atUs = 0;
  const meter = new SocketMeter({ nowUs: () => atUs });
  const made = Array.from({ length: sockets }, askedSocket);
  for (const { socket } of made) await meter.protect(Object.assign({} as MessageStream, { socket }));
  const passUs = (us: number): void => {
    atUs += us;
  };
  return { meter, sockets: made, passUs };
}

const asked = (sockets: readonly AskedSocket[]): number => sockets.reduce((sum, one) => sum + one.asked, 0);

test('bytes of few sockets are exact at any time', async () => {
  const { meter, sockets } = await metered(15);
  for (let bytes = 1; bytes < 5; bytes++) {
    for (const socket of sockets) socket.bytes = bytes;
    assert.equal(meter.bytesSent, 15 * bytes);
  }
});

test('many sockets are asked a hundred times a second, all together, whoever wants to know', async () => {
  const { meter, sockets, passUs } = await metered(150);
  for (let i = 0; i < 400; i++) {
    passUs(100_000);
    for (const socket of sockets) socket.bytes += 1;
    assert.ok(meter.bytesSent <= 150 * (i + 1));
    assert.ok(meter.bytesSent >= 150 * (i + 1 - 15), 'older than ten milliseconds for each socket');
  }
  assert.ok(asked(sockets) <= 100 * 40 + 150, `${asked(sockets)} times in 40 s`);
});

test('a socket that closes is counted once, and what is open is asked again', async () => {
  const { meter, sockets } = await metered(150);
  assert.equal(meter.bytesSent, 0);
  for (const socket of sockets) socket.bytes = 10;
  assert.equal(meter.bytesSent, 0);
  sockets[0]!.socket.emit('close');
  assert.equal(meter.bytesSent, 1_500);
  assert.equal(meter.openSockets, 149);
});

test('heartbeats of a large network look at fifty peers a second, those of a small one come every second', () => {
  for (const members of [4, 16, 50]) assert.equal(heartbeatMs(members), 1_000);
  for (const members of [100, 150, 500]) assert.ok(members / (heartbeatMs(members) / 1_000) <= 50);
});
