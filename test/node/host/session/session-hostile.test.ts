/**
 * Hostile peers and hostile networks against the encrypter as libp2p runs it: every end that is wronged closes with a reason.
 * The attacks on messages and records themselves are in handshake.test.ts.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { ConnectionEncrypter, Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { firstBytes } from '#node/host/session/handshake.ts';
import { freshSeeds, makeOffer } from '#node/host/session/key-agreement.ts';
import { sessionEncrypter } from '#node/host/session/session-encrypter.ts';
import {
  ended,
  endOf,
  identityOf,
  openSession,
  path,
  peerIdOf,
  received,
  shake,
  type Tamper,
} from './session-pair.ts';

function codeOf(result: PromiseSettledResult<unknown>): unknown {
  if (result.status === 'fulfilled') return 'accepted';
  const reason: unknown = result.reason;
  return reason instanceof Error && 'code' in reason ? reason.code : reason;
}

/** Changes the chunk with this number only: 0 and 1 are handshake messages of the initiator, 0 that of the responder. */
function only(target: number, change: Tamper): Tamper {
  return (chunk, index) => (index === target ? change(chunk, index) : [chunk]);
}

const flip: Tamper = (chunk) => {
  const copy = chunk.slice();
  copy[copy.length - 1]! ^= 1;
  return [copy];
};

test('a flipped bit of any handshake message ends both ends', async () => {
  const cases: ReadonlyArray<readonly [Tamper | undefined, Tamper | undefined, string]> = [
    [only(0, flip), undefined, 'initiator'],
    [undefined, only(0, flip), 'initiator'],
    [only(1, flip), undefined, 'responder'],
  ];
  for (const [toResponder, toInitiator, wronged] of cases) {
    const [a, b] = [endOf(1), endOf(2)];
    const between = path(toResponder, toInitiator);
    const outcome = await shake(a, b, between);
    const end = wronged === 'initiator' ? a : b;
    assert.deepEqual(
      end.refused.map(({ code }) => code),
      ['sealed'],
    );
    assert.equal(codeOf(outcome.responder), wronged === 'initiator' ? 'closed' : 'sealed');
    assert.deepEqual(b.authenticated, []);
    await Promise.all([ended(between.initiator), ended(between.responder)]);
  }
});

test('a bad record ends the session at once, names the reason, and nothing of it is delivered', async () => {
  const again: Tamper = (chunk) => [chunk, chunk];
  const swap = (): Tamper => {
    let held: Uint8Array | null = null;
    return (chunk) => {
      if (held === null) {
        held = chunk;
        return [];
      }
      return [chunk, held];
    };
  };
  const tampers: ReadonlyArray<readonly [Tamper, number]> = [
    [only(3, flip), 100],
    [only(3, again), 200],
    [(chunk, index) => (index < 3 ? [chunk] : exchange(chunk, index)), 100],
    [only(3, () => []), 100],
    [only(3, () => [Uint8Array.of(0, 0)]), 100],
    [only(3, () => [Buffer.alloc(70_000, 'GET ')]), 100],
  ];
  const exchange = swap();
  for (const [tamper, delivered] of tampers) {
    const [a, b] = [endOf(1), endOf(2)];
    const session = await openSession(a, b, path(tamper));
    const whole = received(session.responder, 400);
    for (let i = 0; i < 4 && session.initiator.status === 'open'; i++)
      session.initiator.send(randomBytes(100));
    assert.equal((await whole).length, delivered);
    assert.equal(b.broken.length, 1);
    assert.match(b.broken[0]!.code, /^(sealed|size)$/);
    assert.deepEqual(a.broken, []);
    await ended(session.initiator);
  }
});

test('a connection that ends in the middle of a record is told from one that was closed', async () => {
  const [a, b] = [endOf(1), endOf(2)];
  const between = path(only(2, (chunk) => [chunk.slice(0, 50)]));
  const session = await openSession(a, b, between);
  const arrived = received(between.responder, 50);
  session.initiator.send(randomBytes(100));
  await arrived;
  await between.cut();
  await ended(session.responder);
  assert.deepEqual(
    b.broken.map(({ code }) => code),
    ['closed'],
  );
});

test('the same chunks sent to the responder again open no second session', async () => {
  const [a, b] = [endOf(1), endOf(2)];
  const between = path();
  await openSession(a, b, between);
  const [attacker, responder] = multiaddrConnectionPair();
  const result = Promise.allSettled([b.encrypter.secureInbound(responder)]);
  for (const chunk of between.sent.initiator) attacker.send(chunk);
  assert.equal(codeOf((await result)[0]), 'sealed');
  assert.equal(b.authenticated.length, 1);
});

test('who answers in place of the dialled peer is refused', async () => {
  const [a, b] = [endOf(1), endOf(2)];
  const outcome = await shake(a, b, path(), peerIdOf(identityOf(3)));
  assert.equal(codeOf(outcome.initiator), 'other-peer');
  assert.equal(codeOf(outcome.responder), 'closed');
});

test('a member is its pair of keys: the right ML-DSA key under another peer id is refused', async () => {
  const listed = new Map([
    [Buffer.from(identityOf(1).publicKey).toString('hex'), peerIdOf(identityOf(1)).toString()],
  ]);
  const isMember = (key: Uint8Array, peerId: { toString(): string }): boolean =>
    listed.get(Buffer.from(key).toString('hex')) === peerId.toString();
  const moved = { ...identityOf(1), peerSeed: identityOf(4).peerSeed };
  const accepted = await shake(endOf(1), endOf(2, { isMember }), path());
  assert.equal(codeOf(accepted.responder), 'accepted');
  const refused = await shake(endOf(1, { identity: moved }), endOf(2, { isMember }), path());
  assert.equal(codeOf(refused.responder), 'not-a-member');
});

test('an identity that signs for another purpose, or not at all, is refused', async () => {
  const honest = identityOf(1);
  const signers: ReadonlyArray<readonly [typeof honest.sign, string]> = [
    [(_, message) => honest.sign('qa/vertex/1', message), 'signature-ml-dsa'],
    [() => Promise.resolve(new Uint8Array(2_420)), 'signature-ml-dsa'],
    [() => Promise.resolve(new Uint8Array(0)), 'sealed'],
  ];
  for (const [sign, code] of signers) {
    const outcome = await shake(endOf(1, { identity: { ...honest, sign } }), endOf(2), path());
    assert.equal(codeOf(outcome.responder), code);
  }
});

test('a peer that says nothing, or stops in the middle, is let go after the time of a handshake', async () => {
  const validOffer = makeOffer(freshSeeds()).bytes;
  for (const bytes of [0, 100, firstBytes]) {
    const b = endOf(2, { handshakeTimeoutMs: 30 });
    const [attacker, responder] = multiaddrConnectionPair();
    if (bytes > 0) attacker.send(validOffer.subarray(0, bytes));
    await assert.rejects(b.encrypter.secureInbound(responder), { code: 'timeout' });
    await ended(responder);
  }
});

test('an identity that never signs does not hold a handshake open', async () => {
  const identity = { ...identityOf(1), sign: () => new Promise<Uint8Array>(() => {}) };
  const outcome = await shake(endOf(1), endOf(2, { identity, handshakeTimeoutMs: 30 }), path());
  assert.equal(codeOf(outcome.responder), 'timeout');
  assert.equal(codeOf(outcome.initiator), 'closed');
});

test('one handshake too many is refused without any work, and places become free again', async () => {
  const b = endOf(2, { mostHandshakes: 1 });
  const [attacker, first] = multiaddrConnectionPair();
  const [, second] = multiaddrConnectionPair();
  const waiting = Promise.allSettled([b.encrypter.secureInbound(first)]);
  await assert.rejects(b.encrypter.secureInbound(second), { code: 'busy' });
  attacker.abort(new Error('gone'));
  assert.equal(codeOf((await waiting)[0]), 'closed');
  assert.equal(codeOf((await shake(endOf(1), b, path())).responder), 'accepted');
});

test('megabytes in place of a handshake are not kept', async () => {
  const b = endOf(2);
  const [attacker, responder] = multiaddrConnectionPair();
  const result = Promise.allSettled([b.encrypter.secureInbound(responder)]);
  for (let i = 0; i < 64 && attacker.status === 'open'; i++) attacker.send(new Uint8Array(65_536));
  assert.notEqual(codeOf((await result)[0]), 'accepted');
  await ended(attacker);
});

/** Offers and accepts one protocol, under a name that is not ours, and secures nothing. */
function bare(protocol: string, number: number): ConnectionEncrypter {
  const remotePeer = peerIdOf(identityOf(number));
  return {
    protocol,
    secureInbound: async (connection) => ({ connection, remotePeer }),
    secureOutbound: async (connection) => ({ connection, remotePeer }),
  };
}

async function startNode(number: number, encrypter: () => ConnectionEncrypter): Promise<Libp2p> {
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', identityOf(number).peerSeed),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [yamux()],
  });
}

test('peers that offer only /noise, plaintext or another version of the session find nothing in common', async () => {
  const identity = identityOf(2);
  const b = await startNode(2, sessionEncrypter({ identity, network: 'test', isMember: () => true }));
  try {
    for (const protocol of ['/noise', '/plaintext/2.0.0', '/bft-scale/pq-hybrid/0']) {
      const a = await startNode(1, () => bare(protocol, 2));
      try {
        await assert.rejects(a.dial(b.getMultiaddrs()), /selection|select|protocol/i);
        await assert.rejects(b.dial(a.getMultiaddrs()), /selection|select|protocol/i);
        assert.equal(b.getConnections().length, 0);
      } finally {
        await a.stop();
      }
    }
  } finally {
    await b.stop();
  }
});
