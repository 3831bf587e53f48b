/**
 * One check of one signature, on the calling thread.
 * Owns: the call of node:crypto and the keys it has ready. Does not own: queues, threads, memory of answers.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { publicKeyBytes, signatureBytes } from './verifier.ts';

interface ReadyKey {
  readonly bytes: Uint8Array;
  /** Null: the bytes are no key. */
  readonly key: KeyObject | null;
}

/** Preparing a key costs a tenth to a third of a verification; a network has some hundreds of keys. */
const mostKeys = 4_096;

export class SignatureCheck {
  /** By the first four bytes of a key, oldest first. Keys that only begin alike take each other's place. */
  readonly #keys = new Map<number, ReadyKey>();
  readonly #most: number;

  constructor(most = mostKeys) {
    this.#most = most;
  }

  get readyKeys(): number {
    return this.#keys.size;
  }

  /** Never throws, whatever the bytes. `context` has 1 to 255 bytes. */
  isGenuine(publicKey: Uint8Array, context: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false;
    const key = this.#ready(publicKey);
    return key !== null && verify(null, message, { key, context }, signature);
  }

  #ready(publicKey: Uint8Array): KeyObject | null {
    const name = publicKey[0]! | (publicKey[1]! << 8) | (publicKey[2]! << 16) | (publicKey[3]! << 24);
    const found = this.#keys.get(name);
    if (found !== undefined && Buffer.compare(found.bytes, publicKey) === 0) return found.key;
    const bytes = Buffer.from(publicKey); // a copy: the caller's array may be a window into a message
    this.#keys.delete(name);
    const oldest = this.#keys.size >= this.#most ? this.#keys.keys().next() : null;
    if (oldest?.done === false) this.#keys.delete(oldest.value);
    const key = imported(bytes);
    this.#keys.set(name, { bytes, key });
    return key;
  }
}

function imported(bytes: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType: 'ml-dsa-44' });
  } catch {
    return null; // OpenSSL takes any 1,312 bytes; should that change, such a key verifies nothing
  }
}
