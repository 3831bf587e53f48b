/**
 * A campaign killed with SIGKILL and resumed ends as an uninterrupted one: a sample of the points, for every change.
 * All points: crash.long.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAndResume } from '#test/support/crash-campaign.ts';

const calm = crashAndResume(0);

test('an uninterrupted campaign passes its points without a crash', () => {
  assert.equal(calm.crashes, 0);
  assert.equal(calm.exitCode, 0);
  assert.ok(calm.points > 100, `${calm.points} points`);
});

for (const share of [0.02, 0.45, 0.9]) {
  test(`killed after ${share * 100} % of the points it ends the same`, () => {
    const report = crashAndResume(Math.max(1, Math.round(calm.points * share)));
    assert.equal(report.crashes, 1);
    assert.equal(report.remains, calm.remains);
    assert.deepEqual([report.exitCode, report.doneTwice, report.startedAfterDone], [0, 0, 0]);
  });
}
