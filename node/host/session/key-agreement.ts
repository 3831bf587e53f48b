/**
 * The hybrid key agreement: X25519 and ML-KEM-768, both always. A secret is safe while one of the two holds.
 * Owns: ephemeral keys, their bytes, the two shared secrets. Does not own: what keys are made of them (key-schedule.ts).
 *
 * The initiator offers both public keys, the responder answers with its X25519 key and the ML-KEM ciphertext.
 */
import {
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { SessionError } from './session-error.ts';

export const x25519Bytes = 32;
export const encapsulationKeyBytes = 1_184;
export const ciphertextBytes = 1_088;
const kemSeedBytes = 64;

export const offerBytes = x25519Bytes + encapsulationKeyBytes;
export const acceptanceBytes = x25519Bytes + ciphertextBytes;
/** Of X25519, then of ML-KEM. */
export const sharedSecretBytes = 64;

/** Secret keys of one handshake. Fixed ones are for test vectors only. */
export interface EphemeralSeeds {
  readonly x25519: Uint8Array;
  readonly kem: Uint8Array;
}

export function freshSeeds(): EphemeralSeeds {
  return { x25519: randomBytes(x25519Bytes), kem: randomBytes(kemSeedBytes) };
}

/** What the initiator keeps between offer and acceptance. */
export interface Offer {
  readonly bytes: Uint8Array;
  readonly x25519: KeyObject;
  readonly kem: KeyObject;
}

export function makeOffer({ x25519, kem }: EphemeralSeeds): Offer {
  const dhKey = x25519Private(x25519);
  const kemKey = createPrivateKey({
    key: Buffer.from(kem),
    format: 'raw-seed',
    asymmetricKeyType: 'ml-kem-768',
  });
  return { bytes: Buffer.concat([rawPublic(dhKey), rawPublic(kemKey)]), x25519: dhKey, kem: kemKey };
}

export interface Acceptance {
  readonly bytes: Uint8Array;
  readonly secret: Uint8Array;
}

/** The responder's part. Throws SessionError 'key-agreement' for keys that are none. */
export function acceptOffer(offer: Uint8Array, x25519Seed: Uint8Array): Acceptance {
  const dhKey = x25519Private(x25519Seed);
  return agreeing(() => {
    const theirs = createPublicKey({
      key: Buffer.from(offer.subarray(x25519Bytes)),
      format: 'raw-public',
      asymmetricKeyType: 'ml-kem-768',
    });
    const dhSecret = exchange(dhKey, offer.subarray(0, x25519Bytes));
    const { sharedKey, ciphertext } = encapsulate(theirs);
    return {
      bytes: Buffer.concat([rawPublic(dhKey), ciphertext]),
      secret: Buffer.concat([dhSecret, sharedKey]),
    };
  });
}

/** The initiator's part. An altered ciphertext gives another secret, not an error: the next sealed bytes do not open. */
export function concludeOffer(offer: Offer, acceptance: Uint8Array): Uint8Array {
  return agreeing(() =>
    Buffer.concat([
      exchange(offer.x25519, acceptance.subarray(0, x25519Bytes)),
      decapsulate(offer.kem, acceptance.subarray(x25519Bytes)),
    ]),
  );
}

function agreeing<T>(agree: () => T): T {
  try {
    return agree();
  } catch (cause) {
    throw new SessionError('key-agreement', 'the other end sent a key that is none', { cause });
  }
}

/** OpenSSL refuses points of low order, whose secret would be zero. */
function exchange(privateKey: KeyObject, theirs: Uint8Array): Buffer {
  const publicKey = createPublicKey({
    key: Buffer.from(theirs),
    format: 'raw-public',
    asymmetricKeyType: 'x25519',
  });
  return diffieHellman({ privateKey, publicKey });
}

function x25519Private(seed: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.from(seed),
    format: 'raw-private',
    asymmetricKeyType: 'x25519',
  });
}

function rawPublic(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'raw-public' });
}
