/**
 * A campaign killed with SIGKILL at every numbered write of journal and results, then resumed: nothing lost, nothing twice.
 * Method: an uninterrupted run counts the points; one run for each point dies there and is resumed; then every process
 * of a campaign dies at the same point until thirty have died.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAndResume } from '#test/support/crash-campaign.ts';

const calm = crashAndResume(0);

test('killed at any point, the resumed campaign ends as an uninterrupted one', () => {
  const wrong: string[] = [];
  let crashes = 0;
  for (let point = 1; point <= calm.points; point += 1) {
    const report = crashAndResume(point);
    crashes += report.crashes;
    if (report.remains !== calm.remains) wrong.push(`point ${point}: other results`);
    if (report.exitCode !== 0) wrong.push(`point ${point}: exit ${report.exitCode}`);
    if (report.doneTwice > 0 || report.startedAfterDone > 0) wrong.push(`point ${point}: a run twice`);
    if (report.leftovers.length > 0) wrong.push(`point ${point}: left ${report.leftovers.join(', ')}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(calm.points > 100 && crashes === calm.points, `${crashes} crashes at ${calm.points} points`);
});

for (const point of [20, 40, 70]) {
  test(`thirty processes that die at their point ${point} lose nothing`, () => {
    const report = crashAndResume(point, true);
    assert.ok(report.crashes > 1, `${report.crashes} crashes`);
    assert.equal(report.remains, calm.remains);
    assert.deepEqual([report.exitCode, report.doneTwice, report.startedAfterDone], [0, 0, 0]);
  });
}
