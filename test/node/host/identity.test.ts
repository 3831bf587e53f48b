/**
 * Identities: one seed, one identity; signatures that an independent implementation accepts; contexts that keep purposes apart.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 as oracle } from '@noble/hashes/blake3.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { createIdentity, derivedIdentity } from '#node/host/identity.ts';
import { contextBytes, vertexContext } from '#node/host/verification/signature-context.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const seed = Uint8Array.from({ length: 32 }, (_, i) => i);
const identity = createIdentity(seed);

function labelled(label: string): Uint8Array {
  return oracle(Buffer.concat([Buffer.from(`bft-scale/identity/1/${label}\0`), seed]));
}

test('the keys are those that the independent implementation derives from the seed', () => {
  assert.equal(hex(identity.publicKey), hex(ml_dsa44.keygen(labelled('ml-dsa-44')).publicKey));
  assert.equal(hex(identity.peerSeed), hex(labelled('ed25519')));
  assert.equal(hex(identity.nodeId), hex(oracle(identity.publicKey)));
  assert.deepEqual(
    [identity.publicKey.length, identity.nodeId.length, identity.peerSeed.length],
    [1_312, 32, 32],
  );
});

test('a seed is an identity for ever', () => {
  assert.equal(hex(identity.nodeId), '1020acebbc3c9a101c9cc8db02f32136da6aab8f236ce8371a663d0ff3ec238c');
});

test('no seed gives another identity each time, another seed another one', () => {
  const ids = [createIdentity(), createIdentity(), createIdentity(new Uint8Array(32)), identity];
  assert.equal(new Set(ids.map(({ nodeId }) => hex(nodeId))).size, 4);
  assert.equal(new Set(ids.map(({ peerSeed }) => hex(peerSeed))).size, 4);
});

test('a seed of another length is refused', () => {
  for (const length of [0, 31, 33, 64])
    assert.throws(() => createIdentity(new Uint8Array(length)), new RegExp(`32 bytes, not ${length}`));
});

test('a seed that is wiped afterwards changes nothing', async () => {
  const own = Uint8Array.from(seed);
  const made = createIdentity(own);
  own.fill(0);
  const message = Buffer.from('after the wipe');
  const signature = await made.sign(vertexContext, message);
  assert.equal(
    ml_dsa44.verify(signature, message, identity.publicKey, { context: Buffer.from(vertexContext) }),
    true,
  );
});

test('the independent implementation accepts a signature in its context only', async () => {
  for (const message of [new Uint8Array(0), Buffer.from('x'), new Uint8Array(10_000).fill(7)]) {
    const signature = await identity.sign(vertexContext, message);
    assert.equal(signature.length, 2_420);
    const accepted = (context: Uint8Array): boolean =>
      ml_dsa44.verify(signature, message, identity.publicKey, { context });
    assert.equal(accepted(contextBytes(vertexContext)), true);
    assert.equal(accepted(Buffer.from('qa/vertex/2')), false);
    assert.equal(accepted(new Uint8Array(0)), false);
    assert.equal(ml_dsa44.verify(signature, message, createIdentity(new Uint8Array(32)).publicKey), false);
  }
});

test('many signatures at once are each over their own message', async () => {
  const messages = Array.from({ length: 12 }, (_, i) => Buffer.from(`message ${i}`));
  const signatures = await Promise.all(messages.map((message) => identity.sign(vertexContext, message)));
  const context = Buffer.from(vertexContext);
  for (const [i, signature] of signatures.entries()) {
    assert.equal(ml_dsa44.verify(signature, messages[i]!, identity.publicKey, { context }), true);
    assert.equal(ml_dsa44.verify(signature, messages[(i + 1) % 12]!, identity.publicKey, { context }), false);
  }
});

test('a context has 1 to 255 bytes', async () => {
  for (const context of ['', 'x'.repeat(256), 'ä'.repeat(128)])
    await assert.rejects(identity.sign(context, new Uint8Array(1)), RangeError);
  assert.equal((await identity.sign('ä'.repeat(127), new Uint8Array(1))).length, 2_420);
});

test('a derived identity depends on secret, name and index, and on nothing else', () => {
  const one = derivedIdentity('a secret of the run', 'node-03-7', 0);
  assert.equal(hex(derivedIdentity('a secret of the run', 'node-03-7', 0).nodeId), hex(one.nodeId));
  const others = [
    derivedIdentity('another secret', 'node-03-7', 0),
    derivedIdentity('a secret of the run', 'node-03-8', 0),
    derivedIdentity('a secret of the run', 'node-03-7', 1),
  ];
  assert.equal(new Set([one, ...others].map(({ nodeId }) => hex(nodeId))).size, 4);
});
