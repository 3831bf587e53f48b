/** Goal: bottlenecks, assumptions and reproduction are complete. Method: read their words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assumptionSection, bottleneckSection, reproduceSection } from '#reports/scale/closing-sections.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

const document = scaleDocument(campaignFixture());

test('the worst rows of each bottleneck are told with what would help, every other row is named', () => {
  const text = wordsOf(bottleneckSection(document).markup);
  const payload = document.bottlenecks.filter((one) => one.kind === 'network-efficiency');
  assert.ok(payload.length > 3);
  const worst = payload.toSorted((a, b) => a.observed - b.observed).slice(0, 3);
  for (const one of worst) assert.ok(text.includes(one.finding) && text.includes(one.recommendation));
  for (const one of payload) assert.ok(text.includes(one.rowId));
  assert.equal(text.split('is finalised payload').length - 1, 3);
});

test('limits of the model are told only where figures are simulated', () => {
  assert.match(wordsOf(assumptionSection(document).markup), /Limits of the model/);
  assert.doesNotMatch(
    wordsOf(assumptionSection({ ...document, provenance: 'MEASURED' }).markup),
    /Limits of the model/,
  );
});

test('without a bottleneck the rules that were checked are named', () => {
  assert.match(
    wordsOf(bottleneckSection({ ...document, bottlenecks: [] }).markup),
    /No rule found a bottleneck/,
  );
});

test('every figure of the calibration is printed, and whose it is', () => {
  const text = wordsOf(assumptionSection(document).markup);
  const { calibration } = document.rows[0]!.spec!;
  assert.ok(text.includes(calibration.name));
  for (const words of [
    'sign vertex 381 µs',
    'sync disk 750 µs',
    'vertex fixed 2,540 B',
    'per peer 92,160 B',
  ]) {
    assert.ok(text.includes(words), words);
  }
});

test('each network profile is told once, one way, with its source', () => {
  const text = wordsOf(assumptionSection(document).markup);
  assert.equal(text.split('wan: 50 ms to 200 ms one way').length - 1, 1);
  assert.match(text, /requirements 2\.1/);
});

test('compression and message budget stand beside every row that was run', () => {
  const text = wordsOf(assumptionSection(document).markup);
  assert.match(text, /RM-101\/nodes=500 24 h 4 min 360 ×/);
  assert.match(text, /120,000,000/);
});

test('seeds, keys and hashes of every run are printed', () => {
  const text = wordsOf(reproduceSection(document).markup);
  for (const run of document.rows.flatMap((row) => row.runs)) {
    assert.ok(
      text.includes(String(run.seed)) && text.includes(run.traceHash) && text.includes(run.determinismKey),
    );
  }
});
