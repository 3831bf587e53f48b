// Goal: the published check values of the three parameter sets, and what with-replacement sampling would give instead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialLaw } from '#campaigns/analytic/binomial.ts';
import {
  finality,
  finalityOf,
  messagesPerDecision,
  pollSuccess,
  slowestRounds,
} from '#campaigns/analytic/finality.ts';
import { relativeError } from './exact.ts';

const lossless = { voter: 'reject', loss: 0, offlineShare: 0, retry: true } as const;
const small = { ...lossless, nodes: 150, byzantine: 15, k: 30, alpha: 24, beta: 20, maxRounds: 100 };
const middle = { ...lossless, nodes: 1_000, byzantine: 100, k: 50, alpha: 40, beta: 15, maxRounds: 100 };
const large = { ...lossless, nodes: 10_000, byzantine: 1_000, k: 100, alpha: 80, beta: 10, maxRounds: 50 };

test('150 nodes with 10 % rejecting: 23.15 polls, all honest nodes in time with probability 0.996', () => {
  const found = finality(small);
  assert.ok(Math.abs(found.expectedRounds - 23.15) < 0.005);
  assert.ok(Math.abs(found.allWithin - 0.996) < 0.0005);
  assert.ok(relativeError(found.allWithin, found.oneWithin ** 135) < 1e-12);
});

test('1,000 nodes with 10 % rejecting: 15.9716 polls', () => {
  assert.ok(Math.abs(finality(middle).expectedRounds - 15.9716) < 5e-5);
});

test('messages per decision of the three sizes: 187.5 thousand, 1.437 million, 18.07 million', () => {
  assert.ok(relativeError(messagesPerDecision(small), 187_500) < 5e-4);
  assert.ok(relativeError(messagesPerDecision(middle), 1_437_000) < 5e-4);
  assert.ok(relativeError(messagesPerDecision(large), 18_070_000) < 5e-4);
});

test('sampling with replacement would give 26.9 and 16.19 polls and is not what is computed', () => {
  const withReplacement = (k: number, alpha: number, beta: number, honest: number) => {
    const votes = binomialLaw(k, honest);
    return finalityOf({ p: votes.atLeast(alpha), q: votes.atMost(alpha - 1) }, beta, 100, 135);
  };
  assert.ok(Math.abs(withReplacement(30, 24, 20, 134 / 149).expectedRounds - 26.9) < 0.1);
  assert.ok(Math.abs(withReplacement(30, 24, 20, 134 / 149).allWithin - 0.878) < 0.01);
  assert.ok(Math.abs(withReplacement(50, 40, 15, 899 / 999).expectedRounds - 16.19) < 0.02);
  assert.ok(finality(small).expectedRounds < 24);
});

test('success and failure of a poll add up to 1 and each keeps its own precision', () => {
  const { p, q } = pollSuccess({ ...large, byzantine: 100 }, 80);
  assert.equal(p, 1);
  assert.ok(q > 0 && q < 1e-15);
  const late = finality({ ...large, byzantine: 100 });
  assert.ok(late.someLate > 0 && late.someLate < 1e-12);
});

test('the slowest of all nodes needs more polls than the mean node', () => {
  assert.ok(slowestRounds(small) > 2 * finality(small).expectedRounds);
  assert.ok(slowestRounds(small) < 70);
});
