/**
 * One criterion by interval: it may not pass by luck, does not depend on the order of repetitions, and mirrors.
 * The rate of wrong verdicts is counted over simulated repetitions with a known true mean.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holds, judgeCriterion, worstStatus } from '#campaigns/analysis/criterion-verdict.ts';
import { row } from '#campaigns/analysis/metric.ts';
import { seen } from '#campaigns/analysis/reading.ts';
import type { Comparator } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import { criterion } from '#test/support/run-result.ts';

const seed = 4_711;
const metric = row('percent', 'lower', 'A change that may be negative.', () => seen(0));
const context = { scenarioId: 'XX-001', command: 'run', measuredUs: 60e6 };

function judge(comparator: Comparator, limit: number, values: readonly number[]): TestStatus {
  return judgeCriterion(criterion('x', comparator, limit), metric, values.map(seen), context).status;
}

const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 3, maxLength: 8 });

test(`a verdict is that of its mirror image and of any order of repetitions (seed ${seed})`, () => {
  const reached = new Set<TestStatus>();
  fc.assert(
    fc.property(values, fc.integer({ min: -1_200, max: 1_200 }), (drawn, limit) => {
      const status = judge('at_most', limit, drawn);
      reached.add(status);
      assert.equal(judge('at_most', limit, drawn.toReversed()), status);
      assert.equal(
        judge(
          'at_least',
          -limit,
          drawn.map((value) => -value),
        ),
        status,
      );
    }),
    { seed, numRuns: 2_000 },
  );
  assert.deepEqual([...reached].sort(), ['FAILED', 'INCONCLUSIVE', 'PASSED']);
});

test(`passing needs every repetition's mean inside, and a wider limit never turns green into anything else (seed ${seed})`, () => {
  fc.assert(
    fc.property(values, fc.integer({ min: -1_200, max: 1_200 }), fc.nat(500), (drawn, limit, wider) => {
      if (judge('at_most', limit, drawn) !== 'PASSED') return;
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
      assert.ok(holds('at_most', mean, limit));
      assert.equal(judge('at_most', limit + wider, drawn), 'PASSED');
    }),
    { seed, numRuns: 2_000 },
  );
});

test('a mean on the wrong side passes in at most about one of forty trials, whatever the number of repetitions', () => {
  let state = 12_345;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (const repetitions of [3, 5, 10]) {
    let passed = 0;
    const trials = 4_000;
    for (let trial = 0; trial < trials; trial += 1) {
      // The true mean lies on the limit: the worst case of a mean that does not satisfy "below".
      if (judge('below', 0, Array.from({ length: repetitions }, normal)) === 'PASSED') passed += 1;
    }
    // 2.5 % of 4,000 is 100, standard deviation 9.9: four of them on each side.
    assert.ok(passed > 60 && passed < 140, `${passed} of ${trials} passed with ${repetitions} repetitions`);
  }
});

test('the worst status does not depend on order, and nothing is not green', () => {
  const order: readonly TestStatus[] = ['PASSED', 'SKIPPED', 'INCONCLUSIVE', 'ABORTED', 'FAILED'];
  for (const [left, first] of order.entries()) {
    for (const [right, second] of order.entries()) {
      assert.equal(worstStatus([first, second]), order[Math.max(left, right)]);
    }
  }
  assert.equal(worstStatus([]), 'INCONCLUSIVE');
});
