/** Goal: the first screen says what was tested, how it ended and how safe that is. Method: read its words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverSection, verdictSection } from '#reports/scale/cover-section.ts';
import { type ScaleDocument, scaleDocument } from '#reports/scale/scale-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const document = scaleDocument(campaignFixture());
const cover = (part: Partial<ScaleDocument> = {}): string =>
  wordsOf(coverSection({ ...document, ...part }).markup);
const verdicts = (part: Partial<ScaleDocument> = {}): string =>
  wordsOf(verdictSection({ ...document, ...part }).markup);

test('phase, campaign, code, sizes and scenarios are on the cover', () => {
  for (const words of [
    'phase1',
    document.campaign,
    document.codeVersion,
    '100, 150, 250, 500, 1,000 nodes',
    'CT-003',
  ]) {
    assert.ok(cover().includes(words), words);
  }
});

test('the cover names whose calibration figures were used', () => {
  assert.ok(cover().includes(document.calibrations[0]!.name));
});

test('each outcome has its own sentence', () => {
  const sentences = (['PASSED', 'FAILED', 'INCONCLUSIVE', 'ABORTED', 'SKIPPED'] as const).map((status) =>
    cover({ status }).slice(0, 120),
  );
  assert.equal(new Set(sentences).size, 5);
});

test('a campaign of real runs does not claim to be simulated', () => {
  assert.doesNotMatch(cover({ provenance: 'MEASURED' }), /SIMULATED|simulator, with/);
});

test('a conflict is told as a violation and never as a bound', () => {
  const safety = {
    ...document.summary.safety,
    conflicts: 1,
    violations: ['v1 and v2 conflict'],
    runBound: null,
    decisionBound: null,
  };
  const words = verdicts({ summary: { ...document.summary, safety } });
  assert.match(words, /Safety was violated/);
  assert.match(words, /v1 and v2 conflict/);
  assert.doesNotMatch(words, /upper bound/);
});

test('without a conflict the bound is shown with its arithmetic', () => {
  assert.match(verdicts(), /3 \/ 36 = 8\.33 % of runs/);
});

test('a failure that the arithmetic predicted says so, the others do not', () => {
  assert.equal(verdicts().split('Predicted: cannot pass').length - 1, 1);
  assert.doesNotMatch(verdicts({ predictions: [] }), /Predicted/);
});

test('a row whose assumptions do not hold names the assumption, not a criterion', () => {
  const rows = document.rows.map((row) => ({
    ...row,
    status: 'INCONCLUSIVE' as const,
    validity: [{ name: 'window long enough', observed: '14 times', required: '20 times', holds: false }],
  }));
  const words = verdicts({ rows });
  assert.equal(words.split('assumption not met: window long enough').length - 1, rows.length);
  assert.doesNotMatch(words, /latency\.p95/);
});
