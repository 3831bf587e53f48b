/** Goal: attackers' effects are shown across the rows of a scenario and nowhere else. Method: read words and chart jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byzantineBlock, byzantineCharts } from '#reports/scale/byzantine-block.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const input = campaignFixture();
const document = scaleDocument(input);

test('a scenario without attackers has no block', () => {
  assert.equal(byzantineBlock(document, 'LT-003', new Map()), null);
});

test('every share has a line, ascending, compared with the quietest row', () => {
  const text = wordsOf(byzantineBlock(document, 'CT-003', new Map())?.markup ?? '');
  const places = [10, 20, 30, 33].map((share) => text.indexOf(`byzantine=${share}%`));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(places.every((place) => place > 0));
  assert.match(text, /against CT-003\/byzantine=10%/);
});

test('a curve needs three shares of one attack', () => {
  assert.equal(byzantineCharts(document).length, 1);
  const two = { ...input.plan, rows: input.plan.rows.filter((row) => !/=3\d%/.test(row.rowId)) };
  assert.equal(byzantineCharts(scaleDocument({ ...input, plan: two })).length, 0);
});
