/**
 * What every verifier must do, as one suite: it says yes to what an owner signed, and no to everything else.
 * Owns: the claims and the judgement. Used on every verifier, and on planted wrong ones, which it must catch.
 */
import assert from 'node:assert/strict';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import fc from 'fast-check';
import { createIdentity } from '#node/host/identity.ts';
import type { Verifier } from '#node/host/verification/verifier.ts';

export const testContext = 'test/verification/1';

export interface Claim {
  readonly publicKey: Uint8Array;
  readonly context: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export type Check = Pick<Verifier, 'verify'>;

export const alice = createIdentity(new Uint8Array(32).fill(1));
export const bob = createIdentity(new Uint8Array(32).fill(2));

/** Another message for each number. */
export async function genuineClaim(number: number, identity = alice): Promise<Claim> {
  const message = Buffer.from(`message ${number} of the suite`);
  return {
    publicKey: identity.publicKey,
    context: testContext,
    message,
    signature: await identity.sign(testContext, message),
  };
}

export function ask(verifier: Check, { publicKey, context, message, signature }: Claim): Promise<boolean> {
  return verifier.verify(publicKey, context, message, signature);
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** The whole law. Each claim is asked twice, so that an answer that is remembered is judged too. */
export async function obeysTheLaw(verifier: Check): Promise<void> {
  const claim = await genuineClaim(1);
  const other = await genuineClaim(2);
  const says = async (expected: boolean, claimed: Claim, what: string): Promise<void> => {
    for (const time of ['first', 'second'])
      assert.equal(await ask(verifier, claimed), expected, `${what}, the ${time} time`);
  };
  await says(true, claim, 'what was signed');
  await says(false, { ...claim, context: 'test/verification/2' }, 'another context');
  await says(false, { ...claim, message: other.message }, 'another message');
  await says(false, { ...claim, message: new Uint8Array(0) }, 'no message');
  await says(false, { ...claim, signature: other.signature }, 'the signature of another message');
  await says(false, { ...claim, publicKey: bob.publicKey }, 'the key of another');
  await says(false, { ...claim, signature: new Uint8Array(2_420) }, 'a signature of zeros');
  await flips(claim, says);
  await foreignSignature(says);
  await says(true, claim, 'what was signed, once more');
  await says(true, other, 'another that was signed');
}

type Says = (expected: boolean, claim: Claim, what: string) => Promise<void>;

async function flips(claim: Claim, says: Says): Promise<void> {
  const { publicKey, message, signature } = claim;
  const bits = (bytes: Uint8Array): number[] => [0, 8 * 17, 8 * bytes.length - 1];
  for (const bit of bits(signature))
    await says(false, { ...claim, signature: flipped(signature, bit) }, `bit ${bit} of the signature`);
  for (const bit of bits(publicKey))
    await says(false, { ...claim, publicKey: flipped(publicKey, bit) }, `bit ${bit} of the key`);
  for (const bit of bits(message))
    await says(false, { ...claim, message: flipped(message, bit) }, `bit ${bit} of the message`);
}

/** Another implementation of the scheme signs, with a key of its own. */
async function foreignSignature(says: Says): Promise<void> {
  const { publicKey, secretKey } = ml_dsa44.keygen(new Uint8Array(32).fill(9));
  const message = Buffer.from('signed elsewhere');
  const context = Buffer.from(testContext);
  const signature = ml_dsa44.sign(message, secretKey, { context });
  await says(true, { publicKey, context: testContext, message, signature }, 'a foreign signature');
  const bare = ml_dsa44.sign(message, secretKey);
  await says(
    false,
    { publicKey, context: testContext, message, signature: bare },
    'a foreign one without context',
  );
}

/** Keys and signatures of any length: never an error, never a yes. */
export async function bearsHostileSizes(verifier: Check, runs: number): Promise<void> {
  const claim = await genuineClaim(3);
  const around = (length: number) =>
    fc
      .oneof(fc.constantFrom(0, 1, length - 1, length, length + 1, 2 * length), fc.nat({ max: 3_000 }))
      .chain((size) => fc.uint8Array({ minLength: size, maxLength: size, size: 'max' }));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constant(claim.publicKey), around(1_312)),
      fc.oneof(fc.constant(claim.signature), around(2_420)),
      fc.uint8Array({ maxLength: 300, size: 'max' }),
      async (publicKey, signature, message) => {
        assert.equal(await verifier.verify(publicKey, testContext, message, signature), false);
      },
    ),
    { numRuns: runs },
  );
}
