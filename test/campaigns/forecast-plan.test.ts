/** From a plan to its forecast: hours, repetitions, traffic and the stack. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import { forecastInputOf, forecastPlan, moneyOf, stackOf } from '#campaigns/forecast-plan.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import { phase1Rows, planOf } from '#test/reports/finance/finance-fixture.ts';
import { runRecord } from '#test/support/run-result.ts';

const sheet = readPriceSheet();
const sketch = { row: 'LT-001/nodes=1000', nodes: 1_000, measureMinutes: 60, warmupMinutes: 2 };

test('a row carries its planned duration, its cells and no traffic before anything was simulated', () => {
  const input = forecastInputOf(planOf('phase2', [sketch]), null, sheet, sheet.date);
  assert.deepEqual(input.rows, [
    {
      rowId: 'LT-001/nodes=1000',
      scenarioId: 'LT-001',
      label: '1000 nodes',
      nodes: 1_000,
      repetitions: 3,
      runUs: 62 * 60e6,
      bytesPerNodeSecond: null,
    },
  ]);
});

test('simulated traffic is the mean over the repetitions that exist, in bytes per second', () => {
  const plan = planOf('phase2', [sketch]);
  const at = (mbps: number): RunResult => runRecord({ resources: { avg_network_mbps: mbps } }).result;
  const results = new Map([
    ['LT-001/nodes=1000#0', at(8)],
    ['LT-001/nodes=1000#2', at(4)],
  ]);
  const [row] = forecastInputOf(plan, results, sheet, sheet.date).rows;
  assert.equal(row?.bytesPerNodeSecond, 750_000);
  assert.equal(forecastPlan(plan, results).forecast.rows[0]?.trafficBasis, 'simulated');
});

test('a row without cells is not forecast', () => {
  const plan = planOf('phase2', [sketch, { ...sketch, row: 'PR-001/none', repetitions: 0 }]);
  assert.deepEqual(
    forecastPlan(plan, null).forecast.rows.map((row) => row.rowId),
    ['LT-001/nodes=1000'],
  );
});

test('the stack is the one the plan names, else the one of its phase', () => {
  assert.equal(stackOf({ stack: '10k-nodes', phase: 'phase1' }).name, '10k-nodes');
  assert.equal(stackOf({ stack: 'mine', phase: 'phase3' }).name, '5k-nodes');
  assert.throws(() => stackOf({ stack: 'mine', phase: 'mine' }), { code: 'unknown-stack' });
});

test('phase1 buys nothing and is compared with the 1k stack', () => {
  const result = forecastPlan(planOf('phase1', phase1Rows), null);
  assert.equal(result.forecast.total.p90.usdMicros, 0);
  assert.equal(result.whatIf?.stack.name, '1k-nodes');
  assert.deepEqual(result.breaches, []);
});

test('feasibility compares the P50 of a run deployed alone and of the campaign with the limits, in the cloud only', () => {
  const forecast = forecastPlan(planOf('phase2', [sketch]), null);
  const money = moneyOf(forecast);
  const row = money?.rows.get('LT-001/nodes=1000');
  assert.equal(row?.runForecastUsdMicros, BigInt(forecast.forecast.rows[0]!.alone.p50.usdMicros));
  assert.equal(row?.perRunCapUsdMicros, 1_000_000_000n);
  assert.equal(money?.campaignForecastUsdMicros, BigInt(forecast.forecast.total.p50.usdMicros));
  assert.equal(moneyOf(forecastPlan(planOf('phase1', phase1Rows), null)), null);
});
