/** Goal: what cannot pass is explained once, with its arithmetic, and tested against the runs. Method: read its words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeasibilityReport } from '#campaigns/feasibility/finding.ts';
import { feasibilitySection } from '#reports/scale/feasibility-section.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const input = campaignFixture();
const report = input.feasibility!;
const words = (feasibility: FeasibilityReport | null): string =>
  wordsOf(feasibilitySection(scaleDocument({ ...input, feasibility })).markup);

test('every line of arithmetic is shown with value, unit and origin', () => {
  const text = words(report);
  for (const finding of [...report.campaignFindings, ...report.rows.flatMap((row) => row.findings)]) {
    for (const { symbol, how } of finding.arithmetic)
      assert.ok(text.includes(symbol) && text.includes(how), symbol);
    if (finding.nearest !== null) assert.ok(text.includes(finding.nearest.achieves));
  }
});

test('the same finding for two rows is told once and names both', () => {
  const [first] = report.rows;
  const doubled = { ...report, rows: [first!, { ...first!, rowId: 'CT-003/byzantine=33%' }] };
  const text = words(doubled);
  assert.equal(text.split('P(success)').length - 1, 1);
  assert.ok(text.includes('CT-003/byzantine=30%') && text.includes('CT-003/byzantine=33%'));
});

test('a predicted failure that passed is reported as contradicted', () => {
  const [first] = report.rows;
  const wrong = { ...report, rows: [{ ...first!, rowId: 'CT-003/byzantine=10%' }] };
  assert.match(words(wrong), /Contradicted: 1/);
  assert.match(words(wrong), /passed although it was predicted to fail/);
  assert.match(words(report), /Borne out by the runs: 1\./);
});

test('a finding that leaves no margin is kept apart from what cannot pass', () => {
  const text = words(report);
  assert.ok(text.indexOf('Possible, but not certain') > text.indexOf('Byzantine tolerance'));
  assert.ok(text.indexOf('Latency floor') > text.indexOf('Possible, but not certain'));
});

test('nothing found and not checked are different sentences', () => {
  const none = { ...report, rows: [], campaignFindings: [] };
  assert.match(words(none), /found nothing that cannot pass/);
  assert.match(words(null), /was not checked/);
});
