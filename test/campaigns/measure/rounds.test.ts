// Goal: exact statistics of small integers. Method: hand-made cases, growth past the expected most.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rounds } from '#campaigns/measure/rounds.ts';

test('mean, quantiles and largest of a small sample', () => {
  const rounds = new Rounds(100);
  assert.equal(rounds.mean, null);
  assert.equal(rounds.quantile(0.5), null);
  assert.equal(rounds.most, null);
  for (const value of [15, 15, 15, 16, 39]) rounds.record(value);
  assert.equal(rounds.mean, 20);
  assert.equal(rounds.quantile(0.5), 15);
  assert.equal(rounds.quantile(0.8), 16);
  assert.equal(rounds.quantile(0.81), 39);
  assert.equal(rounds.quantile(0.99), 39);
  assert.equal(rounds.most, 39);
  assert.deepEqual(rounds.toPairs(), [
    [15, 3],
    [16, 1],
    [39, 1],
  ]);
});

test('what came after the limit is kept apart', () => {
  const rounds = new Rounds(100);
  rounds.record(100, 4);
  rounds.record(101, 5);
  rounds.record(100_000);
  assert.equal(rounds.total, 10);
  assert.equal(rounds.within(99), 0);
  assert.equal(rounds.within(100), 4);
  assert.equal(rounds.within(101), 9);
  assert.equal(rounds.within(1_000_000), 10);
});

test('merging adds counts of different lengths', () => {
  const short = new Rounds(10);
  const long = new Rounds(1_000);
  short.record(3, 2);
  long.record(3, 1);
  long.record(900, 1);
  short.merge(long);
  assert.deepEqual(short.toPairs(), [
    [3, 3],
    [900, 1],
  ]);
  assert.equal(short.mean, 909 / 4);
});
