/** Statistics against published tables and against simple-statistics. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearRegression, linearRegressionLine, rSquared, sampleStandardDeviation } from 'simple-statistics';
import { logGamma, regularisedBeta } from '#campaigns/analysis/beta-function.ts';
import {
  clopperPearson,
  linearFit,
  logFit,
  studentQuantile,
  summarise,
  wilson,
  zeroFailureBound,
} from '#campaigns/analysis/statistics.ts';

function close(actual: number | undefined, expected: number, tolerance: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

test('Student quantiles agree with the printed t table', () => {
  const table: readonly (readonly [freedom: number, p95: number, p975: number, p995: number])[] = [
    [1, 6.314, 12.706, 63.657],
    [2, 2.92, 4.303, 9.925],
    [4, 2.132, 2.776, 4.604],
    [9, 1.833, 2.262, 3.25],
    [30, 1.697, 2.042, 2.75],
    [120, 1.658, 1.98, 2.617],
  ];
  for (const [freedom, p95, p975, p995] of table) {
    close(studentQuantile(0.95, freedom), p95, 6e-4);
    close(studentQuantile(0.975, freedom), p975, 6e-4);
    close(studentQuantile(0.995, freedom), p995, 6e-4);
  }
  close(studentQuantile(0.975, 1), Math.tan(0.475 * Math.PI), 1e-9); // one degree of freedom is Cauchy
  close(studentQuantile(0.025, 7), -studentQuantile(0.975, 7), 1e-12);
  close(studentQuantile(0.975, 1e7), 1.959964, 1e-5);
});

test('log gamma agrees with factorials and with the square root of pi', () => {
  close(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-13);
  let factorial = 1;
  for (let n = 1; n <= 20; n += 1) {
    close(logGamma(n), Math.log(factorial), 1e-12 * Math.max(1, Math.log(factorial)));
    factorial *= n;
  }
});

test('the incomplete beta function equals the binomial tail it stands for', () => {
  // P(X >= 3) for X ~ Binomial(10, 0.3) = I_0.3(3, 8) = 1 - (0.7^10 + 10*0.3*0.7^9 + 45*0.09*0.7^8)
  const tail = 1 - (0.7 ** 10 + 10 * 0.3 * 0.7 ** 9 + 45 * 0.09 * 0.7 ** 8);
  close(regularisedBeta(0.3, 3, 8), tail, 1e-13);
  close(regularisedBeta(0.7, 8, 3), 1 - tail, 1e-13);
});

test('the interval of a mean is the t interval over repetitions', () => {
  const summary = summarise([9, 10, 11]);
  assert.equal(summary.mean, 10);
  close(summary.deviation, sampleStandardDeviation([9, 10, 11]), 1e-12);
  close(summary.interval?.[0], 10 - 4.302653 / Math.sqrt(3), 1e-5);
  close(summary.interval?.[1], 10 + 4.302653 / Math.sqrt(3), 1e-5);
});

test('one value has no interval, and equal values have one of no width', () => {
  assert.equal(summarise([5]).interval, null);
  assert.deepEqual(summarise([0.1, 0.1, 0.1]).interval, [0.1, 0.1]);
});

test('a summary of nothing, or of a value that is not finite, is refused', () => {
  assert.throws(() => summarise([]), RangeError);
  assert.throws(() => summarise([1, Number.POSITIVE_INFINITY]), RangeError);
});

test('Wilson intervals agree with Newcombe 1998', () => {
  const published: readonly (readonly [number, number, number, number])[] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [successes, trials, low, high] of published) {
    const interval = wilson(successes, trials);
    close(interval[0], low, 5e-5);
    close(interval[1], high, 5e-5);
  }
});

test('Clopper-Pearson intervals agree with Newcombe 1998', () => {
  const published: readonly (readonly [number, number, number, number])[] = [
    [81, 263, 0.2527, 0.3676],
    [15, 148, 0.0578, 0.1617],
    [0, 20, 0, 0.1684],
    [1, 29, 0.0009, 0.1776],
  ];
  for (const [successes, trials, low, high] of published) {
    const interval = clopperPearson(successes, trials);
    close(interval[0], low, 5e-5);
    close(interval[1], high, 5e-5);
  }
  assert.deepEqual(clopperPearson(20, 20)[1], 1);
});

test('no failure in N runs is published with the bound 3 / N', () => {
  assert.equal(zeroFailureBound(1_000), 0.003);
  assert.equal(zeroFailureBound(2), 1);
  assert.throws(() => zeroFailureBound(0), RangeError);
  // The exact one-sided bound is 1 - 0.05^(1/N): the published one is never below it.
  assert.ok(zeroFailureBound(1_000) >= 1 - 0.05 ** (1 / 1_000));
});

test('a linear fit agrees with simple-statistics', () => {
  const points: [number, number][] = [
    [1, 2.1],
    [2, 3.9],
    [3, 6.2],
    [4, 7.8],
    [5, 10.1],
  ];
  const fit = linearFit(points);
  const reference = linearRegression(points);
  close(fit?.slope, reference.m, 1e-12);
  close(fit?.intercept, reference.b, 1e-12);
  close(fit?.rSquared, rSquared(points, linearRegressionLine(reference)), 1e-12);
});

test('a logarithmic fit finds the law that made the points', () => {
  const fit = logFit([100, 500, 1_000, 5_000, 10_000].map((n) => [n, 12 + 7 * Math.log(n)]));
  close(fit?.slope, 7, 1e-10);
  close(fit?.intercept, 12, 1e-9);
  close(fit?.rSquared, 1, 1e-12);
});

test('a fit needs two different x, and equal y are fitted exactly', () => {
  assert.equal(linearFit([[1, 2]]), null);
  assert.equal(
    linearFit([
      [1, 2],
      [1, 3],
    ]),
    null,
  );
  const flat = linearFit([
    [1, 4],
    [2, 4],
    [3, 4],
  ]);
  assert.deepEqual(flat, { intercept: 4, slope: 0, rSquared: 1 });
  assert.throws(() => logFit([[0, 1]]), RangeError);
});
