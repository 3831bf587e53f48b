/** Goal: what the report says about a row follows from its plan, verdict and runs. Method: the invented campaign, altered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CriterionVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import { anchorOf, provenanceOf, type RowDocument, rowDocument } from '#reports/scale/row-document.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const input = campaignFixture();

function documentOf(rowId: string, runs: ReadonlyMap<string, RunRecord> = input.runs): RowDocument {
  const row = input.plan.rows.find((one) => one.rowId === rowId)!;
  const verdict = input.verdict.rows.find((one) => one.rowId === rowId);
  return rowDocument(input.plan, row, verdict, runs);
}

function altered(
  rowId: string,
  change: (result: RunResult, repetition: number) => RunResult,
): Map<string, RunRecord> {
  const runs = new Map(input.runs);
  const row = input.plan.rows.find((one) => one.rowId === rowId)!;
  for (const [repetition, cell] of row.cells.entries()) {
    const record = input.runs.get(cell.id)!;
    runs.set(cell.id, { ...record, result: change(record.result, repetition) });
  }
  return runs;
}

test('a failed row is decided by the criterion farthest outside its limit', () => {
  const row = documentOf('LT-001/nodes=500');
  assert.equal(row.status, 'FAILED');
  assert.equal(row.criteria[row.decisive ?? -1]?.metric, 'latency.p95');
});

test('a passed row is decided by its tightest criterion, a bound of zero aside', () => {
  const row = documentOf('LT-003/nodes=100');
  const tightness = (one: CriterionVerdict): number => (one.margin ?? 0) / Math.abs(one.limit);
  const comparable = row.criteria.filter((one) => one.limit !== 0);
  const tightest = comparable.toSorted((a, b) => tightness(a) - tightness(b))[0];
  assert.equal(row.criteria[row.decisive ?? -1], tightest);
});

test('an aborted repetition is listed but takes no part in the figures', () => {
  const rowId = 'LT-003/nodes=100';
  const runs = altered(rowId, (result, repetition) =>
    repetition === 0 ? { ...result, test_status: 'ABORTED' } : result,
  );
  const row = documentOf(rowId, runs);
  assert.equal(row.runs.length, 3);
  assert.equal(row.figures.avgTps?.repetitions, 2);
});

test('a p95 with more than five percent undecided is not a figure', () => {
  assert.equal(documentOf('CT-003/byzantine=20%').figures.p95Ms, null);
  assert.notEqual(documentOf('CT-003/byzantine=10%').figures.p95Ms, null);
});

test('faults are told once per kind, in seconds from the window, with the worst recovery', () => {
  const runs = altered('CT-002/nodes=500', (result, repetition) => ({
    ...result,
    faults: result.faults.map((fault) => ({
      ...fault,
      observed: repetition > 0,
      recovery_us: (repetition + 1) * 1e6,
    })),
  }));
  const [fault, ...others] = documentOf('CT-002/nodes=500', runs).faults;
  assert.equal(others.length, 0);
  assert.deepEqual([fault?.observed, fault?.asked], [2, 3]);
  assert.deepEqual([fault?.firstAtS, fault?.lastUntilS], [60, 90]);
  assert.equal(fault?.recoveryS?.most, 3);
  assert.deepEqual(fault?.periods, [[60, 90]]);
});

test('the same anomaly in several repetitions is told once with its count', () => {
  const runs = altered('LT-003/nodes=100', (result, repetition) => ({
    ...result,
    anomalies: repetition === 2 ? ['odd', 'odd', 'rare'] : ['odd'],
  }));
  assert.deepEqual(documentOf('LT-003/nodes=100', runs).anomalies, [
    { text: 'odd', repetitions: 3 },
    { text: 'rare', repetitions: 1 },
  ]);
});

test('a row that was not run says why and has no figure', () => {
  const row = documentOf('CT-001/nodes=250');
  assert.equal(row.status, 'SKIPPED');
  assert.match(row.reason, /cannot inject/);
  assert.ok(Object.values(row.figures).every((figure) => figure === null));
  assert.equal(row.timeline, null);
});

test('mixed origins of figures are named side by side', () => {
  const [one, other] = [...input.runs.values()].map((record) => record.result);
  assert.equal(
    provenanceOf(input.plan, [one!, { ...other!, provenance: 'MEASURED' }]),
    'MEASURED + SIMULATED',
  );
  assert.equal(provenanceOf(input.plan, []), 'SIMULATED');
});

test('anchors hold only what an address may hold and stay different', () => {
  const anchors = input.plan.rows.map((row) => anchorOf(row.rowId));
  assert.ok(anchors.every((anchor) => /^[A-Za-z0-9-]+$/.test(anchor)));
  assert.equal(new Set(anchors).size, anchors.length);
});
