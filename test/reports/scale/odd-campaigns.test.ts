/**
 * Goal: no shape of campaign breaks the report: nothing run, one repetition, nothing finalised, many faults, long names.
 * Method: bend the invented campaign and write the page; figures that cannot exist must not appear as NaN or Infinity.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { FaultRecord, RunResult, RunSeries } from '#campaigns/results/schema.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';
import { scaleHtml } from '#reports/scale/scale-report.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';
import { wordsOf } from '#test/support/report-text.ts';

/** Four rows are enough and quick: a plain one, two sizes, a partition. */
function few(): ScaleReportInput {
  const input = campaignFixture();
  const kept = ['LT-001/nodes=500', 'LT-003/nodes=100', 'LT-003/nodes=250', 'CT-002/nodes=500'];
  const rows = input.plan.rows.filter((row) => kept.includes(row.rowId));
  return { ...input, plan: { ...input.plan, rows } };
}

function bent(change: (record: RunRecord) => RunRecord): ScaleReportInput {
  const input = few();
  return { ...input, runs: new Map([...input.runs].map(([id, record]) => [id, change(record)])) };
}

async function pageOf(input: ScaleReportInput): Promise<string> {
  const page = await scaleHtml(scaleDocument(input));
  assert.doesNotMatch(page.slice(page.indexOf('</style>')), /NaN|Infinity|undefined|\[object/);
  return wordsOf(page);
}

function silent(result: RunResult): RunResult {
  const { latency, consensus_metrics, throughput } = result.results;
  return {
    ...result,
    results: {
      ...result.results,
      throughput: {
        ...throughput,
        avg_tps: 0,
        peak_tps: 0,
        min_tps: 0,
        total_vertices: 0,
        total_transactions: 0,
        tps_variance_percent: 0,
      },
      latency: {
        ...latency,
        p50_ms: null,
        p95_ms: null,
        p99_ms: null,
        p999_ms: null,
        max_ms: null,
        mean_ms: null,
        undecided_share: 1,
        histogram: [],
      },
      consensus_metrics: {
        ...consensus_metrics,
        avg_rounds_to_finalize: null,
        confidence_at_finalization: null,
        finalized_share: 0,
        all_honest_share: 0,
        rounds: { mean: null, p50: null, p99: null, max: null, histogram: [] },
      },
    },
  };
}

function quiet(series: RunSeries): RunSeries {
  return {
    ...series,
    points: series.points.map((point) => ({ ...point, finalized_tps: 0, p50_ms: null, p95_ms: null })),
  };
}

test('a campaign in which nothing was run is a report that says so', async () => {
  const text = await pageOf({ ...few(), runs: new Map() });
  assert.match(text, /No row was run/);
  assert.match(text, /Predicted|predicted|cannot pass/);
});

test('a campaign in which nothing was finalised has no latency and no headline p95', async () => {
  const text = await pageOf(
    bent(({ result, series }) => ({ result: silent(result), series: quiet(series) })),
  );
  assert.match(text, /Latency p95, LT-001\/nodes=500 –/);
});

test('one repetition has figures without intervals', async () => {
  const input = few();
  const firsts = new Set(input.plan.rows.map((row) => row.cells[0]?.id));
  const text = await pageOf({ ...input, runs: new Map([...input.runs].filter(([id]) => firsts.has(id))) });
  assert.match(text, /1 of 3/);
  assert.match(text, /one repetition/);
});

test('runs without a series have tables and distributions but no curves over time', async () => {
  const text = await pageOf(bent(({ result, series }) => ({ result, series: { ...series, points: [] } })));
  assert.match(text, /queued at the end/);
  assert.doesNotMatch(text, /fault active/);
});

test('hundreds of kills are one line with their count', async () => {
  const kill = (index: number): FaultRecord => ({
    kind: 'kill',
    description: '10 nodes killed',
    requested_at_us: index * 1e6,
    requested_for_us: 1e5,
    at_us: 10e6 + index * 1e6,
    until_us: index % 2 === 0 ? null : 10.1e6 + index * 1e6,
    observed: true,
    evidence: '10 nodes down',
    recovery_us: null,
    rejoin_us: 2e6,
  });
  const kills = Array.from({ length: 100 }, (_, index) => kill(index));
  const text = await pageOf(bent(({ result, series }) => ({ series, result: { ...result, faults: kills } })));
  assert.match(text, /300 of 300/);
  assert.equal(text.split('10 nodes killed').length - 1, 4);
});

test('an instant decision has no place on a logarithmic axis and does not break it', async () => {
  const instant = (result: RunResult): RunResult => ({
    ...result,
    results: {
      ...result.results,
      latency: {
        ...result.results.latency,
        histogram: [
          [0, 10],
          [5, 10],
          [9, 10],
        ],
      },
    },
  });
  assert.match(await pageOf(bent(({ result, series }) => ({ series, result: instant(result) }))), /p99\.9/);
});

test('a repetition that was aborted is told and does not join the means', async () => {
  const input = few();
  const [id] = [...input.runs.keys()];
  const record = input.runs.get(id!)!;
  const runs = new Map(input.runs).set(id!, {
    ...record,
    result: { ...record.result, test_status: 'ABORTED' as const },
  });
  await pageOf({ ...input, runs });
  assert.equal(scaleDocument({ ...input, runs }).rows[0]?.figures.avgTps?.repetitions, 2);
});
