// Goal: the run-length law holds at volumes where a deviation of a hundredth of a round would show.
// Method: as law.test.ts, more decisions and several seeds; the mean of all z values must be that of a standard normal, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareWithLaw, type LawCase, wordsOf } from './law-check.ts';

const small = { nodes: 150, k: 30, alpha: 24, beta: 20 };
const large = { nodes: 1_000, k: 50, alpha: 40, beta: 15 };
const seeds = [11, 12, 13, 14];

const cases: readonly Omit<LawCase, 'seed'>[] = [
  ...[0.05, 0.1, 0.15, 0.2].map((share) => ({ ...small, share, decisions: share < 0.2 ? 120 : 60 })),
  ...[0.05, 0.1, 0.15, 0.2].map((share) => ({ ...large, share, decisions: share < 0.2 ? 25 : 12 })),
];

for (const one of cases) {
  test(`${one.nodes} nodes, ${100 * one.share} % always rejecting: ${seeds.length} seeds follow the law`, (context) => {
    const all = seeds.map((seed) => compareWithLaw({ ...one, seed }));
    for (const seen of all) {
      context.diagnostic(wordsOf(seen));
      assert.ok(Math.abs(seen.roundsZ) < 4, wordsOf(seen));
      assert.ok(Math.abs(seen.withinZ) < 4, wordsOf(seen));
    }
    const roundsZ = all.reduce((sum, { roundsZ: z }) => sum + z, 0) / Math.sqrt(all.length);
    const withinZ = all.reduce((sum, { withinZ: z }) => sum + z, 0) / Math.sqrt(all.length);
    assert.ok(Math.abs(roundsZ) < 4 && Math.abs(withinZ) < 4, `together ${roundsZ}, ${withinZ}`);
  });
}
