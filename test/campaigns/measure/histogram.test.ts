// Goal: the histogram answers like the sorted list of what it was given. Method: small cases and both sides of bucket edges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '#campaigns/measure/histogram.ts';

test('an empty histogram knows nothing', () => {
  const empty = new Histogram();
  assert.equal(empty.quantileUs(0.5), null);
  assert.equal(empty.meanUs, null);
  assert.equal(empty.mostUs, null);
  assert.equal(empty.leastUs, null);
  assert.deepEqual(empty.toPairs(), []);
});

test('values below 256 are exact', () => {
  const histogram = new Histogram();
  for (let value = 0; value < 256; value += 1) histogram.record(value, 1);
  for (let rank = 1; rank <= 256; rank += 1) assert.equal(histogram.quantileUs(rank / 256), rank - 1);
  assert.equal(histogram.toPairs().length, 256);
});

test('a lone value is returned as it was, whatever its size', () => {
  for (const value of [0, 255, 256, 511, 4_294_967_295, 4_294_967_296, 2 ** 40 - 1, 2 ** 40, 2 ** 50]) {
    const histogram = new Histogram();
    histogram.record(value, 3);
    assert.equal(histogram.quantileUs(0.99), value);
    assert.equal(histogram.meanUs, value);
    assert.deepEqual(histogram.toPairs(), [[value / 1_000, 3]]);
  }
});

test('weights count as that many observations', () => {
  const histogram = new Histogram();
  histogram.record(10, 99);
  histogram.record(20, 1);
  assert.equal(histogram.total, 100);
  assert.equal(histogram.meanUs, 10.1);
  assert.equal(histogram.quantileUs(0.99), 10);
  assert.equal(histogram.quantileUs(0.991), 20);
});

test('observations that never came lie above every figure', () => {
  const histogram = new Histogram();
  histogram.record(10, 94);
  assert.equal(histogram.quantileUs(0.94, 6), 10);
  assert.equal(histogram.quantileUs(0.95, 6), null);
});

test('a reset histogram is as new', () => {
  const histogram = new Histogram();
  histogram.record(1_000_000, 7);
  histogram.reset();
  assert.deepEqual(histogram.toPairs(), []);
  histogram.record(5, 1);
  assert.equal(histogram.mostUs, 5);
  assert.equal(histogram.leastUs, 5);
});
