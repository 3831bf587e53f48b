/**
 * QUIC with the session inside: the contract that TCP passes, and what only QUIC may get wrong.
 * Owns: classical peers, two identities in one connection, connections that say nothing. Does not own: the session's own attacks.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { quic } from '@chainsafe/libp2p-quic';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { Libp2p } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { createIdentity, type Identity } from '#node/host/identity.ts';
import { sessionEncrypter } from '#node/host/session/session-encrypter.ts';
import { sessionQuic } from '#node/host/transport/quic-transport.ts';
import { transportContract } from '#test/node/host/transport/transport-contract.ts';
import {
  listenNode,
  loopback,
  memberOf,
  stopAll,
  type TestNode,
  testNetwork,
  until,
} from '#test/support/transport-fixture.ts';

// A datagram carries about 1,200 bytes behind 50 of headers.
transportContract('quic', 12);

const listen = [loopback.quic];

function keyOf({ peerSeed }: Identity): ReturnType<typeof privateKeyFromRaw> {
  const secret = createPrivateKey({
    key: Buffer.from(peerSeed),
    format: 'raw-private',
    asymmetricKeyType: 'ed25519',
  });
  return privateKeyFromRaw(
    Buffer.concat([peerSeed, createPublicKey(secret).export({ format: 'raw-public' })]),
  );
}

async function startAlone(node: TestNode, other: ReturnType<typeof memberOf>): Promise<string> {
  await node.transport.start([memberOf(node, 0), other], node.heard.handler);
  return `${node.transport.addresses[0]}/p2p/${node.transport.peerId}`;
}

function memberWith(identity: Identity, libp2p: Libp2p): ReturnType<typeof memberOf> {
  return {
    number: 1,
    publicKey: identity.publicKey,
    peerId: libp2p.peerId.toString(),
    addresses: libp2p.getMultiaddrs().map((address) => String(address).replace(/\/p2p\/.*$/, '')),
  };
}

test('a member that speaks QUIC without the session is refused in both directions, and so is one that says nothing', async () => {
  const identity = createIdentity();
  const classical = await createLibp2p({
    privateKey: keyOf(identity),
    addresses: { listen },
    transports: [quic()],
  });
  const node = await listenNode({ listen, limits: { handshakeUs: 700_000 } });
  try {
    const address = await startAlone(node, memberWith(identity, classical));
    // Its own library calls this a connection: TLS 1.3 is done, and it has said nothing yet.
    const silent = await classical.dial(multiaddr(address));
    await until('the silent one is gone', () => silent.status !== 'open');
    const talking = await classical.dial(multiaddr(address));
    await assert.rejects(talking.newStream('/bft-scale/link/1'));
    await until('the classical one is gone', () => talking.status !== 'open');
    node.transport.send(1, Buffer.from('x'));
    await until('unreachable', () => node.transport.send(1, Buffer.from('x')) === 'unreachable');
    assert.deepEqual(node.heard.events, []);
  } finally {
    await stopAll([node]);
    await classical.stop();
  }
});

test('a session of one peer inside the QUIC connection of another is refused, member or not', async () => {
  const member = createIdentity();
  const node = await listenNode({ listen });
  const libp2p = await createLibp2p({
    privateKey: keyOf(createIdentity()),
    addresses: { listen },
    transports: [sessionQuic({ handshakeTimeoutMs: 5_000 })],
    connectionEncrypters: [
      sessionEncrypter({ identity: member, network: testNetwork, isMember: () => true }),
    ],
    streamMuxers: [yamux()],
  });
  try {
    const honest = await listenNode({ listen }, member);
    const address = await startAlone(node, memberOf(honest, 1));
    await honest.transport.stop();
    await assert.rejects(libp2p.dial(multiaddr(address)));
    await until('refused', () => node.transport.figures.handshakesRefused > 0);
    assert.equal(node.heard.connected.size, 0);
  } finally {
    await stopAll([node]);
    await libp2p.stop();
  }
});
