/** The confidence recurrence: beta successes reach the target exactly, beta - 1 never, from zero; any start only helps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { confidenceTarget, confidenceWeight, nextConfidence } from '#node/core/snow.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

function after(chits: readonly (0 | 1)[], weight: number, start = 0): number {
  return chits.reduce((confidence, chit) => nextConfidence(confidence, weight, chit), start);
}

const successes = (count: number): (0 | 1)[] => new Array<0 | 1>(count).fill(1);

for (const [threshold, beta] of [
  [0.5, 1],
  [0.9, 1],
  [0.67, 2],
  [0.95, 11],
  [0.8, 15],
  [0.99, 20],
  [0.999, 150],
  [0.000_1, 3],
  [0.99, 1000],
] as const) {
  test(`threshold ${threshold}, beta ${beta}: the boundary lies between beta - 1 and beta successes`, () => {
    const weight = confidenceWeight(threshold, beta);
    const target = confidenceTarget(threshold, beta);
    assert.ok(Math.abs(weight - (1 - (1 - threshold) ** (1 / beta))) < 1e-12, `weight ${weight}`);
    assert.ok(Math.abs(target - threshold) < 1e-4 * threshold, `target ${target}`);
    assert.equal(after(successes(beta), weight), target);
    assert.ok(after(successes(beta - 1), weight) < target);
  });
}

test('beta successes in a row reach the target from any confidence', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 0.999, noNaN: true }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.constantFrom<0 | 1>(0, 1), { maxLength: 100 }),
      (threshold, beta, past) => {
        const weight = confidenceWeight(threshold, beta);
        const start = after(past, weight);
        assert.ok(after(successes(beta), weight, start) >= confidenceTarget(threshold, beta));
      },
    ),
    { seed, numRuns: 400 },
  );
});

test('confidence stays in [0, 1], grows by a success and shrinks by a failure', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 1, maxLength: 300 }),
      (beta, chits) => {
        const weight = confidenceWeight(0.9, beta);
        let confidence = 0;
        for (const chit of chits) {
          const next = nextConfidence(confidence, weight, chit);
          assert.ok(chit === 1 ? next >= confidence : next <= confidence);
          assert.ok(next >= 0 && next <= 1);
          assert.equal(next, Math.fround(next), 'single precision, as it is stored');
          confidence = next;
        }
      },
    ),
    { seed, numRuns: 200 },
  );
});
