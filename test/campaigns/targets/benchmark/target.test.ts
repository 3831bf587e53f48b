/**
 * The benchmark as a target: one group measured for real in its own process, and the order to stop.
 * Method: the shortest effort; what is asserted is the record, never a time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvePhase } from '#campaigns/resolve.ts';
import { runResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { groupOf, suiteFigures, suiteJobs } from '#campaigns/targets/benchmark/suite.ts';
import { createBenchmark } from '#campaigns/targets/benchmark/target.ts';

function specOf(groups: NonNullable<RunSpec['benchmark']>['groups']): RunSpec {
  const spec = resolvePhase('phase1', { seed: 3, scenarios: ['PR-001'] })[0]!.specs[0]!;
  return { ...spec, benchmark: { ...spec.benchmark!, groups } };
}

test('every figure of the suite belongs to a group that has a job, and every job to a group that has figures', () => {
  const groups = suiteFigures.map(({ id }) => groupOf(id));
  assert.deepEqual(new Set(suiteJobs.map(({ name }) => groupOf(name))), new Set(groups));
});

test('a repetition is a valid record: the figures of its groups above zero, MEASURED, nothing of a network', async () => {
  const target = createBenchmark({ effort: 'quick' });
  const shares: number[] = [];
  const { result, series } = await target.run(
    specOf(['hashing']),
    (share) => shares.push(share),
    new AbortController().signal,
  );
  assert.deepEqual(runResult.parse(result), result);
  const { benchmark, window, provenance, test_status } = result;
  assert.deepEqual(
    [provenance, test_status, window.measured_s, series.points.length],
    ['MEASURED', 'PASSED', 0, 0],
  );
  assert.deepEqual(
    benchmark?.figures.map(({ id }) => id),
    suiteFigures.map(({ id }) => id).filter((id) => groupOf(id) === 'hashing'),
  );
  for (const { id, lowest, median, highest } of benchmark?.figures ?? [])
    assert.ok(0 < lowest && lowest <= median && median <= highest, id);
  assert.ok(benchmark !== undefined && benchmark.reference_ns > 0);
  assert.equal(shares.at(-1), 1);
});

test('a record of another machine than the planned one is INCONCLUSIVE', async () => {
  const spec = specOf(['hashing']);
  const elsewhere = { ...spec.benchmark!, machine: { ...spec.benchmark!.machine, cpu: 'another' } };
  const { result } = await createBenchmark({ effort: 'quick' }).run(
    { ...spec, benchmark: elsewhere },
    () => {},
    new AbortController().signal,
  );
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.match(result.reason, /planned on another/);
});

test('an order to stop ends the measuring process', async () => {
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(
    createBenchmark().run(specOf(['hashing']), () => {}, controller.signal),
    { name: 'AbortError' },
  );
});
