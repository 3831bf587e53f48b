/** Goal: a row's article leaves nothing out that the row has. Method: read its words for rows with and without parts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowDocument } from '#reports/scale/row-document.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { scenarioAnchor, scenarioSection } from '#reports/scale/scenario-section.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const { rows } = scaleDocument(campaignFixture());
const rowOf = (rowId: string): RowDocument => rows.find((row) => row.rowId === rowId)!;
const words = (row: RowDocument): string => wordsOf(scenarioSection([row], new Map(), null).markup);

test('a fault is told with what was seen of it and how long recovery took', () => {
  const text = words(rowOf('CT-002/nodes=500'));
  assert.match(text, /partition two groups of 250 nodes/);
  assert.match(text, /60 s to 90 s 3 of 3 1,204,551 messages dropped/);
  assert.match(text, /4\.2 s/);
});

test('an assumption that does not hold is told as such', () => {
  const row = rowOf('LT-001/nodes=500');
  const broken = { ...row, validity: row.validity.map((check) => ({ ...check, holds: false })) };
  assert.doesNotMatch(words(row), /does not hold/);
  assert.match(words(broken), /does not hold load reached/);
});

test('an undecided criterion says what would answer it', () => {
  assert.match(words(rowOf('RM-101/nodes=500')), /Would answer it: npm run campaign phase2/);
});

test('a compressed window says by how much', () => {
  assert.match(words(rowOf('LT-001/nodes=500')), /2 min measured of 60 min asked, compressed 30 times/);
});

test('anomalies are listed with the number of repetitions', () => {
  assert.match(words(rowOf('CT-003/byzantine=30%')), /no vertex of the last 40 s .* \(3 repetitions\)/);
});

test('a skipped row says why and shows no figures', () => {
  const text = words(rowOf('CT-001/nodes=250'));
  assert.match(text, /cannot inject disk failures/);
  assert.doesNotMatch(text, /queued at the end/);
});

test('rows of one scenario share one section', () => {
  const group = rows.filter((row) => row.scenarioId === 'LT-003');
  const markup = scenarioSection(group, new Map(), null).markup;
  assert.equal(markup.split('<section ').length - 1, 1);
  assert.equal(markup.split('<article ').length - 1, 4);
  assert.ok(markup.includes(`id="${scenarioAnchor('LT-003')}"`));
});

test('a reason that all open criteria share is told once', () => {
  const row = rowOf('LT-001/nodes=500');
  const criteria = row.criteria.map((criterion) => ({
    ...criterion,
    status: 'INCONCLUSIVE' as const,
    reason: 'the window is too short',
    wouldAnswer: 'a longer window',
  }));
  const text = words({ ...row, status: 'INCONCLUSIVE', criteria });
  assert.equal(text.split('the window is too short').length - 1, 1);
  assert.match(text, /4 criteria share one reason/);
});
