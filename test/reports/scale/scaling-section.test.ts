/** Goal: the scaling part draws and tells what the analysis found. Method: read words and chart jobs of altered campaigns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { scalingCharts, scalingSection } from '#reports/scale/scaling-section.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const input = campaignFixture();
const document = scaleDocument(input);

test('only rows that differ by their size form a scale', () => {
  assert.deepEqual(
    scalingCharts(document).map((job) => job.id),
    ['scaling-0-LT-003-speed', 'scaling-0-LT-003-resources'],
  );
});

test('every size has a line with throughput, p95 and efficiency', () => {
  const text = wordsOf(scalingSection(document, new Map()).markup);
  for (const size of ['100 ', '250 ', '500 ', '1,000 ']) assert.ok(text.includes(size));
  assert.match(text, /100 % excellent/);
  assert.match(text, /% poor/);
});

test('a reader is warned that efficiency falls by definition when the load stays the same', () => {
  assert.match(wordsOf(scalingSection(document, new Map()).markup), /falls by its definition/);
  const growing = { ...document, scaling: document.scaling.map((one) => ({ ...one, sameLoad: false })) };
  assert.doesNotMatch(wordsOf(scalingSection(growing, new Map()).markup), /falls by its definition/);
});

test('one size alone is not called scaling', () => {
  const plan = { ...input.plan, rows: input.plan.rows.filter((row) => row.rowId === 'LT-001/nodes=500') };
  const small = scaleDocument({ ...input, plan });
  assert.deepEqual(scalingCharts(small), []);
  assert.match(wordsOf(scalingSection(small, new Map()).markup), /nothing can be said about scaling/);
});
