// Goal: quantiles within 1 %, merging equal to recording together. Method: compare with the sorted list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '#campaigns/measure/histogram.ts';

const seed = 20_260_302;
const value = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.integer({ min: 0, max: 2 ** 40 - 1 }),
);
const values = fc.array(value, { minLength: 1, maxLength: 300 });

test('every quantile is at most 1 % above the exact one and never below it', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const histogram = new Histogram();
      for (const one of list) histogram.record(one, 1);
      const sorted = [...list].sort((a, b) => a - b);
      const exact = sorted[Math.max(Math.ceil(share * list.length - 1e-9), 1) - 1]!;
      const found = histogram.quantileUs(share)!;
      assert.ok(found >= exact && found <= exact * 1.01, `${found} for ${exact}`);
      assert.equal(histogram.leastUs, sorted[0]);
      assert.equal(histogram.mostUs, sorted.at(-1));
    }),
    { seed, numRuns: 400 },
  );
});

test('merging two histograms equals recording everything in one', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const [left, right, both] = [new Histogram(), new Histogram(), new Histogram()];
      for (const one of a) left.record(one, 2);
      for (const one of b) right.record(one, 3);
      for (const one of a) both.record(one, 2);
      for (const one of b) both.record(one, 3);
      left.merge(right);
      assert.deepEqual(left.toPairs(), both.toPairs());
      assert.equal(left.total, both.total);
      assert.equal(left.meanUs, both.meanUs);
    }),
    { seed, numRuns: 60 },
  );
});

test('the serialised form is ascending and loses no observation', () => {
  fc.assert(
    fc.property(values, (list) => {
      const histogram = new Histogram();
      for (const one of list) histogram.record(one, 1);
      const pairs = histogram.toPairs();
      assert.equal(
        pairs.reduce((sum, [, count]) => sum + count, 0),
        list.length,
      );
      assert.ok(pairs.every(([upper], i) => i === 0 || upper > pairs[i - 1]![0]));
    }),
    { seed, numRuns: 60 },
  );
});
