/** Goal: the store alone answers every storage figure of the benchmark. Method: the shortest effort on a real disk. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { efforts } from '#campaigns/targets/benchmark/sampling.ts';
import { measureStore } from '#campaigns/targets/benchmark/storage-job.ts';
import { groupOf, suiteFigures } from '#campaigns/targets/benchmark/suite.ts';

test('every storage figure of the suite is measured, and nothing beside them', async () => {
  const { samples, facts } = await measureStore(efforts.quick);
  const wanted = suiteFigures.map(({ id }) => id).filter((id) => groupOf(id) === 'storage');
  assert.deepEqual(Object.keys(samples).toSorted(), wanted.toSorted());
  for (const [id, values] of Object.entries(samples))
    assert.ok(values.length > 0 && values.every((us) => us > 0), id);
  assert.equal(facts['cacheHitShare'], 1);
});
