/** Verdicts on rows: the decision by interval, validity first, safety above all, and what is never green. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { judgeCampaign, judgeRow } from '#campaigns/analysis/verdict.ts';
import type { CriterionVerdict, RowVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { Criterion } from '#campaigns/plan-record.ts';
import {
  criterion,
  faultRecord,
  plannedRow,
  planOf,
  type RunChanges,
  repetitions,
  runRecord,
} from '#test/support/run-result.ts';

const hourUs = 3_600_000_000;

function judge(criteria: readonly Criterion[], runs: readonly RunRecord[]): RowVerdict {
  return judgeRow(plannedRow(criteria), runs);
}

function only(verdict: RowVerdict): CriterionVerdict {
  const [first] = verdict.criteria;
  assert.ok(first !== undefined && verdict.criteria.length === 1, JSON.stringify(verdict.criteria));
  return first;
}

function p95(...values: number[]): RunRecord[] {
  return repetitions(values.map((p95_ms): RunChanges => ({ latency: { p95_ms } })));
}

test('a criterion passes when the whole interval is on the right side', () => {
  const verdict = judge([criterion('latency.p95', 'at_most', 100)], p95(79, 80, 81));
  const p = only(verdict);
  assert.equal(verdict.status, 'PASSED');
  assert.equal(p.observed, 80);
  assert.equal(p.margin, 20);
  assert.equal(p.repetitions, 3);
  assert.equal(p.unit, 'ms');
  assert.ok(p.interval !== null && p.interval[0] > 77 && p.interval[1] < 83);
  assert.equal(p.reason, '');
  assert.equal(verdict.reason, '');
});

test('a criterion fails when the whole interval is on the wrong side', () => {
  const verdict = judge([criterion('latency.p95', 'at_most', 100)], p95(119, 120, 121));
  assert.equal(verdict.status, 'FAILED');
  assert.equal(only(verdict).margin, -20);
  assert.match(verdict.reason, /^latency\.p95 \(at_most: 100\): mean 120/);
});

test('an interval that straddles the limit is inconclusive and says how many more repetitions', () => {
  // mean 96, deviation 6.56: with 13 repetitions the half width is 2.179 x 6.56 / sqrt(13) = 3.96 < 4
  const p = only(judge([criterion('latency.p95', 'at_most', 100)], p95(90, 95, 103)));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.match(p.reason, /straddles 100 ms; about 10 more repetitions would likely settle it/);
  assert.equal(p.wouldAnswer, 'npm run campaign simulate -- XX-001 --nodes 100 --replications 13');
});

test('a mean on the limit itself is not settled by repetitions', () => {
  const p = only(judge([criterion('latency.p95', 'at_most', 100)], p95(95, 100, 105)));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.match(p.reason, /repetitions alone are unlikely/);
});

test('at_least, above, below and equals decide on their own side of the limit', () => {
  const tps = (comparator: Criterion['comparator'], limit: number): string =>
    judge([criterion('throughput.avg_tps', comparator, limit)], repetitions()).status;
  assert.equal(tps('at_least', 100), 'PASSED');
  assert.equal(tps('above', 100), 'FAILED');
  assert.equal(tps('below', 100), 'FAILED');
  assert.equal(tps('at_most', 100), 'PASSED');
  assert.equal(tps('equals', 100), 'PASSED');
  assert.equal(tps('equals', 101), 'FAILED');
  assert.equal(tps('at_least', 101), 'FAILED');
});

test('fewer than three repetitions are never green and never red', () => {
  for (const value of [10, 1_000]) {
    const p = only(judge([criterion('latency.p95', 'at_most', 100)], p95(value, value)));
    assert.equal(p.status, 'INCONCLUSIVE');
    assert.match(p.reason, /2 of at least 3/);
    assert.match(p.wouldAnswer, /--replications 3$/);
  }
});

test('one repetition stored twice counts once', () => {
  const [run] = p95(80);
  assert.ok(run !== undefined);
  assert.match(
    only(judge([criterion('latency.p95', 'at_most', 100)], [run, run, run])).reason,
    /^1 of at least 3/,
  );
});

test('a criterion about 24 hours is not answered by one minute, and says what would', () => {
  const p = only(judge([criterion('latency.p95', 'at_most', 100, 24 * hourUs)], p95(80, 80, 80)));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.equal(p.reason, 'it speaks about 1d; 1m were measured');
  assert.match(p.wouldAnswer, /--duration 1d, or the processes target/);
});

test('one event in a minute is already one event in a day', () => {
  const runs = repetitions([{}, { consensus: { liveness_failures: 2 } }, {}]);
  const p = only(judge([criterion('liveness.failures', 'equals', 0, 24 * hourUs)], runs));
  assert.equal(p.status, 'FAILED');
  assert.equal(p.reason, 'violated in 1 of 3 repetitions, at worst 2');
});

test('where one repetition decides, its figure stands in the table and not a mean that looks harmless', () => {
  const p = only(
    judge(
      [criterion('liveness.failures', 'at_most', 1)],
      repetitions([{}, { consensus: { liveness_failures: 2 } }, {}]),
    ),
  );
  assert.equal(p.status, 'FAILED');
  assert.deepEqual([p.observed, p.margin, p.interval], [2, -1, null]);
});

test('a metric that a run cannot observe is inconclusive with what would answer it', () => {
  const p = only(judge([criterion('recovery.heal_time', 'at_most', 60)], repetitions()));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.equal(p.observed, null);
  assert.equal(p.reason, 'not observed: the run had no partition');
  assert.match(p.wouldAnswer, /CT-002/);
});

test('a percentile among undecided pairs fails its limit although it has no number', () => {
  const runs = repetitions(
    Array.from({ length: 3 }, () => ({ latency: { p95_ms: null, undecided_share: 0.2 } })),
  );
  const p = only(judge([criterion('latency.p95', 'at_most', 100)], runs));
  assert.equal(p.status, 'FAILED');
  assert.equal(p.observed, null);
  assert.match(p.reason, /20 % of the pairs were never decided/);
});

test('repetitions that disagree about being decided at all settle nothing', () => {
  const runs = repetitions([{}, {}, { latency: { p95_ms: null, undecided_share: 0.2 } }]);
  const p = only(judge([criterion('latency.p95', 'at_most', 100)], runs));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.match(p.reason, /1 of 3 repetitions/);
});

test('a partition that did not heal in the rest of the run fails when the rest was longer than the limit', () => {
  const runs = repetitions(
    Array.from({ length: 3 }, () => ({ faults: [faultRecord({ recovery_us: null })] })),
  );
  assert.equal(only(judge([criterion('recovery.heal_time', 'at_most', 30)], runs)).status, 'FAILED');
  const open = only(judge([criterion('recovery.heal_time', 'at_most', 60)], runs));
  assert.equal(open.status, 'INCONCLUSIVE');
  assert.match(open.wouldAnswer, /longer window/);
});

test('an unsafe repetition fails the row even without a safety criterion and in an invalid run', () => {
  const unsafe: RunChanges = {
    consensus: { conflicts_finalized: 1, safety_violations: ['vertices 1 and 2 conflict'] },
  };
  const verdict = judge(
    [criterion('latency.p95', 'at_most', 100)],
    repetitions([{}, { ...unsafe, window: { finality_times: 1 } }, {}]),
  );
  assert.equal(verdict.status, 'FAILED');
  assert.match(verdict.reason, /unsafe in 1 of 3 repetitions .*: vertices 1 and 2 conflict/);
  assert.equal(verdict.criteria[1]?.status, 'INCONCLUSIVE');
});

test('an aborted repetition that was unsafe fails the row', () => {
  const verdict = judge(
    [criterion('latency.p95', 'at_most', 100)],
    [runRecord({ status: 'ABORTED', reason: 'stopped', consensus: { conflicts_finalized: 1 } })],
  );
  assert.equal(verdict.status, 'FAILED');
});

test('an assumption that does not hold makes passed and failed criteria inconclusive', () => {
  const runs = repetitions([{ window: { finality_times: 3 } }, {}, {}]);
  const verdict = judge(
    [criterion('latency.p95', 'at_most', 100), criterion('latency.p99', 'at_most', 10)],
    runs,
  );
  assert.deepEqual(
    verdict.criteria.map(({ status }) => status),
    ['INCONCLUSIVE', 'INCONCLUSIVE'],
  );
  assert.equal(
    verdict.reason,
    'window long enough: 3 times to finality, required at least 20 times to finality',
  );
  assert.match(verdict.criteria[0]?.wouldAnswer ?? '', /--duration/);
});

test('load that could not be issued spoils what passed, not what failed', () => {
  const runs = repetitions(
    Array.from({ length: 3 }, () => ({ throughput: { avg_tps: 60, queued_transactions: 2_400 } })),
  );
  const verdict = judge(
    [criterion('throughput.avg_tps', 'at_least', 90), criterion('latency.p95', 'at_most', 100)],
    runs,
  );
  assert.deepEqual(
    verdict.criteria.map(({ status }) => status),
    ['FAILED', 'INCONCLUSIVE'],
  );
  assert.equal(verdict.status, 'FAILED');
});

test('what the target calls unfit is not judged', () => {
  const runs = repetitions([
    {},
    {},
    { status: 'INCONCLUSIVE', reason: 'the message budget buys 4 finality times' },
  ]);
  const verdict = judge([criterion('latency.p95', 'at_most', 100)], runs);
  assert.equal(verdict.status, 'INCONCLUSIVE');
  assert.match(verdict.reason, /message budget buys 4/);
});

test('a skipped row, an aborted row and a row without criteria are not green', () => {
  const wanted = [criterion('latency.p95', 'at_most', 100)];
  const skipped = judgeRow(plannedRow(wanted, { skip: 'the target has no disks' }), []);
  assert.equal(skipped.status, 'SKIPPED');
  assert.equal(skipped.reason, 'the target has no disks');
  assert.equal(only(skipped).status, 'SKIPPED');
  assert.equal(judge(wanted, []).status, 'ABORTED');
  assert.equal(
    judge(wanted, repetitions([{}, {}, {}, { status: 'ABORTED', reason: 'stopped by guard' }])).status,
    'ABORTED',
  );
  assert.equal(judge([], repetitions()).status, 'INCONCLUSIVE');
});

test('an unknown metric is not judged', () => {
  const p = only(judge([criterion('latency.p42', 'at_most', 1)], repetitions()));
  assert.equal(p.status, 'INCONCLUSIVE');
  assert.equal(p.reason, 'no such metric');
});

test('the worst status wins: FAILED, ABORTED, INCONCLUSIVE, SKIPPED, PASSED', () => {
  const good = [criterion('latency.p95', 'at_most', 100)];
  const bad = [criterion('latency.p95', 'at_most', 10)];
  const rows = [
    plannedRow(good, { rowId: 'A' }),
    plannedRow(bad, { rowId: 'B' }),
    plannedRow(good, { rowId: 'C', skip: 'no' }),
    plannedRow(good, { rowId: 'D' }),
  ];
  const results = (rowIds: readonly string[]): Map<string, RunRecord> =>
    new Map(
      rowIds.flatMap((rowId) => repetitions().map((run, index) => [`${rowId}#${index}`, run] as const)),
    );
  const status = (indexes: readonly number[], filled: readonly string[]): string =>
    judgeCampaign(planOf(indexes.flatMap((index) => rows[index] ?? [])), results(filled)).status;
  assert.equal(status([0], ['A']), 'PASSED');
  assert.equal(status([0, 2], ['A']), 'SKIPPED');
  assert.equal(status([0, 2, 3], ['A']), 'ABORTED');
  assert.equal(status([0, 1, 2, 3], ['A', 'B']), 'FAILED');
  assert.equal(status([], []), 'INCONCLUSIVE');
});

test('a scaling criterion is judged over the rows of its scenario, repetition by repetition', () => {
  const scaling: Criterion = { ...criterion('scaling.latency_growth', 'at_most', 1), scope: 'scenario' };
  const rowOf = (nodes: number): ReturnType<typeof plannedRow> =>
    plannedRow([scaling], { rowId: `S/${nodes}` }, { nodes });
  const plan = planOf([100, 1_000, 10_000].map(rowOf));
  const results = (p95At: (nodes: number) => number): Map<string, RunRecord> =>
    new Map(
      [100, 1_000, 10_000].flatMap((nodes) =>
        repetitions(
          [{}, {}, {}].map(() => ({
            configuration: { node_count: nodes },
            latency: { p95_ms: p95At(nodes) },
          })),
        ).map((run, index) => [`S/${nodes}#${index}`, run] as const),
      ),
    );
  const logarithmic = judgeCampaign(
    plan,
    results((nodes) => 10 * Math.log(nodes)),
  );
  assert.equal(logarithmic.status, 'PASSED');
  assert.ok(Math.abs((logarithmic.rows[0]?.criteria[0]?.observed ?? 0) - 1) < 1e-9);
  assert.equal(
    judgeCampaign(
      plan,
      results((nodes) => nodes / 10),
    ).status,
    'FAILED',
  );
  const incomplete = results((nodes) => 10 * Math.log(nodes));
  incomplete.delete('S/10000#2');
  assert.match(judgeCampaign(plan, incomplete).rows[0]?.reason ?? '', /S\/10000 has no result/);
});

test('a regression is judged against the baseline of the row, and not at all without one', () => {
  const wanted: Criterion = { ...criterion('regression.worst_change', 'at_most', 10), scope: 'scenario' };
  const plan = planOf([plannedRow([wanted], { rowId: 'A' })]);
  const results = new Map(p95(100, 100, 100).map((run, index) => [`A#${index}`, run] as const));
  const against = (baseline: readonly RunRecord[]): string =>
    judgeCampaign(plan, results, new Map([['A', baseline]])).status;
  assert.equal(against(p95(98, 98, 98)), 'PASSED');
  assert.equal(against(p95(80, 80, 80)), 'FAILED');
  assert.equal(judgeCampaign(plan, results).status, 'INCONCLUSIVE');
});
