/**
 * Approving from the command line, end to end: a key, a register, signatures, and starts that are refused or pass the approval step.
 * Method: the real program in a folder of its own; what is signed is then expired, forged, or made for other prices.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { writeApproval } from '#budgets/approval-file.ts';
import { parseRegister } from '#budgets/signature.ts';
import { campaignIn } from '#test/support/campaign-program.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'approve-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const campaign = campaignIn(folder);

const row = ['--scenario', 'LT-001', '--replications', '3'];
const start = (hash: string) => campaign('phase2', ...row, '--approve', hash);
const sign = (key: string, role: string) =>
  campaign(
    'approve',
    'phase2',
    ...row,
    '--sign',
    key,
    '--role',
    role,
    '--reason',
    'first scale test',
    '--json',
  );

/** Two signers with their keys; what keys must refuse. */
function registerSigners(): void {
  for (const [name, roles] of [
    ['ada', ['engineering', 'budget-owner']],
    ['bo', ['finance', 'sponsor']],
  ] as const) {
    assert.equal(campaign('signers', '--create-key', `${name}.pem`).status, 0);
    assert.equal(statSync(path.join(folder, `${name}.pem`)).mode & 0o777, 0o600);
    assert.equal(
      campaign('signers', '--add', name, '--key', `${name}.pem`, ...roles.flatMap((role) => ['--role', role]))
        .status,
      0,
    );
  }
  assert.equal(campaign('signers', '--create-key', 'ada.pem').status, 20); // never over another key
  assert.equal(campaign('signers', '--create-key', 'eve.pem').status, 0);
  const refused = sign('eve.pem', 'finance');
  assert.equal(refused.status, 20);
  assert.match(refused.stderr, /the key of nobody in the register/);
}

test('key, register and signatures; then what does not count starts nothing, and what counts passes the approval step', () => {
  registerSigners();
  const first = sign('ada.pem', 'engineering');
  assert.equal(first.status, 0, first.stderr);
  const { hash, need } = JSON.parse(first.stdout).approval;
  const others: string[] = need.roles.filter((role: string) => role !== 'engineering');
  const bare = start('0'.repeat(64));
  assert.equal(bare.status, 23);
  assert.match(bare.stdout, /not started/);
  for (const role of others)
    assert.equal(sign(role === 'budget-owner' ? 'ada.pem' : 'bo.pem', role).status, 0);

  const dry = () => campaign('phase2', ...row, '--approve', hash, '--dry-run').stdout;
  assert.match(dry(), /credentials: none of AWS_ACCESS_KEY_ID/);
  assert.doesNotMatch(dry(), /approval: /);

  const changedPlan = campaign('phase2', ...row, '--seed', '2', '--approve', hash);
  assert.equal(changedPlan.status, 23);
  assert.match(changedPlan.stdout, /another plan, other prices or other limits/);

  const signed = readdirSync(path.join(folder, 'approvals')).filter((name) =>
    name.endsWith('-engineering.json'),
  );
  const file = path.join(folder, 'approvals', signed[0] ?? '');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, good.replace('first scale test', 'second scale test'));
  const forged = start(hash);
  assert.equal(forged.status, 23);
  assert.match(forged.stdout, /changed or forged/);
  writeFileSync(file, good);

  const expired = { ...JSON.parse(good), at: new Date(Date.now() - 25 * 3_600_000).toISOString() };
  const pem = readFileSync(path.join(folder, 'ada.pem'), 'utf8');
  const registered = path.join(folder, 'approvals', 'signers', 'register.json');
  const register = parseRegister(readFileSync(registered, 'utf8'));
  writeApproval(path.join(folder, 'approvals'), expired, pem, register);
  const late = start(hash);
  assert.equal(late.status, 23);
  assert.match(late.stdout, /older than 24 h/);
  assert.match(campaign('approve', 'phase2', ...row, '--list').stdout, /expired: signed 25 h ago/);
  assert.equal(sign('ada.pem', 'engineering').status, 0);

  const shipped = path.join(root, 'budgets', 'price-sheets', '2026-11-21.json');
  mkdirSync(path.join(folder, 'prices'));
  const dearer = readFileSync(shipped, 'utf8').replace('"date":"2026-11-21"', '"date":"2026-11-22"');
  writeFileSync(path.join(folder, 'prices', '2026-11-22.json'), dearer);
  const changedPrice = start(hash);
  assert.equal(changedPrice.status, 23);
  assert.match(changedPrice.stdout, /another plan, other prices or other limits/);
  rmSync(path.join(folder, 'prices'), { recursive: true });

  assert.ok(!existsSync(path.join(folder, 'runs')), 'nothing was started');
});
