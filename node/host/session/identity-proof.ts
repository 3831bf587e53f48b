/**
 * The proof that an end of the session holds both keys of a member: its ML-DSA-44 key and its libp2p key (Ed25519).
 * Owns: the signed statement, the bytes of the proof, its verification. Does not own: key files (host/identity.ts), who is a member.
 *
 * Both keys sign the same statement: role, hash of the transcript, both public keys. So a signature is of use in one session
 * and one role only, and neither key can be combined with the other key of somebody else. Both signatures are mandatory.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { SessionError } from './session-error.ts';

export type Role = 'initiator' | 'responder';

export const mlDsaKeyBytes = 1_312;
export const mlDsaSignatureBytes = 2_420;
export const ed25519KeyBytes = 32;
export const ed25519SignatureBytes = 64;
export const proofBytes = mlDsaKeyBytes + ed25519KeyBytes + mlDsaSignatureBytes + ed25519SignatureBytes;

/** Context of the ML-DSA signature, and first line of the statement: Ed25519 has no context of its own. */
export const proofContext = 'bft-scale/session/1';

/** The part of a node's identity that a session needs. */
export interface SessionIdentity {
  /** Raw ML-DSA-44. */
  readonly publicKey: Uint8Array;
  /** Seed of the Ed25519 key behind the libp2p peer id. */
  readonly peerSeed: Uint8Array;
  sign(context: string, message: Uint8Array): Promise<Uint8Array>;
}

export interface ProvenKeys {
  /** Raw ML-DSA-44. */
  readonly publicKey: Uint8Array;
  /** Raw Ed25519. */
  readonly peerKey: Uint8Array;
}

/** An identity with its Ed25519 key at hand. */
export class Prover {
  readonly publicKey: Uint8Array;
  readonly peerKey: Uint8Array;
  readonly #identity: SessionIdentity;
  readonly #peerPrivate: KeyObject;

  constructor(identity: SessionIdentity) {
    this.#identity = identity;
    this.#peerPrivate = createPrivateKey({
      key: Buffer.from(identity.peerSeed),
      format: 'raw-private',
      asymmetricKeyType: 'ed25519',
    });
    this.publicKey = identity.publicKey;
    this.peerKey = createPublicKey(this.#peerPrivate).export({ format: 'raw-public' });
  }

  async prove(role: Role, digest: Uint8Array): Promise<Uint8Array> {
    const said = statement(role, digest, this);
    const strong = await this.#identity.sign(proofContext, said);
    return Buffer.concat([this.publicKey, this.peerKey, strong, sign(null, said, this.#peerPrivate)]);
  }
}

/** The keys that the proof proves. `role`: of the end that made it. Throws SessionError. */
export function checkProof(proof: Uint8Array, role: Role, digest: Uint8Array): ProvenKeys {
  if (proof.length !== proofBytes) throw new SessionError('size', `a proof of ${proof.length} bytes`);
  let at = 0;
  const take = (bytes: number): Buffer => {
    at += bytes;
    return Buffer.from(proof.subarray(at - bytes, at));
  };
  const keys = { publicKey: take(mlDsaKeyBytes), peerKey: take(ed25519KeyBytes) };
  const strong = take(mlDsaSignatureBytes);
  const classical = take(ed25519SignatureBytes);
  const said = statement(role, digest, keys);
  const context = Buffer.from(proofContext);
  if (!verify(null, said, { key: publicKeyOf(keys.publicKey, 'ml-dsa-44'), context }, strong))
    throw new SessionError('signature-ml-dsa', 'the ML-DSA-44 signature of the session does not verify');
  if (!verify(null, said, publicKeyOf(keys.peerKey, 'ed25519'), classical))
    throw new SessionError('signature-ed25519', 'the Ed25519 signature of the session does not verify');
  return keys;
}

function statement(role: Role, digest: Uint8Array, { publicKey, peerKey }: ProvenKeys): Uint8Array {
  return Buffer.concat([Buffer.from(`${proofContext}\n${role}\n`), digest, publicKey, peerKey]);
}

function publicKeyOf(key: Buffer, asymmetricKeyType: 'ml-dsa-44' | 'ed25519'): KeyObject {
  try {
    return createPublicKey({ key, format: 'raw-public', asymmetricKeyType });
  } catch (cause) {
    throw new SessionError('identity-key', `no ${asymmetricKeyType} public key`, { cause });
  }
}
