/** Who must agree, to what exactly, and for how long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Approval,
  type ApprovalNeed,
  type ApprovalRole,
  approvalHash,
  approvalNeeded,
  approvalState,
  rolesFor,
} from '#budgets/approval.ts';
import { forecast } from '#budgets/forecast.ts';
import { parseUsd } from '#budgets/money.ts';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { HOUR_US } from '#budgets/run-cost.ts';
import { stackNamed } from '#budgets/stacks.ts';

const subject = { plan: '{"a":1}', priceSheet: '{"b":2}', limits: '{"c":3}' };
const hash = approvalHash(subject);
const now = '2026-11-21T12:00:00Z';

function approval(role: ApprovalRole, person: string, changes: Partial<Approval> = {}): Approval {
  return { hash, role, person, at: '2026-11-21T06:00:00Z', comment: '', ...changes };
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

test('the hash changes with each part and with text that moves between parts', () => {
  const others = [
    { ...subject, plan: '{"a":2}' },
    { ...subject, priceSheet: '{"b":3}' },
    { ...subject, limits: '{"c":4}' },
    { ...subject, plan: '{"a":1}{', priceSheet: '"b":2}' },
  ];
  assert.equal(new Set([hash, ...others.map(approvalHash)]).size, 5);
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(approvalHash({ ...subject }), hash);
});

test('the levels are 500, 1,000 and 5,000 dollars, inclusive', () => {
  const last = (amount: string) => rolesFor(parseUsd(amount)).at(-1);
  assert.deepEqual(['500', '500.000001', '1000', '1000.01', '5000', '5000.01'].map(last), [
    'engineering',
    'budget-owner',
    'budget-owner',
    'finance',
    'finance',
    'sponsor',
  ]);
  assert.deepEqual(rolesFor(parseUsd('9000')), ['engineering', 'budget-owner', 'finance', 'sponsor']);
});

test('a local phase needs no approval; a cloud phase needs it for its P90', () => {
  const sheet = readPriceSheet();
  const row = {
    rowId: 'R',
    scenarioId: 'R',
    label: '',
    nodes: 5_000,
    repetitions: 3,
    runUs: 16 * HOUR_US,
    bytesPerNodeSecond: null,
  };
  const of = (phase: string) =>
    approvalNeeded(
      forecast({ campaign: 'c', phase, stack: stackNamed(phase), sheet, asOf: sheet.date, rows: [row] }),
    );
  assert.equal(of('phase1').needed, false);
  const cloud = of('phase3');
  assert.ok(cloud.needed);
  assert.deepEqual([cloud.roles.at(-1), cloud.people], ['finance', 2]);
});

test('all roles must have signed the same hash within 24 hours', () => {
  const two = [approval('engineering', 'Ada'), approval('budget-owner', 'Bo')];
  assert.equal(approvalState(need('900'), hash, two, now).state, 'approved');
  assert.equal(approvalState(need('900'), hash, two.slice(1), now).state, 'missing');
  const otherPlan = [
    approval('engineering', 'Ada'),
    approval('budget-owner', 'Bo', { hash: 'f'.repeat(64) }),
  ];
  assert.equal(approvalState(need('900'), hash, otherPlan, now).state, 'missing');
  const at = (time: string) => [approval('engineering', 'Ada'), approval('budget-owner', 'Bo', { at: time })];
  assert.equal(approvalState(need('900'), hash, at('2026-11-20T12:00:00Z'), now).state, 'missing');
  assert.equal(approvalState(need('900'), hash, at('2026-11-20T12:00:01Z'), now).state, 'approved');
  assert.equal(approvalState(need('900'), hash, at('2026-11-22T12:00:00Z'), now).state, 'missing');
});

test('above 1,000 dollars one person in three roles is not enough', () => {
  const roles = ['engineering', 'budget-owner', 'finance'] as const;
  const alone = approvalState(
    need('2000'),
    hash,
    roles.map((role) => approval(role, 'Ada')),
    now,
  );
  assert.equal(alone.state, 'missing');
  const pair = approvalState(
    need('2000'),
    hash,
    roles.map((role, i) => approval(role, i === 0 ? 'Ada' : 'Bo')),
    now,
  );
  assert.ok(pair.state === 'approved');
  assert.equal(pair.validUntil, '2026-11-22T06:00:00.000Z');
});

test('nothing to approve stays nothing to approve', () => {
  assert.equal(approvalState({ needed: false, why: 'no cloud' }, hash, [], now).state, 'not-needed');
});
