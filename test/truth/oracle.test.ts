// Goal: the formulas equal exact enumeration, the stored table of the scale report holds, and errors put in on purpose are noticed.
// Method: fractions of big integers for networks of at most 12 nodes. All fidelities and their statistics: npm run test:truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTruth } from '#reports/scale/truth-table.ts';
import { virtuousCases } from './comparisons.ts';
import { duelTruth } from './duel-oracle.ts';
import { analyticSays } from './fidelities.ts';
import { one, plus, rational, toNumber, zero } from './rational.ts';
import { bonferroniLimit, normalTwoSided, shareZ, smirnovZ } from './statistics.ts';
import { truthFailures } from './truth-table.ts';
import { virtuousTruth } from './virtuous-oracle.ts';

for (const setting of virtuousCases) {
  test(`${setting.about}: formulas and fractions agree to rounding`, () => {
    const truth = virtuousTruth(setting);
    const says = analyticSays(setting);
    assert.deepEqual(truth.votes.reduce(plus, zero), one);
    const near = (found: number, exact: number): boolean =>
      Math.abs(found - exact) <= 1e-12 * Math.max(exact, 1e-3);
    assert.ok(near(says.success, toNumber(truth.success)));
    assert.ok(near(says.allWithin, toNumber(truth.allWithin)));
    truth.rounds.forEach((p, r) => {
      assert.ok(near(says.pmf[r] ?? 0, toNumber(p)), `poll ${r}`);
    });
  });
}

test('each error put into the enumeration moves the success of a poll', () => {
  const calm = virtuousCases[1]!;
  const lossy = virtuousCases[7]!;
  for (const planted of ['with-replacement', 'more-than-alpha', 'asks-itself'] as const)
    assert.ok(
      Math.abs(toNumber(virtuousTruth(calm, planted).success) / analyticSays(calm).success - 1) > 0.01,
      planted,
    );
  assert.ok(
    Math.abs(toNumber(virtuousTruth(lossy, 'no-fresh-peer').success) / analyticSays(lossy).success - 1) >
      0.01,
  );
});

test('a duel is a law: its ends sum to one, and a side that everybody saw first wins as an unconflicted vertex does', () => {
  const duel = {
    byzantine: 0,
    voter: 'reject',
    k: 2,
    alphaPreference: 2,
    alphaConfidence: 2,
    beta: 2,
    rounds: 3,
  } as const;
  assert.deepEqual([...duelTruth({ ...duel, first: [2, 2] }).values()].reduce(plus, zero), one);
  assert.deepEqual([...duelTruth({ ...duel, first: [4, 0] })], [['4,0', rational(1)]]);
});

test('the statistics know their laws', () => {
  assert.ok(Math.abs(normalTwoSided(1.959963984540054) - 0.05) < 1e-12);
  assert.ok(Math.abs(normalTwoSided(5) / 5.733031437583866e-7 - 1) < 1e-9);
  assert.ok(Math.abs(bonferroniLimit(1, 0.05) - 1.959963984540054) < 1e-9);
  assert.equal(shareZ(5, 10, 0.5), 0);
  assert.equal(shareZ(1, 10, 0), Number.POSITIVE_INFINITY);
  const counts = new Map([
    [1, 500],
    [2, 500],
  ]);
  assert.equal(smirnovZ(counts, counts), 0);
  assert.ok(
    smirnovZ(
      counts,
      new Map([
        [1, 400],
        [2, 600],
      ]),
    ) > 3,
  );
});

test('the table of the scale report was found with every fidelity, and all of it holds', () => {
  const table = readTruth();
  assert.ok(table !== null, 'npm run test:truth writes it');
  assert.deepEqual(truthFailures(table), []);
  assert.deepEqual([...new Set(table.rows.map(({ fidelity }) => fidelity))].sort(), [
    'analytic',
    'core',
    'lumped',
    'message',
    'poll',
  ]);
  assert.ok(table.effort === 1 && table.comparisons > 80);
});
