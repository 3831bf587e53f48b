/**
 * Every benchmark of the catalogue, the report of a regression among them, fails by one figure that became slower, and only by one it is about.
 * Method: records as the suite leaves them, against a baseline; no benchmark is run, criteria are those of the entry.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regressionGroups } from '#campaigns/analysis/benchmark.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { judgeRow } from '#campaigns/analysis/verdict.ts';
import {
  type BenchmarkGroup,
  type BenchmarkRecord,
  benchmarkGroups,
  type Machine,
} from '#campaigns/results/benchmark-record.ts';
import { loadCatalogue } from '#campaigns/scenario-file.ts';
import { plannedRow, runRecord } from '#test/support/run-result.ts';

const machine: Machine = { cpu: 'A CPU', cores: 2, memoryGiB: 4, platform: 'x', node: 'v26.0.0' };

/** Three repetitions at 100 us, steady; those of `slower` took `percent` more. */
function runsOf(slower: BenchmarkGroup | null, percent: number): RunRecord[] {
  return [99, 100, 101].map((usual, repetition) => {
    const record = runRecord({ seed: repetition + 1, tier: 'benchmark' });
    const figures = benchmarkGroups.map((group): BenchmarkRecord['figures'][number] => {
      const median = group === slower ? usual * (1 + percent / 100) : usual;
      const same = { title: group, unit: 'CPU us', better: 'lower' as const, samples: 5 };
      return { id: `${group}.one`, group, ...same, median, lowest: median, highest: median };
    });
    const benchmark: BenchmarkRecord = {
      machine,
      load_average: 0.5,
      reference_ns: 2,
      figures,
      baseline: {
        saved_at: '2026-01-01T00:00:00.000Z',
        campaign: 'first',
        code_version: 'v0',
        machine,
        reference_ns: [2, 2, 2],
        figures: Object.fromEntries(benchmarkGroups.map((group) => [`${group}.one`, [99, 100, 101]])),
      },
    };
    return { ...record, result: { ...record.result, benchmark } };
  });
}

const benchmarks = loadCatalogue().filter(({ scenario }) => scenario.kind === 'benchmark');

test('there are seven: five groups of figures, all of them together, and the report', () => {
  assert.deepEqual(
    benchmarks.map(({ id }) => id),
    ['COV-REG-01', 'COV-REG-02', 'COV-REG-03', 'COV-REG-04', 'COV-REG-05', 'COV-REG-12', 'PR-001'],
  );
});

for (const { id, scenario } of benchmarks)
  test(`${id} passes on equal figures and fails by each of its groups that is a fifth slower, by no other`, () => {
    const criteria = scenario.criteria.map(({ criterion }) => criterion);
    const row = plannedRow(criteria, { rowId: id, scenarioId: id, target: 'benchmark' });
    assert.equal(judgeRow(row, runsOf(null, 0)).status, 'PASSED');
    assert.equal(judgeRow(row, runsOf('graph', 5)).status, 'PASSED', 'within what is allowed');
    const own = new Set(
      criteria.flatMap(({ metric }) => {
        const group = Object.entries(regressionGroups).find(([name]) => name === metric)?.[1];
        return group === null ? benchmarkGroups : (group ?? []);
      }),
    );
    assert.ok(own.size > 0);
    for (const group of benchmarkGroups) {
      const verdict = judgeRow(row, runsOf(group, 20));
      assert.equal(verdict.status, own.has(group) ? 'FAILED' : 'PASSED', group);
      if (own.has(group))
        assert.ok(
          verdict.criteria.some(({ note }) => note?.includes(`${group}.one: 120`)),
          group,
        );
    }
  });
