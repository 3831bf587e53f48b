// Goal: limits are picked by direction and scope; figures are shown as people read them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lowerLimits, shown, upperLimits, worst } from '#campaigns/feasibility/finding.ts';
import { criterion } from './example-spec.ts';

const criteria = [
  criterion('latency.p95', 'at_most', 500),
  criterion('latency.p95', 'below', 100),
  criterion('latency.p95', 'at_least', 1),
  { ...criterion('latency.p95', 'at_most', 5), scope: 'scenario' as const },
];

test('the tightest limit comes first and scenario-wide criteria are left out', () => {
  assert.deepEqual(
    upperLimits(criteria, ['latency.p95']).map((c) => c.limit),
    [100, 500],
  );
  assert.deepEqual(
    lowerLimits(criteria, ['latency.p95']).map((c) => c.limit),
    [1],
  );
});

test('the worst conclusion wins', () => {
  assert.equal(worst([]), 'possible');
  assert.equal(worst([{ conclusion: 'marginal' }, { conclusion: 'possible' }]), 'marginal');
  assert.equal(worst([{ conclusion: 'cannot-pass' }, { conclusion: 'marginal' }]), 'cannot-pass');
});

test('figures are short, and exponents appear only where digits would not help', () => {
  assert.deepEqual(
    [shown(12.34567), shown(0), shown(1e-9), shown(123_456_789), shown(Infinity), shown(-Infinity)],
    ['12.35', '0', '1.00e-9', '1.23e+8', 'infinite', 'none'],
  );
});
