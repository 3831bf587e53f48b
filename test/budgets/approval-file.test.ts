/** Approvals as signed files: what was changed, forged, signed by another or for another role does not count. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { type ApprovalNeed, approvalState, rolesFor } from '#budgets/approval.ts';
import {
  type ApprovalDocument,
  readApprovals,
  SIGNATURE_SUFFIX,
  writeApproval,
} from '#budgets/approval-file.ts';
import { parseUsd } from '#budgets/money.ts';
import { createKeyPair, type SignerRegister } from '#budgets/signature.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'approvals-'));
after(() => rmSync(root, { recursive: true, force: true }));
const [ada, bo, eve] = [createKeyPair(), createKeyPair(), createKeyPair()];
const since = '2026-11-01T00:00:00Z';
const register: SignerRegister = {
  version: 1,
  signers: [
    {
      name: 'ada',
      roles: ['engineering', 'budget-owner', 'finance'],
      publicKey: ada.publicKey,
      since,
      revoked: null,
    },
    { name: 'bo', roles: ['finance'], publicKey: bo.publicKey, since, revoked: '2026-11-20T00:00:00Z' },
  ],
};
const hash = 'a'.repeat(64);
const now = '2026-11-28T12:00:00Z';

function approval(changes: Partial<ApprovalDocument> = {}): ApprovalDocument {
  return {
    version: 1,
    hash,
    phase: 'phase2',
    role: 'engineering',
    person: 'ada',
    at: '2026-11-28T11:00:00Z',
    amount: '$420.00',
    comment: 'go',
    overrides: [],
    ...changes,
  };
}

function need(amount: string): ApprovalNeed {
  const usd = parseUsd(amount);
  return {
    needed: true,
    amount: usd,
    roles: rolesFor(usd),
    people: usd > parseUsd('1000') ? 2 : 1,
    why: amount,
  };
}

let folders = 0;
function fresh(): string {
  folders += 1;
  return path.join(root, String(folders));
}

test('a signed approval is read back and counts until it expires or the plan changes', () => {
  const folder = fresh();
  assert.deepEqual(readApprovals(folder, register), { approvals: [], refused: [] });
  writeApproval(folder, approval(), ada.privateKeyPem, register);
  const { approvals, refused } = readApprovals(folder, register);
  assert.deepEqual(refused, []);
  assert.equal(approvalState(need('400'), hash, approvals, now).state, 'approved');
  assert.equal(approvalState(need('400'), 'b'.repeat(64), approvals, now).state, 'missing');
  assert.equal(approvalState(need('400'), hash, approvals, '2026-11-29T11:00:00Z').state, 'missing');
  assert.equal(approvalState(need('600'), hash, approvals, now).state, 'missing');
});

test('one person with all roles is not four eyes above 1,000 dollars', () => {
  const folder = fresh();
  for (const role of ['engineering', 'budget-owner', 'finance'] as const)
    writeApproval(folder, approval({ role }), ada.privateKeyPem, register);
  const { approvals } = readApprovals(folder, register);
  assert.equal(approvals.length, 3);
  assert.equal(approvalState(need('1000'), hash, approvals, now).state, 'approved');
  assert.equal(approvalState(need('1000.01'), hash, approvals, now).state, 'missing');
});

test('a changed, unsigned, unreadable or forged file is refused by name', () => {
  const folder = fresh();
  const file = writeApproval(folder, approval(), ada.privateKeyPem, register);
  const text = readFileSync(file, 'utf8');
  const refusal = (): string => {
    const { approvals, refused } = readApprovals(folder, register);
    assert.equal(approvals.length, 0);
    return refused[0]?.why ?? '';
  };
  writeFileSync(file, text.replace('$420.00', '$42.00'));
  assert.match(refusal(), /changed or forged/);
  writeFileSync(file, text.replace('"engineering"', '"finance"'));
  assert.match(refusal(), /changed or forged/);
  writeFileSync(file, text.replace('"ada"', '"eve"'));
  assert.match(refusal(), /not in the register/);
  writeFileSync(file, text.slice(0, 30));
  assert.match(refusal(), /not JSON/);
  writeFileSync(file, text);
  rmSync(file + SIGNATURE_SUFFIX);
  assert.match(refusal(), /no signature/);
});

test('another key, a role that is not theirs, a revoked key: refused; nothing is written for them', () => {
  const folder = fresh();
  assert.throws(() => writeApproval(folder, approval(), eve.privateKeyPem, register), { code: 'bad-key' });
  assert.throws(() => writeApproval(folder, approval({ role: 'sponsor' }), ada.privateKeyPem, register), {
    code: 'bad-key',
  });
  assert.throws(() => writeApproval(folder, approval({ person: 'eve' }), eve.privateKeyPem, register), {
    code: 'bad-key',
  });
  const hasty = approval({ overrides: [{ subject: 'SK-002', reason: 'because' }] });
  assert.throws(() => writeApproval(folder, hasty, ada.privateKeyPem, register), { code: 'bad-key' });
  assert.deepEqual(readApprovals(folder, register).refused, []);
  writeApproval(folder, approval({ person: 'bo', role: 'finance' }), bo.privateKeyPem, register);
  assert.match(readApprovals(folder, register).refused[0]?.why ?? '', /revoked/);
  assert.deepEqual(readdirSync(folder).length, 2);
});
