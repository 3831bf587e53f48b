/**
 * A campaign that deploys, killed with SIGKILL and resumed: nothing is left in the cloud, nothing is there twice, and it ends as an
 * uninterrupted one. A sample of the points, for every change; all points: deployment-crash.deep.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAndResume } from '#test/support/crash-campaign.ts';

const calm = crashAndResume(0, false, 'crash-cluster-runner');

test('an uninterrupted campaign of the cloud leaves nothing', () => {
  assert.equal(calm.exitCode, 0);
  assert.deepEqual([calm.standing, calm.twice], [[], []]);
  assert.match(calm.remains, /FAKE-1\/nodes=200,cluster/);
});

for (const share of [0.55, 0.8]) {
  test(`killed after ${Math.round(share * 100)} % of the points nothing is left and nothing is there twice`, () => {
    const report = crashAndResume(Math.round(calm.points * share), false, 'crash-cluster-runner');
    assert.equal(report.crashes, 1);
    assert.deepEqual([report.standing, report.twice], [[], []]);
    assert.equal(report.remains, calm.remains);
    assert.deepEqual([report.exitCode, report.doneTwice, report.startedAfterDone], [0, 0, 0]);
  });
}
