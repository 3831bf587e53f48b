/**
 * The stored session against a second implementation of it, written here from its description with other libraries where there
 * are any (ML-KEM, ML-DSA, SHA-256, HKDF: noble), and against the product.
 */
import assert from 'node:assert/strict';
import { createDecipheriv, createPrivateKey, createPublicKey, diffieHellman, verify } from 'node:crypto';
import { test } from 'node:test';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { initiate } from '#node/host/session/handshake.ts';
import { Prover } from '#node/host/session/identity-proof.ts';
import { RecordOpener } from '#node/host/session/record-cipher.ts';
import { identityOf } from './session-pair.ts';
import { initiatorSeeds, readVectors } from './session-vectors.ts';

const vectors = readVectors();
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const text = (string: string): Buffer => Buffer.from(string);
const [first, second, third] = [bytes(vectors.first), bytes(vectors.second), bytes(vectors.third)];
const acceptance = second.subarray(0, 32 + 1_088);

function expand(secret: Uint8Array, salt: Uint8Array, label: string): Uint8Array {
  return hkdf(sha256, secret, salt, text(`/bft-scale/pq-hybrid/1 ${label}`), 32);
}

function secretOf(): Uint8Array {
  const privateKey = createPrivateKey({
    key: bytes(vectors.x25519Seed),
    format: 'raw-private',
    asymmetricKeyType: 'x25519',
  });
  const publicKey = createPublicKey({
    key: second.subarray(0, 32),
    format: 'raw-public',
    asymmetricKeyType: 'x25519',
  });
  const { secretKey, publicKey: encapsulationKey } = ml_kem768.keygen(bytes(vectors.kemSeed));
  assert.deepEqual(Buffer.from(encapsulationKey), first.subarray(32));
  const kem = ml_kem768.decapsulate(second.subarray(32, 32 + 1_088), secretKey);
  return Buffer.concat([diffieHellman({ privateKey, publicKey }), kem]);
}

function opened(key: Uint8Array, number: number, sealed: Uint8Array): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32LE(number, 4);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/** Hashes of the transcript after the acceptance, after the responder's proof, and at the end. */
function digests(): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const start = sha256(text(`/bft-scale/pq-hybrid/1\n${vectors.network}`));
  const next = (digest: Uint8Array, message: Uint8Array): Uint8Array =>
    sha256(Buffer.concat([digest, message]));
  const accepted = next(next(start, first), acceptance);
  const proven = next(accepted, second.subarray(acceptance.length));
  return [accepted, proven, next(proven, third)];
}

function assertProof(proof: Buffer, role: string, digest: Uint8Array, number: number): void {
  const keys = proof.subarray(0, 1_312 + 32);
  assert.ok(keys.subarray(0, 1_312).equals(identityOf(number).publicKey));
  const said = Buffer.concat([text(`bft-scale/session/1\n${role}\n`), digest, keys]);
  const strong = proof.subarray(1_344, 1_344 + 2_420);
  assert.ok(ml_dsa44.verify(strong, said, keys.subarray(0, 1_312), { context: text('bft-scale/session/1') }));
  const peerKey = createPublicKey({
    key: keys.subarray(1_312),
    format: 'raw-public',
    asymmetricKeyType: 'ed25519',
  });
  assert.ok(verify(null, said, peerKey, proof.subarray(1_344 + 2_420)));
}

test('a second implementation finds the same transcript, keys and proofs', () => {
  const secret = secretOf();
  const [accepted, proven, whole] = digests();
  assert.equal(Buffer.from(whole).toString('hex'), vectors.transcript);
  const ofResponder = opened(
    expand(secret, accepted, 'proof responder'),
    0,
    second.subarray(acceptance.length),
  );
  assertProof(ofResponder, 'responder', accepted, 2);
  const ofInitiator = opened(expand(secret, accepted, 'proof initiator'), 0, third);
  assertProof(ofInitiator, 'initiator', proven, 1);
  assert.deepEqual(Buffer.from(expand(secret, whole, 'records initiator')), bytes(vectors.initiatorKey));
  assert.deepEqual(Buffer.from(expand(secret, whole, 'records responder')), bytes(vectors.responderKey));
});

test('a second implementation opens the records, across two changes of keys', () => {
  let key: Uint8Array = bytes(vectors.initiatorKey);
  vectors.records.forEach(({ plain, sealed }, number) => {
    const ofKey = number % vectors.recordsPerKey;
    if (number > 0 && ofKey === 0) key = expand(key, new Uint8Array(0), 'next');
    assert.deepEqual(opened(key, ofKey, bytes(sealed)), bytes(plain));
  });
  assert.ok(vectors.records.length > 2 * vectors.recordsPerKey);
});

test('the product opens what is stored: its initiator reaches the keys, its opener the records', async () => {
  const initiator = initiate({
    prover: new Prover(identityOf(1)),
    network: vectors.network,
    judge: () => {},
    seeds: initiatorSeeds,
  });
  assert.equal(Buffer.from(initiator.first).toString('hex'), vectors.first);
  const { agreed } = await initiator.finish(second);
  assert.ok(Buffer.from(identityOf(2).publicKey).equals(agreed.remote.publicKey));
  const opener = new RecordOpener(bytes(vectors.initiatorKey), { perKey: vectors.recordsPerKey, inAll: 100 });
  for (const { plain, sealed } of vectors.records)
    assert.deepEqual(Buffer.from(opener.open(bytes(sealed))), bytes(plain));
});
