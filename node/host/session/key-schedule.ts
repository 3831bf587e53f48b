/**
 * From what was said and what is secret to the keys of a session.
 * Owns: the running hash of the transcript, the labels, HKDF. Does not own: the messages (handshake.ts), the secrets.
 *
 * Everything both ends saw goes into the transcript, the protocol id and the name of the network first: ends that saw
 * different bytes have different keys.
 */
import { hash, hkdfSync } from 'node:crypto';

/** Negotiated by its exact name. A change of any byte of the handshake or of the records needs a new number. */
export const sessionProtocol = '/bft-scale/pq-hybrid/1';
export const keyBytes = 32;
const digestName = 'sha256';

/** Keys of both directions: `initiator` seals what the initiator sends. */
export interface DirectionKeys {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

export class Transcript {
  #digest: Buffer;

  constructor(network: string) {
    this.#digest = hash(digestName, Buffer.from(`${sessionProtocol}\n${network}`), 'buffer');
  }

  /** SHA-256(hash so far, message). Messages have fixed lengths: no two transcripts run into each other. */
  add(message: Uint8Array): void {
    this.#digest = hash(digestName, Buffer.concat([this.#digest, message]), 'buffer');
  }

  get digest(): Uint8Array {
    return this.#digest;
  }
}

/** Keys that seal the two proofs of identity. `digest`: of the transcript up to the acceptance. */
export function proofKeys(secret: Uint8Array, digest: Uint8Array): DirectionKeys {
  return directions(secret, digest, 'proof');
}

/** Keys of the first records. `digest`: of the whole transcript. */
export function recordKeys(secret: Uint8Array, digest: Uint8Array): DirectionKeys {
  return directions(secret, digest, 'records');
}

/** The key that follows a used-up one. Whoever learns it cannot go back. */
export function nextKey(key: Uint8Array): Uint8Array {
  return expand(key, new Uint8Array(0), 'next');
}

function directions(secret: Uint8Array, digest: Uint8Array, label: string): DirectionKeys {
  return {
    initiator: expand(secret, digest, `${label} initiator`),
    responder: expand(secret, digest, `${label} responder`),
  };
}

function expand(secret: Uint8Array, salt: Uint8Array, label: string): Uint8Array {
  return new Uint8Array(hkdfSync(digestName, secret, salt, `${sessionProtocol} ${label}`, keyBytes));
}
