/**
 * Checks to be done as one array of bytes, which is handed to a thread without copying.
 * Owns: the layout, its writer and reader. Does not own: threads, or what a batch is made of.
 *
 * Layout: per check the public key, the signature, context length u8, message length u32 little-endian, the context, the message.
 */
import type { BatchPool } from './batch-pool.ts';
import { publicKeyBytes, signatureBytes } from './verifier.ts';

export interface SignatureClaim {
  readonly publicKey: Uint8Array;
  readonly context: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

const lengthsAt = publicKeyBytes + signatureBytes;
const fixedBytes = lengthsAt + 5;

export function claimBytes({ context, message }: SignatureClaim): number {
  return fixedBytes + context.length + message.length;
}

/** Writes at `from`, returns what follows. Sizes were checked: key and signature have theirs, the context at most 255 bytes. */
export function writeClaim(claim: SignatureClaim, out: Uint8Array, from: number): number {
  const { publicKey, context, message, signature } = claim;
  out.set(publicKey, from);
  out.set(signature, from + publicKeyBytes);
  let at = from + lengthsAt;
  out[at++] = context.length;
  for (let shift = 0; shift < 32; shift += 8) out[at++] = message.length >>> shift;
  out.set(context, at);
  at += context.length;
  out.set(message, at);
  return at + message.length;
}

/** All claims one after the other, in memory from `pool`. */
export function packedClaims(claims: readonly SignatureClaim[], pool: BatchPool): Uint8Array<ArrayBuffer> {
  const bytes = pool.take(claims.reduce((sum, claim) => sum + claimBytes(claim), 0));
  let at = 0;
  for (const claim of claims) at = writeClaim(claim, bytes, at);
  return bytes;
}

/** Where the claim that begins at `from` ends. */
export function claimUntil(batch: Uint8Array, from: number): number {
  const at = from + lengthsAt;
  const low = batch[at + 1]! | (batch[at + 2]! << 8) | (batch[at + 3]! << 16);
  return from + fixedBytes + batch[at]! + low + batch[at + 4]! * 0x100_0000;
}

/** The claim that begins at `from`; its arrays are windows into `batch`. */
export function claimAt(batch: Uint8Array, from: number): SignatureClaim {
  const signatureAt = from + publicKeyBytes;
  const lengths = from + lengthsAt;
  const contextAt = from + fixedBytes;
  const messageAt = contextAt + batch[lengths]!;
  return {
    publicKey: batch.subarray(from, signatureAt),
    signature: batch.subarray(signatureAt, lengths),
    context: batch.subarray(contextAt, messageAt),
    message: batch.subarray(messageAt, claimUntil(batch, from)),
  };
}

/** True when the claim that begins at `from` is this one, byte for byte. */
export function isClaimAt(batch: Uint8Array, from: number, claim: SignatureClaim): boolean {
  return isSameClaim(claimAt(batch, from), claim);
}

export function isSameClaim(a: SignatureClaim, b: SignatureClaim): boolean {
  return (
    Buffer.compare(a.signature, b.signature) === 0 &&
    Buffer.compare(a.message, b.message) === 0 &&
    Buffer.compare(a.publicKey, b.publicKey) === 0 &&
    Buffer.compare(a.context, b.context) === 0
  );
}
