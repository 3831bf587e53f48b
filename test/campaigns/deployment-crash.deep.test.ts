/**
 * A campaign that deploys, killed at every point of its life, once and again in each process until the 30th.
 * A sample of these points runs for every change: deployment-crash.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAndResume } from '#test/support/crash-campaign.ts';

const calm = crashAndResume(0, false, 'crash-cluster-runner');

for (let point = 1; point <= calm.points; point += 1) {
  test(`killed at point ${point} of ${calm.points}`, () => {
    const report = crashAndResume(point, false, 'crash-cluster-runner');
    assert.equal(report.crashes, 1);
    assert.deepEqual([report.standing, report.twice], [[], []]);
    assert.equal(report.remains, calm.remains);
    assert.deepEqual([report.exitCode, report.doneTwice, report.startedAfterDone], [0, 0, 0]);
  });
}
