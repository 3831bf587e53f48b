/**
 * Who a node is: its ML-DSA-44 key, which signs, its Ed25519 seed, which names it to libp2p, and the node id.
 * Owns: derivation of both from one seed, signing with domain separation off the main thread.
 * Does not own: the file that keeps the seed (identity-file.ts), checking of signatures (verification/).
 */
import { createPrivateKey, createPublicKey, hkdfSync, randomBytes, sign as signWith } from 'node:crypto';
import { blake3 } from '#node/host/hash/blake3.ts';
import { keptSeed } from '#node/host/identity-file.ts';
import { contextBytes } from '#node/host/verification/signature-context.ts';

export const seedBytes = 32;

export interface Identity {
  /** Raw ML-DSA-44, 1,312 bytes. */
  readonly publicKey: Uint8Array;
  /** BLAKE3 of the public key, 32 bytes. */
  readonly nodeId: Uint8Array;
  /** Seed of the Ed25519 key, 32 bytes. Secret. */
  readonly peerSeed: Uint8Array;
  /** 2,420 bytes. The signature holds in this context only; computed in the thread pool. */
  sign(context: string, message: Uint8Array): Promise<Uint8Array>;
}

/** Two secrets from one: each is the hash of a label and the seed. */
function derived(label: string, seed: Uint8Array): Uint8Array {
  return blake3(Buffer.concat([Buffer.from(`bft-scale/identity/1/${label}\0`, 'utf8'), seed]));
}

/** With a seed of 32 bytes always the same identity; without one a new one. */
export function createIdentity(seed: Uint8Array = randomBytes(seedBytes)): Identity {
  if (seed.length !== seedBytes)
    throw new RangeError(`the seed of an identity has ${seedBytes} bytes, not ${seed.length}`);
  const privateKey = createPrivateKey({
    key: Buffer.from(derived('ml-dsa-44', seed)),
    format: 'raw-seed',
    asymmetricKeyType: 'ml-dsa-44',
  });
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'raw-public' }));
  return {
    publicKey,
    nodeId: blake3(publicKey),
    peerSeed: derived('ed25519', seed),
    sign: (context, message) =>
      new Promise((resolve, reject) => {
        signWith(null, message, { key: privateKey, context: contextBytes(context) }, (error, signature) =>
          error === null ? resolve(signature) : reject(error),
        );
      }),
  };
}

/** The identity of the file; a new one, written there first, when there is no file. Throws IdentityError. */
export async function loadIdentity(file: string): Promise<Identity> {
  return createIdentity(await keptSeed(file, (seed) => createIdentity(seed).nodeId));
}

/**
 * The identity of node `index` of the process `name` in the run that `secret` belongs to: the same wherever the process starts
 * again, also without its disk. For throwaway networks; whoever has the secret is every node of the run.
 */
export function derivedIdentity(secret: string, name: string, index: number): Identity {
  const seed = hkdfSync('sha256', secret, 'bft-scale/run-identity/1', `${name}/${index}`, seedBytes);
  return createIdentity(new Uint8Array(seed));
}
