/** Single sections of the cost report and its drawings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '#budgets/limits.ts';
import { formatUsd, parseUsd, sum } from '#budgets/money.ts';
import { costComponents } from '#budgets/stacks.ts';
import { assumptionsSection, rateSection, savingsSection } from '#reports/finance/basis-section.ts';
import { budgetSection, limitsSection } from '#reports/finance/budget-section.ts';
import { componentChart, runCostChart } from '#reports/finance/charts.ts';
import { coverSection, summarySection } from '#reports/finance/cover-section.ts';
import { componentP50, detailSection, unitSection } from '#reports/finance/detail-section.ts';
import { phase1Rows, phase3Rows, planOf, reportInput } from '#test/reports/finance/finance-fixture.ts';

const phase3 = reportInput(planOf('phase3', phase3Rows), {
  statuses: { 'SK-002/nodes=5000': 'INCONCLUSIVE' },
});
const { forecast } = phase3.forecast;

test('the drawing of run costs marks what is over the limit by a word, not only by colour', () => {
  const marked = (limit: string) =>
    [...runCostChart(forecast, parseUsd(limit)).markup.matchAll(/\u25b2 (P90 )?over/g)].length;
  assert.deepEqual([marked('1000'), marked('100000'), marked('0.01')], [2, 0, forecast.rows.length]);
});

test('the drawing of components shows shares that add up to a hundred per cent', () => {
  const shares = [...componentChart(forecast).markup.matchAll(/, ([\d.]+) %</g)].map((match) =>
    Number(match[1]),
  );
  assert.ok(shares.length >= 6);
  assert.ok(Math.abs(shares.reduce((total, share) => total + share, 0) - 100) < 0.5);
});

test('the components of a row add up to the cost of one run', () => {
  for (const row of forecast.rows) {
    assert.equal(
      sum(costComponents.map((component) => componentP50(row, [component]))),
      row.perRun.p50.usdMicros,
    );
  }
});

test('the cover has a line to sign for each role and every input hash', () => {
  const page = coverSection(phase3).markup;
  for (const role of ['Engineering', 'Budget owner', 'Finance', 'Sponsor'])
    assert.ok(page.includes(`>${role}: spending</td>`), role);
  assert.ok(page.includes('>Finance: this report</td>'), 'the report itself is signed, too');
  for (const { sha256 } of phase3.inputHashes) assert.ok(page.includes(sha256));
});

test('budget over spending is in brackets and its row is marked', () => {
  const page = budgetSection(phase3).markup;
  assert.match(page, /<tr class="over"><td class="left">SK-002\/nodes=5000/);
  assert.match(page, /\(\$19,\d{3}\.\d{2}\)/);
  assert.match(summarySection(phase3).markup, /\(\$1\d,\d{3}\.\d{2}\)/);
});

test('the limits section lists each breach; without one it says so', () => {
  const page = limitsSection(phase3).markup;
  for (const { subject } of phase3.forecast.breaches) assert.ok(page.includes(subject));
  assert.match(limitsSection(reportInput(planOf('phase1', phase1Rows))).markup, /nothing breaks a limit/);
});

test('the detail shows the verdict of the simulation, the packing and the arithmetic of the dearest run', () => {
  const page = detailSection(phase3).markup;
  assert.match(page, /\? INCONCLUSIVE/);
  assert.ok(page.includes('7,910 m allocatable'));
  assert.ok(page.includes('SK-002/nodes=5000, one repetition'));
});

test('the allocation distributes the shared cost completely', () => {
  const page = unitSection(phase3).markup;
  assert.ok(page.includes(formatUsd(forecast.total.p50.usdMicros)));
  assert.match(page, /Unallocated: \$0\.00/);
});

test('every price used is on the rate sheet with its source, and undated ones are marked', () => {
  const page = rateSection(phase3).markup;
  for (const { price } of forecast.rates) assert.ok(page.includes(price.item), price.item);
  assert.match(page, /! undated/);
});

test('savings and assumptions are never empty, also when nothing is bought', () => {
  const phase1 = reportInput(planOf('phase1', phase1Rows), { limits: defaultLimits });
  assert.match(savingsSection(phase3).markup, /Spot instead of on-demand/);
  assert.match(savingsSection(phase1).markup, /nothing to save/);
  assert.match(assumptionsSection(phase3).markup, /10 % higher/);
  assert.match(assumptionsSection(phase1).markup, /Excluded/);
});
