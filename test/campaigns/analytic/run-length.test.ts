// Goal: the run-length law against exact fractions, its published mean and an independent recurrence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allDecided,
  expectedRounds,
  expectedSlowestRounds,
  roundsQuantile,
  roundsTable,
  SuccessRun,
  slowestQuantile,
  someUndecided,
} from '#campaigns/analytic/run-length.ts';
import { relativeError, toNumber } from './exact.ts';

/** P(no run of beta successes in r polls) x under^r, by the length of the current run, in integers. */
function undecidedExact(over: bigint, under: bigint, beta: number, polls: number): number {
  let runs: bigint[] = Array.from({ length: beta }, (_, j) => (j === 0 ? 1n : 0n));
  for (let r = 0; r < polls; r += 1) {
    const total = runs.reduce((a, b) => a + b, 0n);
    runs = runs.map((_, j) => (j === 0 ? (under - over) * total : over * runs[j - 1]!));
  }
  return toNumber({ over: runs.reduce((a, b) => a + b, 0n), under: under ** BigInt(polls) });
}

test('the undecided probability equals exact fractions, from certain to vanishing', () => {
  for (const [over, under, beta] of [
    [9n, 10n, 5],
    [1n, 2n, 3],
    [999n, 1000n, 20],
    [1n, 100n, 2],
  ] as const) {
    const p = Number(over) / Number(under);
    const table = roundsTable({ p, q: Number(under - over) / Number(under) }, beta, 120);
    for (const polls of [beta - 1, beta, beta + 1, 3 * beta, 120]) {
      assert.ok(relativeError(table.undecided[polls]!, undecidedExact(over, under, beta, polls)) < 1e-12);
    }
  }
});

test('the probabilities of all polls and of no decision add up to 1', () => {
  const table = roundsTable({ p: 0.8, q: 0.2 }, 6, 300);
  const sum = table.pmf.reduce((a, b) => a + b, 0) + table.undecided[300]!;
  assert.ok(Math.abs(sum - 1) < 1e-13);
});

test('the mean is (1 - p^beta) / (q p^beta) and also the sum of the undecided probabilities', () => {
  const chance = { p: 0.75, q: 0.25 };
  const closed = (1 - 0.75 ** 4) / (0.25 * 0.75 ** 4);
  assert.ok(relativeError(expectedRounds(chance, 4), closed) < 1e-14);
  const { undecided } = roundsTable(chance, 4, 2_000);
  assert.ok(
    relativeError(
      undecided.reduce((a, b) => a + b, 0),
      closed,
    ) < 1e-12,
  );
});

test('without failures exactly beta polls are needed, without successes infinitely many', () => {
  const sure = roundsTable({ p: 1, q: 0 }, 7, 7);
  assert.equal(sure.pmf[7], 1);
  assert.equal(sure.undecided[7], 0);
  assert.equal(expectedRounds({ p: 1, q: 0 }, 7), 7);
  assert.equal(expectedRounds({ p: 0, q: 1 }, 7), Infinity);
  assert.equal(roundsQuantile({ p: 0, q: 1 }, 7, 0.5), Infinity);
  assert.equal(expectedSlowestRounds({ p: 1, q: 0 }, 7, 1_000), 7);
});

test('quantiles are the least number of polls that reaches the share, in the chain and in its geometric tail', () => {
  const chance = { p: 0.9, q: 0.1 };
  const table = roundsTable(chance, 10, 5_000);
  for (const share of [0.01, 0.5, 0.95, 0.999, 1 - 1e-9]) {
    const found = roundsQuantile(chance, 10, share);
    assert.ok(table.undecided[found]! <= 1 - share && table.undecided[found - 1]! > 1 - share);
  }
});

test('the slowest of many nodes: mean and quantile agree with direct sums', () => {
  for (const [p, beta] of [
    [0.9, 10],
    [0.5, 3],
    [0.97, 20],
    [0.6, 12],
  ] as const) {
    const chance = { p, q: 1 - p };
    const nodes = 500;
    const run = new SuccessRun(chance, beta);
    let sum = 1;
    let quantile = 0;
    for (let r = 1; r <= 60_000; r += 1) {
      run.advance();
      sum += someUndecided(run.undecided, run.decided, nodes);
      if (quantile === 0 && allDecided(run.undecided, run.decided, nodes) >= 0.95) quantile = r;
    }
    assert.ok(relativeError(expectedSlowestRounds(chance, beta, nodes), sum) < 1e-6, `p = ${p}`);
    assert.equal(slowestQuantile(chance, beta, nodes, 0.95), quantile);
  }
});

test('all of many nodes decide with the right probability next to 1 and next to 0', () => {
  assert.ok(relativeError(someUndecided(1e-18, 1, 1_000), 1e-15) < 1e-12);
  assert.ok(relativeError(allDecided(1 - 1e-5, 1e-5, 20), 1e-100) < 1e-9);
});

test('beta below 1 is refused', () => {
  assert.throws(() => new SuccessRun({ p: 0.5, q: 0.5 }, 0), RangeError);
});
