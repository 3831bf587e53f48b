/** Goal: headline figures and the safety bound are what they claim. Method: the invented campaign, altered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { mainScaling, scaleDocument } from '#reports/scale/scale-document.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const input = campaignFixture();

function withConflict(conflicts: number): ScaleReportInput {
  const [[id, record]] = [...input.runs] as [[string, RunRecord]];
  const { results } = record.result;
  const consensus_metrics = { ...results.consensus_metrics, conflicts_finalized: conflicts };
  const runs = new Map(input.runs).set(id, {
    ...record,
    result: { ...record.result, results: { ...results, consensus_metrics } },
  });
  return { ...input, runs };
}

test('rows are counted by status and add up', () => {
  const { statuses, rows } = scaleDocument(input).summary;
  assert.equal(
    Object.values(statuses).reduce((sum, count) => sum + count, 0),
    rows,
  );
  assert.ok(statuses.PASSED > 0 && statuses.FAILED > 0 && statuses.INCONCLUSIVE > 0 && statuses.SKIPPED > 0);
});

test('the headline is the largest network without attackers and faults', () => {
  const { summary } = scaleDocument(input);
  assert.equal(summary.headline, 'LT-003/nodes=1000');
  assert.deepEqual([summary.nodesLeast, summary.nodesMost], [100, 1_000]);
});

test('no conflict in N runs bounds the share of bad runs by 3 / N, one conflict bounds nothing', () => {
  const clean = scaleDocument(input).summary.safety;
  assert.equal(clean.conflicts, 0);
  assert.equal(clean.runBound, 3 / clean.runs);
  assert.equal(clean.decisionBound, 3 / clean.decisions!);
  const broken = scaleDocument(withConflict(2)).summary.safety;
  assert.deepEqual([broken.conflicts, broken.runBound, broken.decisionBound], [2, null, null]);
});

test('decisions are those that the checker read, and a run that two rows share counts once', () => {
  const { runs, decisions } = scaleDocument(input).summary.safety;
  const read = (id: string): number =>
    input.runs.get(id)!.result.results.consensus_metrics.decisions_checked!;
  const ids = [...input.runs.keys()];
  assert.equal(
    decisions,
    ids.reduce((sum, id) => sum + read(id), 0),
  );
  const [first, second] = ids as [string, string];
  const taken = input.runs.get(first)!;
  const { result } = input.runs.get(second)!;
  const twin = {
    ...taken,
    result: { ...taken.result, configuration: result.configuration, test_run_id: result.test_run_id },
  };
  const shared = scaleDocument({ ...input, runs: new Map(input.runs).set(second, twin) }).summary.safety;
  assert.deepEqual([shared.runs, shared.decisions], [runs - 1, decisions - read(second)]);
});

test('a campaign whose runs record no decisions claims no bound for them', () => {
  const runs = new Map(
    [...input.runs].map(([id, record]) => {
      const { decisions_checked: _unknown, ...consensus_metrics } = record.result.results.consensus_metrics;
      const results = { ...record.result.results, consensus_metrics };
      return [id, { ...record, result: { ...record.result, results } }];
    }),
  );
  const { summary } = scaleDocument({ ...input, runs });
  assert.deepEqual([summary.safety.decisions, summary.safety.decisionBound], [null, null]);
});

test('the table of scale.csv is the group with the most sizes', () => {
  const main = mainScaling(scaleDocument(input));
  assert.equal(main?.scenarioId, 'LT-003');
  assert.equal(main?.sameLoad, true);
  assert.deepEqual(
    main?.entries.map((entry) => entry.nodes),
    [100, 250, 500, 1_000],
  );
});

test('a campaign without a run is a document without figures', () => {
  const document = scaleDocument({ ...input, runs: new Map() });
  assert.equal(document.summary.runs, 0);
  assert.equal(document.summary.headline, null);
  assert.equal(document.summary.safety.runBound, null);
  assert.equal(mainScaling(document), null);
  assert.equal(document.rows.length, input.plan.rows.length);
});

test('every metric of a criterion is explained by the registry', () => {
  const { metrics } = scaleDocument(input);
  assert.ok(metrics.some((metric) => metric.name === 'latency.p95'));
  assert.ok(metrics.every((metric) => metric.description.length > 20 && metric.unit !== ''));
});

test('between equal sizes a steady load gives the headline, not a ramp', () => {
  const rows = input.plan.rows
    .filter((row) => ['LT-001/nodes=500', 'LT-002/nodes=500'].includes(row.rowId))
    .toReversed();
  assert.equal(rows[0]?.rowId, 'LT-002/nodes=500');
  assert.equal(
    scaleDocument({ ...input, plan: { ...input.plan, rows } }).summary.headline,
    'LT-001/nodes=500',
  );
});
