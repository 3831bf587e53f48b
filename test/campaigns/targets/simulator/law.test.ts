// Goal: rounds to finality follow the run-length law, and so does the share that finalises within the limit.
// Method: exact law of T given T <= R against the mean over all pairs, fixed seeds, |z| < 4.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareWithLaw, type LawCase, wordsOf } from './law-check.ts';

const small = { nodes: 150, k: 30, alpha: 24, beta: 20, seed: 20_260_101 };
const large = { nodes: 1_000, k: 50, alpha: 40, beta: 15, seed: 20_260_102 };
const cases: readonly LawCase[] = [
  { ...small, share: 0, decisions: 10 },
  { ...small, share: 0.05, decisions: 20 },
  { ...small, share: 0.1, decisions: 20 },
  { ...small, share: 0.15, decisions: 20 },
  { ...small, share: 0.2, decisions: 20 },
  { ...large, share: 0, decisions: 2 },
  { ...large, share: 0.05, decisions: 4 },
  { ...large, share: 0.1, decisions: 4 },
  { ...large, share: 0.15, decisions: 4 },
];

for (const one of cases) {
  test(`${one.nodes} nodes, ${100 * one.share} % always rejecting: rounds and share follow the law`, (context) => {
    const seen = compareWithLaw(one);
    context.diagnostic(wordsOf(seen));
    const honest = one.nodes - Math.floor(one.share * one.nodes + 1e-9);
    assert.equal(seen.pairs, one.decisions * honest);
    assert.ok(Math.abs(seen.roundsZ) < 4, wordsOf(seen));
    assert.ok(Math.abs(seen.withinZ) < 4, wordsOf(seen));
  });
}

test('the comparison sees a law that is off by one vote', (context) => {
  const seen = compareWithLaw({ ...small, share: 0.1, decisions: 20, alpha: 25 });
  context.diagnostic(wordsOf(seen));
  const right = compareWithLaw({ ...small, share: 0.1, decisions: 20 });
  const z =
    ((seen.meanRounds - right.expectedRounds) * right.roundsZ) / (right.meanRounds - right.expectedRounds);
  assert.ok(Math.abs(z) > 4, `z ${z}`);
});
