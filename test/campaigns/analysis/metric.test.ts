/** Declaring a metric: defaults, and the reader of a field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { across, field, row } from '#campaigns/analysis/metric.ts';
import { seen } from '#campaigns/analysis/reading.ts';
import { runRecord } from '#test/support/run-result.ts';

test('a metric says by itself what would answer it and is no safety metric unless declared', () => {
  const metric = row('tps', 'higher', 'A sentence.', () => seen(1));
  assert.equal(metric.scope, 'row');
  assert.equal(metric.safety, false);
  assert.equal(metric.everyRepetition, false);
  assert.match(metric.wouldAnswer, /\{scenario\}/);
  const wide = across('share', 'higher', 'A sentence.', () => seen(1), { safety: true, wouldAnswer: 'this' });
  assert.deepEqual([wide.scope, wide.safety, wide.wouldAnswer], ['scenario', true, 'this']);
});

test('a field that is null, or not a finite number, was not observed', () => {
  assert.deepEqual(field(() => null, 'why')(runRecord()), { kind: 'missing', why: 'why' });
  assert.equal(field(() => Number.NaN, 'why')(runRecord()).kind, 'missing');
  assert.deepEqual(field(() => 3, 'why')(runRecord()), { kind: 'value', value: 3 });
});
