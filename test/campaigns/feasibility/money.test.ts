// Goal: amounts are compared exactly at the caps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaignMoneyFinding, rowMoneyFinding } from '#campaigns/feasibility/money.ts';

const row = { perRunCapUsdMicros: 1_000_000_000n, repetitions: 3, hours: 4, vmHours: 280, nodesPerVm: 15 };

test('the cap itself is affordable, one micro-dollar more is not', () => {
  assert.equal(rowMoneyFinding({ ...row, runForecastUsdMicros: 1_000_000_000n }).conclusion, 'marginal');
  assert.equal(rowMoneyFinding({ ...row, runForecastUsdMicros: 1_000_000_001n }).conclusion, 'cannot-pass');
  assert.equal(rowMoneyFinding({ ...row, runForecastUsdMicros: 100_000_000n }).conclusion, 'possible');
});

test('a campaign over its cap says by how much durations must shrink', () => {
  const found = campaignMoneyFinding({
    campaignForecastUsdMicros: 25_000_000_000n,
    campaignCapUsdMicros: 10_000_000_000n,
    rows: new Map(),
  });
  assert.deepEqual(found.nearest!.values, { duration_factor: 0.4, nodes_per_vm_factor: 2.5 });
  assert.equal(
    campaignMoneyFinding({ campaignForecastUsdMicros: 1n, campaignCapUsdMicros: 10n, rows: new Map() })
      .conclusion,
    'possible',
  );
});
