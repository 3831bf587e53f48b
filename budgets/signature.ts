/**
 * Detached Ed25519 signatures over files, by people with names.
 * Owns: key pairs, the register of public keys, signing and verifying bytes. Does not own: what is signed (approvals, reports).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { BudgetError } from '#budgets/budget-error.ts';

export interface KeyPair {
  /** PKCS #8, PEM. Stays with its owner. */
  readonly privateKeyPem: string;
  /** SPKI, base64. Goes into the register. */
  readonly publicKey: string;
}

export function createKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/** Base64 of 64 bytes. Throws `bad-key` when the text is no Ed25519 private key. */
export function signDetached(data: string | Uint8Array, privateKeyPem: string): string {
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch {
    throw new BudgetError('bad-key', 'not a private key in PEM form');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new BudgetError('bad-key', 'not an Ed25519 key');
  return sign(null, Buffer.from(data), key).toString('base64');
}

/** SPKI, base64, of a private or public key in PEM form: as the register has it. Throws `bad-key`. */
export function publicKeyOf(pem: string): string {
  let key: ReturnType<typeof createPublicKey>;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new BudgetError('bad-key', 'not a key in PEM form');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new BudgetError('bad-key', 'not an Ed25519 key');
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** False for any signature that does not fit, however it is malformed. Throws `bad-key` for a broken public key. */
export function verifyDetached(data: string | Uint8Array, signature: string, publicKey: string): boolean {
  let key: ReturnType<typeof createPublicKey>;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' });
  } catch {
    throw new BudgetError('bad-key', 'not a public key in the register');
  }
  const bytes = Buffer.from(signature.trim(), 'base64');
  if (key.asymmetricKeyType !== 'ed25519' || bytes.length !== 64) return false;
  return verify(null, Buffer.from(data), key, bytes);
}

export const approvalRole = z.enum(['engineering', 'budget-owner', 'finance', 'sponsor']);
export type ApprovalRole = z.infer<typeof approvalRole>;

const signer = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'small letters, digits and hyphens'),
  roles: z.array(approvalRole).min(1),
  publicKey: z.string().min(1),
  /** ISO 8601, UTC. */
  since: z.iso.datetime(),
  /** Signatures made at or after this moment do not count; null = still valid. */
  revoked: z.iso.datetime().nullable(),
});
export type Signer = z.infer<typeof signer>;

const register = z.strictObject({ version: z.literal(1), signers: z.array(signer) });
/** Who may sign what: public, reviewed and kept under version control. */
export type SignerRegister = z.infer<typeof register>;

/** Throws `bad-key` naming the first thing that is wrong. */
export function parseRegister(text: string): SignerRegister {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BudgetError('bad-key', 'the register of signers is not JSON');
  }
  const parsed = register.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BudgetError('bad-key', `register of signers: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const names = parsed.data.signers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new BudgetError('bad-key', `register of signers: ${twice} is in it twice`);
  const keys = parsed.data.signers.map(({ publicKey }) => publicKey);
  if (new Set(keys).size !== keys.length)
    throw new BudgetError('bad-key', 'register of signers: two people share one key');
  return parsed.data;
}
