/** Seeded chance: the laws that a forecast draws from, and that a larger parameter never draws less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  normalQuantile,
  poisson,
  quantileAt,
  retries,
  selectQuantile,
  uniform,
  uniforms,
} from '#budgets/draws.ts';

const many = uniforms(3, 9, 20_000);
const mean = (values: readonly number[]) => values.reduce((total, one) => total + one, 0) / values.length;

test('uniform numbers depend on seed, stream and index only, and fill the unit interval evenly', () => {
  assert.equal(many[7], uniform(3, 9, 7));
  assert.notEqual(uniform(3, 9, 7), uniform(3, 10, 7));
  assert.notEqual(uniform(3, 9, 7), uniform(4, 9, 7));
  const tenths = new Array<number>(10).fill(0);
  for (const u of many) tenths[Math.floor(u * 10)] = (tenths[Math.floor(u * 10)] ?? 0) + 1;
  // Chi-square with 9 degrees of freedom: above 27.9 once in a thousand.
  const chi = tenths.reduce((total, count) => total + (count - 2_000) ** 2 / 2_000, 0);
  assert.ok(chi < 27.9, String(chi));
});

test('Poisson draws have mean and variance of their law, small and large', () => {
  for (const expected of [0.3, 12, 900]) {
    const drawn = Array.from(many, (u) => poisson(expected, u));
    assert.ok(
      Math.abs(mean(drawn) - expected) < 5 * Math.sqrt(expected / 20_000) + 0.02,
      `mean of ${expected}`,
    );
    const variance = mean(drawn.map((one) => (one - expected) ** 2));
    assert.ok(Math.abs(variance / expected - 1) < 0.06, `variance of ${expected}: ${variance}`);
  }
});

test('retries fail with their share, each time', () => {
  const drawn = Array.from(many, (u) => retries(0.2, u, 3));
  const share = (least: number) => drawn.filter((count) => count >= least).length / drawn.length;
  assert.ok(Math.abs(share(1) - 0.2) < 0.012);
  assert.ok(Math.abs(share(2) - 0.04) < 0.006);
  assert.equal(Math.max(...drawn), 3);
  assert.equal(retries(0, 0.001, 3), 0);
});

test('the normal law at known places', () => {
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959964],
    [0.01, -2.326348],
    [0.999, 3.090232],
  ] as const) {
    assert.ok(Math.abs(normalQuantile(p) - z) < 1e-5, `${p}`);
  }
});

test('a larger mean never draws less (property, seed 7)', () => {
  const u = fc.double({ min: 0.0001, max: 0.9999, noNaN: true });
  const size = fc.double({ min: 0, max: 390, noNaN: true });
  fc.assert(
    fc.property(u, size, size, (at, a, b) => poisson(Math.min(a, b), at) <= poisson(Math.max(a, b), at)),
    { seed: 7, numRuns: 300 },
  );
});

test('quantile functions meet their points', () => {
  const points = [
    [0, 1],
    [0.5, 2],
    [1, 4],
  ] as const;
  assert.deepEqual(
    [0, 0.25, 0.5, 0.75, 1].map((u) => quantileAt(points, u)),
    [1, 1.5, 2, 3, 4],
  );
});

test('a quantile is the value at its rank of the sorted draws, whatever their order (property, seed 11)', () => {
  const draws = fc.array(fc.oneof(fc.double({ noNaN: true, min: 0, max: 1e9 }), fc.constantFrom(1, 2)), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(draws, fc.constantFrom(0, 0.1, 0.5, 0.9, 1), (values, share) => {
      const sorted = values.toSorted((a, b) => a - b);
      const rank = Math.max(1, Math.ceil(share * sorted.length));
      assert.equal(selectQuantile(Float64Array.from(values), share), sorted[rank - 1]);
    }),
    { seed: 11, numRuns: 500 },
  );
});
