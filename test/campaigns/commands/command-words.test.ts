/**
 * Text that commands print: tables, verdicts, values of options, and what is missing before money is spent.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '#budgets/limits.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { approvalHashOf, approvalOf, type MoneyOptions, whatIsMissing } from '#campaigns/approvals.ts';
import { stylesFor } from '#campaigns/commands/command-output.ts';
import {
  choiceOption,
  collected,
  dollarsOption,
  probabilityOption,
  scenarioName,
} from '#campaigns/commands/option-values.ts';
import { withCapabilities } from '#campaigns/commands/plan-request.ts';
import { formatFigure, textTable } from '#campaigns/commands/text-table.ts';
import { reasonsOf, verdictText } from '#campaigns/commands/verdict-table.ts';
import { ConfigError } from '#campaigns/config-error.ts';
import { forecastPlan } from '#campaigns/forecast-plan.ts';
import { fakePlan, fakeRow } from '#test/support/fake-campaign.ts';

const plain = stylesFor({ color: false });

test('a table is as wide as its longest cell and numbers stand to the right', () => {
  const table = textTable(
    [{ title: 'row' }, { title: 'n', align: 'right' }],
    [
      ['a', '1,000'],
      ['long', '2'],
    ],
  );
  assert.equal(table, 'row       n\n----  -----\na     1,000\nlong      2\n');
});

test('figures have four significant digits and no exponent', () => {
  assert.deepEqual([0.012345, 12.3456, 1234.5, 1_234_567, 0, 3].map(formatFigure), [
    '0.01235',
    '12.35',
    '1,235',
    '1,234,567',
    '0',
    '3',
  ]);
});

test('values of options are read or refused in one line', () => {
  assert.equal(dollarsOption('--budget')('1,000.50'), 1_000_500_000);
  assert.equal(probabilityOption('--safety')('1e-9'), 1e-9);
  assert.equal(choiceOption('--tier', ['auto', 'message'])('auto'), 'auto');
  assert.deepEqual(collected('b', collected('a', undefined)), ['a', 'b']);
  assert.equal(scenarioName('LT-001'), 'LT-001');
  const refused = [
    () => dollarsOption('--budget')('much'),
    () => probabilityOption('--safety')('1'),
    () => choiceOption('--tier', ['a'])('b'),
  ];
  for (const read of refused)
    assert.throws(read, (error) => error instanceof ConfigError && !error.message.includes('\n'));
});

const criterion = {
  metric: 'latency.p95',
  unit: 'ms',
  written: 'at_most: 100ms',
  note: null,
  limit: 100,
  observed: 120,
  interval: [110, 130] as const,
  repetitions: 3,
  margin: -20,
  status: 'FAILED' as const,
  reason: '',
  wouldAnswer: '',
};
const doubtful = {
  ...criterion,
  observed: null,
  interval: null,
  margin: null,
  status: 'INCONCLUSIVE' as const,
  reason: 'too short',
  wouldAnswer: 'run longer',
};

test('the verdict shows observed, limit, margin, interval and status of every criterion', () => {
  const plan = fakePlan('c', [fakeRow('A', 1)]);
  const rows = [{ rowId: 'A', status: 'FAILED' as const, reason: '', validity: [], criteria: [criterion] }];
  const verdict: CampaignVerdict = { version: 1, campaign: 'c', status: 'FAILED', rows };
  const text = verdictText(plan, verdict, plain);
  assert.match(text, /latency\.p95 +120 ms +at_most: 100ms +-20 +3 +110 \.\. 130 +FAILED/);
  assert.match(text, /phase1 on the simulator: FAILED \(1 FAILED\)\n$/);
});

test('criteria with the same reason share a line, and the row does not repeat it', () => {
  const row = {
    rowId: 'A',
    status: 'INCONCLUSIVE' as const,
    reason: 'latency.p95: too short',
    validity: [{ name: 'load', observed: '50 %', required: '95 %', holds: false }],
    criteria: [doubtful, { ...doubtful, metric: 'latency.p99' }],
  };
  assert.deepEqual(reasonsOf(row), [
    'load: 50 %, required 95 %',
    'latency.p95, latency.p99: too short; would answer it: run longer',
  ]);
});

test('a row that needs what the target cannot do is skipped with the reason', () => {
  const capabilities = {
    name: 'simulator' as const,
    faults: new Set(['kill']),
    attacks: new Set(['random']),
    nodesMost: 500,
  };
  const fault = { kind: 'disk', nodes: 1, atUs: 0, forUs: 1 } as const;
  const skipped = withCapabilities(fakeRow('A', 1, { faults: [fault], nodes: 900 }), capabilities);
  assert.match(skipped.skip ?? '', /the fault "disk", 900 nodes/);
  assert.equal(withCapabilities(fakeRow('A', 1), capabilities).skip, null);
  assert.equal(
    withCapabilities(fakeRow('A', 1, { faults: [fault], tier: 'analytic' }), capabilities).skip,
    null,
  );
});

const money: MoneyOptions = {
  limits: defaultLimits,
  budgetGiven: false,
  approve: null,
  now: () => '2026-11-21T00:00:00.000Z',
};

test('on the simulator nothing is missing; in the cloud approval, credentials and deployment are', () => {
  const local = fakePlan('c', [fakeRow('A', 1)]);
  const forecastLocal = forecastPlan(local, null);
  assert.deepEqual(whatIsMissing(local, approvalOf(local, forecastLocal, money), forecastLocal, money), []);
  const cloud = fakePlan('c', [fakeRow('A', 1, { nodes: 1_000 })], {
    target: 'kubernetes',
    stack: '1k-nodes',
    phase: 'phase2',
  });
  const forecast = forecastPlan(cloud, null);
  const missing = whatIsMissing(cloud, approvalOf(cloud, forecast, money), forecast, money).join('\n');
  for (const word of ['approval: ', 'deployment: ']) assert.ok(missing.includes(word), word);
});

test('an approval is bound to plan, prices and limits, not to the name of the campaign', () => {
  const plan = fakePlan('c1', [fakeRow('A', 1)]);
  const hash = approvalHashOf(plan, defaultLimits);
  assert.equal(approvalHashOf({ ...plan, campaign: 'c2' }, defaultLimits), hash);
  assert.notEqual(approvalHashOf({ ...plan, seed: 2 }, defaultLimits), hash);
  assert.notEqual(approvalHashOf(plan, { ...defaultLimits, perRun: defaultLimits.campaign }), hash);
});
