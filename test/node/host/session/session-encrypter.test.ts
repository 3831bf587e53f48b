/**
 * The session between honest ends: in memory, and between libp2p nodes over TCP.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Libp2p } from '@libp2p/interface';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { sessionProtocol } from '#node/host/session/key-schedule.ts';
import { mostPlainBytes } from '#node/host/session/secured-stream.ts';
import { type SessionOptions, sessionEncrypter } from '#node/host/session/session-encrypter.ts';
import { ended, endOf, identityOf, openSession, path, peerIdOf, received } from './session-pair.ts';

async function startNode(
  number: number,
  options: Partial<SessionOptions> = {},
): Promise<Libp2p<{ ping: Ping }>> {
  const identity = identityOf(number);
  const session = sessionEncrypter({ identity, network: 'test', isMember: () => true, ...options });
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', identity.peerSeed),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [session],
    streamMuxers: [yamux()],
    services: { ping: ping() },
  });
}

test('both ends learn the member key and the peer id of the other', async () => {
  const [a, b] = [endOf(1), endOf(2)];
  await openSession(a, b, path());
  assert.deepEqual(
    a.authenticated.map(({ peerId, publicKey }) => [peerId.toString(), Buffer.from(publicKey)]),
    [[b.peerId.toString(), Buffer.from(b.identity.publicKey)]],
  );
  assert.deepEqual(
    b.authenticated.map(({ peerId, publicKey }) => [peerId.toString(), Buffer.from(publicKey)]),
    [[a.peerId.toString(), Buffer.from(a.identity.publicKey)]],
  );
  assert.deepEqual([a.refused, b.refused], [[], []]);
});

test('bytes arrive whole and in order in both directions, also more than a record holds', async () => {
  const session = await openSession(endOf(1), endOf(2), path());
  const sizes = [1, 17, 1_000, mostPlainBytes, mostPlainBytes + 1, 300_000];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const sent = sizes.map((size) => randomBytes(size));
  const [atResponder, atInitiator] = [received(session.responder, total), received(session.initiator, total)];
  for (const part of sent) {
    session.initiator.send(part);
    session.responder.send(part);
  }
  assert.ok(Buffer.concat(sent).equals(await atResponder));
  assert.ok(Buffer.concat(sent).equals(await atInitiator));
});

test('chunks cut anywhere by the network make the same records', async () => {
  const bytewise = (chunk: Uint8Array): Uint8Array[] =>
    chunk.length > 3_000
      ? [chunk.slice(0, 1), chunk.slice(1, 2_500), chunk.slice(2_500)]
      : [...chunk].map((b) => Uint8Array.of(b));
  const session = await openSession(endOf(1), endOf(2), path(bytewise, bytewise));
  const sent = [randomBytes(5), randomBytes(4_000), randomBytes(60)];
  const whole = received(session.responder, 4_065);
  for (const part of sent) session.initiator.send(part);
  assert.ok(Buffer.concat(sent).equals(await whole));
});

test('nothing of the identities and of what is said is readable on the path', async () => {
  const [a, b] = [endOf(1), endOf(2)];
  const between = path();
  const session = await openSession(a, b, between);
  const secret = Buffer.from('a vote that nobody else should read');
  const whole = received(session.responder, secret.length);
  session.initiator.send(secret);
  await whole;
  const seen = Buffer.concat([...between.sent.initiator, ...between.sent.responder]);
  for (const hidden of [secret, a.identity.publicKey, b.identity.publicKey])
    assert.equal(seen.indexOf(hidden.subarray(0, 16)), -1);
});

test('closing one end sends what waits and ends the other', async () => {
  const session = await openSession(endOf(1), endOf(2), path());
  const whole = received(session.responder, 200_000);
  session.initiator.send(randomBytes(200_000));
  await session.initiator.close();
  assert.equal((await whole).length, 200_000);
  await ended(session.responder);
});

test('libp2p nodes over TCP use the session and no other encryption', async () => {
  const keys = new Map<string, Uint8Array>();
  const a = await startNode(1, { onAuthenticated: (peerId, key) => keys.set(peerId.toString(), key) });
  const b = await startNode(2);
  try {
    assert.equal(b.peerId.toString(), peerIdOf(identityOf(2)).toString());
    const connection = await a.dial(b.getMultiaddrs());
    assert.equal(connection.encryption, sessionProtocol);
    await a.services.ping.ping(b.peerId);
    assert.deepEqual(keys.get(b.peerId.toString()), Buffer.from(identityOf(2).publicKey));
  } finally {
    await Promise.all([a.stop(), b.stop()]);
  }
});

test('a libp2p node whose member key is not in the list is refused by both sides that check', async () => {
  const refused: string[] = [];
  const stranger = await startNode(3);
  const b = await startNode(2, { isMember: () => false, onRefused: ({ code }) => refused.push(code) });
  try {
    await assert.rejects(async () => {
      const connection = await stranger.dial(b.getMultiaddrs());
      await stranger.services.ping.ping(connection.remotePeer);
    });
    assert.deepEqual(refused, ['not-a-member']);
    await assert.rejects(b.dial(stranger.getMultiaddrs()), /no member of the network/);
  } finally {
    await Promise.all([stranger.stop(), b.stop()]);
  }
});
