/** The inequalities of valid parameters, each at its boundary. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConsensusParams, maximumSampleSize, violations } from '#node/core/params.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';
import { someParams } from './recorded-core.ts';

guardDeterminism();

const nodes = 100;

/** A change that must be accepted (null) or named in the only violation. */
const cases: ReadonlyArray<readonly [change: Partial<ConsensusParams>, named: string | null]> = [
  [{}, null],
  [{ k: 5, alphaPreference: 5, alphaConfidence: 5 }, null],
  [{ k: 1, alphaPreference: 1, alphaConfidence: 1 }, null],
  [{ k: 99, alphaPreference: 50, alphaConfidence: 99 }, null],
  [{ k: 100, alphaPreference: 51, alphaConfidence: 99 }, 'k = 100'],
  [{ k: 6, alphaPreference: 3, alphaConfidence: 4 }, 'alphaPreference = 3 must be > k/2'],
  [{ alphaPreference: 5, alphaConfidence: 4 }, 'alphaConfidence = 4'],
  [{ alphaConfidence: 6 }, 'alphaConfidence = 6 must be <= k'],
  [{ beta: 0 }, 'beta = 0'],
  [{ beta: 1 }, null],
  [{ beta: 2.5 }, 'beta = 2.5'],
  [{ beta: 20, maxRounds: 20 }, null],
  [{ beta: 21, maxRounds: 20 }, 'maxRounds = 20 must be >= beta = 21'],
  [{ threshold: 0 }, 'threshold = 0'],
  [{ threshold: 1 }, 'threshold = 1'],
  [{ threshold: Number.NaN }, 'threshold = NaN'],
  [{ threshold: 0.999 }, null],
  [{ pollIntervalUs: 0 }, 'pollInterval'],
  [{ pollIntervalUs: 1 }, null],
  [{ concurrentPolls: 0 }, 'concurrentPolls'],
  [{ maxUndecided: 0 }, 'maxUndecided'],
];

for (const [change, named] of cases) {
  test(`${JSON.stringify(change)} is ${named === null ? 'accepted' : `refused because of ${named}`}`, () => {
    const found = violations({ ...someParams, ...change }, nodes);
    if (named === null) assert.deepEqual(found, []);
    else {
      assert.equal(found.length, 1, found.join('; '));
      assert.ok(found[0]!.includes(named), found[0]!);
    }
  });
}

test('a sample that the vote counters cannot hold is refused', () => {
  const wide = { ...someParams, alphaPreference: 700, alphaConfidence: 800 };
  assert.deepEqual(violations({ ...wide, k: maximumSampleSize }, 5000), []);
  assert.equal(violations({ ...wide, k: maximumSampleSize + 1 }, 5000).length, 1);
});

test('every violated inequality is listed, not only the first', () => {
  const found = violations({ ...someParams, k: 200, beta: 0, threshold: 2, pollIntervalUs: -1 }, nodes);
  assert.ok(found.length >= 5, found.join('; '));
});
