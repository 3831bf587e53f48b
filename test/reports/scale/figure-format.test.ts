/** Goal: numbers are printed the way a reader expects. Method: examples at both sides of each boundary. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  counted,
  formatFigure,
  formatInterval,
  formatLimit,
  formatNumber,
  formatSeconds,
} from '#reports/scale/figure-format.ts';

test('numbers keep three to four significant digits and separate thousands', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0'],
    [1_234_567.8, '1,234,568'],
    [1_000, '1,000'],
    [999.94, '999.9'],
    [10.06, '10.1'],
    [9.994, '9.99'],
    [0.1234, '0.123'],
    [0.001, '0.001'],
    [0.00099, '9.9e−4'],
    [-0.5, '−0.5'],
    [100, '100'],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

test('a share is printed as a percentage, a count without a unit', () => {
  assert.equal(formatFigure(0.985, 'share'), '98.5 %');
  assert.equal(formatFigure(3, 'count'), '3');
  assert.equal(formatFigure(200, 'tps'), '200 TPS');
  assert.equal(formatFigure(null, 'tps'), '–');
});

test('infinity is words, not a figure', () => {
  assert.equal(formatNumber(Number.POSITIVE_INFINITY), 'beyond any figure');
});

test('an interval names its unit once and collapses when both ends print alike', () => {
  assert.equal(formatInterval([99.51, 101.2], 'ms'), '99.5 to 101.2 ms');
  assert.equal(formatInterval([0.5, 0.5], 'share'), '50 %');
  assert.equal(formatInterval(null, 'ms'), '–');
});

test('a limit carries the sign of its comparator', () => {
  assert.equal(formatLimit('at_least', 200, 'tps'), '≥ 200 TPS');
  assert.equal(formatLimit('below', 5, 'percent'), '< 5 %');
  assert.equal(formatLimit('equals', 0, 'count'), '= 0');
});

test('seconds are printed in the unit a reader would use', () => {
  assert.equal(formatSeconds(0.004), '4 ms');
  assert.equal(formatSeconds(119), '119 s');
  assert.equal(formatSeconds(120), '2 min');
  assert.equal(formatSeconds(7_200), '2 h');
  assert.equal(formatSeconds(604_800), '7 days');
});

test('nouns agree with their counts', () => {
  assert.equal(counted(1, 'run'), '1 run');
  assert.equal(counted(0, 'run'), '0 runs');
  assert.equal(counted(1_200, 'run'), '1,200 runs');
});
