/**
 * Approvals as files: one JSON per person and role, with a detached signature beside it.
 * Owns: writing one whole or not at all, reading a folder, and why a file does not count. Does not own: who has to agree
 * (approval.ts), keys (signature.ts) or clocks.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Approval, ApprovalRole } from '#budgets/approval.ts';
import { BudgetError } from '#budgets/budget-error.ts';
import { approvalRole, type SignerRegister, signDetached, verifyDetached } from '#budgets/signature.ts';

const document = z.strictObject({
  version: z.literal(1),
  /** What is approved: the hash over plan, prices and limits. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  phase: z.string().min(1),
  role: approvalRole,
  person: z.string().min(1),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  /** What the approver saw, in words; not binding, the hash is. */
  amount: z.string().min(1),
  comment: z.string().min(1),
  /** Limits that are broken and accepted nevertheless; each needs its own reason. */
  overrides: z.array(z.strictObject({ subject: z.string().min(1), reason: z.string().min(10) })),
});
export type ApprovalDocument = z.infer<typeof document>;

export interface SignedApproval extends Approval {
  readonly overrides: readonly { readonly subject: string; readonly reason: string }[];
  readonly file: string;
}

export interface RefusedApproval {
  readonly file: string;
  readonly why: string;
}

export interface ApprovalsAtHand {
  /** Signed by a person of the register, for a role of theirs. Age and hash are judged by `approvalState`. */
  readonly approvals: readonly SignedApproval[];
  readonly refused: readonly RefusedApproval[];
}

/** One place for each (hash, person, role): signing twice replaces. */
export function approvalPath(
  folder: string,
  one: { readonly hash: string; readonly person: string; readonly role: ApprovalRole },
): string {
  return path.join(folder, `${one.hash.slice(0, 16)}-${one.person}-${one.role}.json`);
}

export const SIGNATURE_SUFFIX = '.sig';

/** Whole or absent. */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.tmp-${process.pid}`;
  writeFileSync(temporary, text);
  const descriptor = openSync(temporary, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/**
 * Signs and writes an approval; the signature is written first, so a document without one was never finished.
 * Throws `bad-key` when the person is not in the register, has not the role, or the key is another's.
 */
export function writeApproval(
  folder: string,
  approval: ApprovalDocument,
  privateKeyPem: string,
  register: SignerRegister,
): string {
  const parsed = document.safeParse(approval);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BudgetError('bad-key', `approval: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const signer = register.signers.find(({ name }) => name === approval.person);
  if (signer === undefined)
    throw new BudgetError('bad-key', `${approval.person} is not in the register of signers`);
  if (!signer.roles.includes(approval.role))
    throw new BudgetError(
      'bad-key',
      `${approval.person} may sign as ${signer.roles.join(', ')}, not as ${approval.role}`,
    );
  const text = `${JSON.stringify(parsed.data, null, 2)}\n`;
  const signature = signDetached(text, privateKeyPem);
  if (!verifyDetached(text, signature, signer.publicKey))
    throw new BudgetError(
      'bad-key',
      `the private key is not the one that the register has for ${approval.person}`,
    );
  mkdirSync(folder, { recursive: true });
  const file = approvalPath(folder, approval);
  writeWhole(`${file}${SIGNATURE_SUFFIX}`, `${signature}\n`);
  writeWhole(file, text);
  return file;
}

function readOne(file: string, register: SignerRegister): SignedApproval | RefusedApproval {
  const refuse = (why: string): RefusedApproval => ({ file, why });
  const text = readFileSync(file, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
  const parsed = document.safeParse(json);
  if (!parsed.success)
    return refuse(`${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  const { hash, role, person, at, comment, overrides } = parsed.data;
  const signer = register.signers.find(({ name }) => name === person);
  if (signer === undefined) return refuse(`${person} is not in the register of signers`);
  if (!signer.roles.includes(role)) return refuse(`${person} may not sign as ${role}`);
  const signatureFile = `${file}${SIGNATURE_SUFFIX}`;
  if (!existsSync(signatureFile)) return refuse('has no signature beside it');
  if (!verifyDetached(text, readFileSync(signatureFile, 'utf8'), signer.publicKey))
    return refuse(`the signature is not ${person}'s over this text: changed or forged`);
  if (signer.revoked !== null && Date.parse(at) >= Date.parse(signer.revoked))
    return refuse(`${person}'s key was revoked`);
  return { hash, role, person, at, comment, overrides, file };
}

/** Every approval of a folder, proven. An absent folder holds none. Throws `bad-key` for a broken register. */
export function readApprovals(folder: string, register: SignerRegister): ApprovalsAtHand {
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .sort()
    : [];
  const all = names.map((name) => readOne(path.join(folder, name), register));
  return {
    approvals: all.filter((one) => 'hash' in one),
    refused: all.filter((one) => 'why' in one),
  };
}
