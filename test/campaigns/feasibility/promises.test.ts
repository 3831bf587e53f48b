// Goal: the promised targets become criteria that feasibility can judge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMetricName } from '#campaigns/analysis/metrics.ts';
import { criteriaOf, promises } from '#campaigns/feasibility/promises.ts';

test('every target is an upper limit on a known metric', () => {
  for (const target of promises.scaleTargets) {
    for (const criterion of criteriaOf(target)) {
      assert.ok(isMetricName(criterion.metric));
      assert.equal(criterion.comparator, 'at_most');
    }
  }
});

test('targets grow with the number of nodes', () => {
  const bandwidth = promises.scaleTargets.map((target) => target.bandwidthMbps);
  assert.deepEqual(bandwidth, [10, 20, 30]);
});
