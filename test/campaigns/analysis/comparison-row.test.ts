/**
 * Sizes that a phase only simulates, to compare with: planned and run as any row, and never judged, deployed or paid for.
 * Method: the shipped phases for plan and money; written results for verdicts and the report.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPriceSheet } from '#budgets/price-sheet.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import { judgeCampaign } from '#campaigns/analysis/verdict.ts';
import { planPhase } from '#campaigns/commands/plan-request.ts';
import { clusterRows, deploymentsOf, withClusterRows } from '#campaigns/deployment-plan.ts';
import { checkPlan } from '#campaigns/feasibility/check-plan.ts';
import { forecastInputOf } from '#campaigns/forecast-plan.ts';
import { cellsToRun } from '#campaigns/next-action.ts';
import type { Criterion, Plan, PlannedRow } from '#campaigns/plan-record.ts';
import { parsePlan } from '#campaigns/results/plan-file.ts';
import { loadCatalogue, readPhase } from '#campaigns/scenario-file.ts';
import { runsCsv } from '#reports/scale/runs-csv.ts';
import { scaleDocument } from '#reports/scale/scale-document.ts';
import { scenarioSection } from '#reports/scale/scenario-section.ts';
import { criterion, plannedRow, planOf, type RunChanges, repetitions } from '#test/support/run-result.ts';

function phasePlan(name: string): Plan {
  return planPhase(name, { seed: 1, scenarios: ['LT-003'] }).planOf('c');
}

const compared = (plan: Plan): readonly PlannedRow[] => plan.rows.filter((row) => row.comparison === true);

test('every phase of one size simulates smaller ones to compare with: all cells, no criterion, never more repetitions', () => {
  const sizes = ['phase2', 'phase3', 'phase4'].map((name) => {
    const plan = phasePlan(name);
    const rows = compared(plan);
    for (const row of rows) {
      assert.deepEqual([row.criteria, row.more, row.cells.length], [[], undefined, 3], row.rowId);
      assert.match(row.label, /only simulated, to compare with/);
    }
    assert.equal(cellsToRun(plan).length, 3 * plan.rows.length);
    return rows.map(({ cells }) => cells[0]!.spec.nodes);
  });
  assert.deepEqual(sizes, [[100, 500], [1_000], [1_000, 5_000]]);
});

test('the same phase gives the same cells, and a stored plan is read back with its comparisons', () => {
  const plan = phasePlan('phase4');
  assert.deepEqual(phasePlan('phase4'), plan);
  assert.deepEqual(parsePlan(JSON.stringify(plan)), plan);
  const changed = JSON.stringify(plan).replace('"comparison":true', '"comparison":false');
  assert.match(String(parsePlan(changed)), /is not a plan/);
});

test('money, deployments and feasibility know the judged size alone', () => {
  const sheet = readPriceSheet();
  for (const name of ['phase2', 'phase3', 'phase4']) {
    const plan = phasePlan(name);
    const own = plan.rows.filter((row) => row.comparison !== true);
    const alone = { ...plan, rows: own };
    const priced = forecastInputOf(plan, null, sheet, sheet.date);
    assert.deepEqual(priced, forecastInputOf(alone, null, sheet, sheet.date));
    assert.deepEqual(deploymentsOf(plan), deploymentsOf(alone));
    const sizes = deploymentsOf(plan).map(({ nodes }) => nodes);
    assert.deepEqual([...new Set(sizes)], [own[0]!.cells[0]!.spec.nodes]);
  }
  const plan = threeSizes();
  const promises = { toleratedShare: 0.3, scaleTargets: [] };
  const own = { ...plan, rows: plan.rows.slice(2) };
  assert.deepEqual(checkPlan(plan, null, promises), checkPlan(own, null, promises));
});

test('on real processes nothing is compared with, because nothing of it would be measured', () => {
  const plan = planPhase('phase4', { seed: 1, scenarios: ['LT-003'], target: 'processes' }).planOf('c');
  assert.deepEqual(
    plan.rows.map(({ rowId }) => rowId),
    ['LT-003/nodes=10000,measured'],
  );
});

const growth: Criterion = { ...criterion('scaling.latency_growth', 'at_most', 1), scope: 'scenario' };

/** Rows of 100 and 1,000 nodes to compare with, and one of 10,000 that is judged. */
function threeSizes(target: Plan['target'] = 'simulator'): Plan {
  const smaller = [100, 1_000].map((nodes) =>
    plannedRow([], { rowId: `S/${nodes}`, comparison: true }, { nodes }),
  );
  const judged = plannedRow(
    [criterion('latency.p95', 'at_most', 200), growth],
    { rowId: 'S/10000' },
    { nodes: 10_000 },
  );
  return { ...planOf([...smaller, judged]), target };
}

function resultsOf(plan: Plan, changes: (nodes: number) => RunChanges): Map<string, RunRecord> {
  return new Map(
    plan.rows.flatMap(({ cells }) => {
      const { nodes } = cells[0]!.spec;
      const change = { configuration: { node_count: nodes }, ...changes(nodes) };
      const runs = repetitions(cells.map(() => change));
      return cells.map(({ id }, index) => [id, runs[index]!] as const);
    }),
  );
}

const logarithmic = (nodes: number): RunChanges => ({ latency: { p95_ms: 10 * Math.log(nodes) } });

test('the judged size is judged over all of them, says which are simulated only, and they have no verdict', () => {
  const plan = threeSizes();
  const verdict = judgeCampaign(plan, resultsOf(plan, logarithmic));
  assert.deepEqual(
    verdict.rows.map(({ rowId, status }) => [rowId, status]),
    [['S/10000', 'PASSED']],
  );
  const [own, over] = verdict.rows[0]!.criteria;
  assert.equal(own?.note, null);
  assert.match(over?.note ?? '', /over simulations; 100, 1000 nodes are simulated only/);
  const steep = resultsOf(plan, (nodes) => ({ latency: { p95_ms: nodes / 100 } }));
  assert.equal(judgeCampaign(plan, steep).rows[0]?.criteria[1]?.status, 'FAILED');
});

test('without a result to compare with the criterion is open; an unsafe comparison fails the campaign', () => {
  const plan = threeSizes();
  const missing = resultsOf(plan, logarithmic);
  missing.delete('S/100#1');
  const open = judgeCampaign(plan, missing).rows[0]?.criteria[1];
  assert.equal(open?.status, 'INCONCLUSIVE');
  assert.match(open?.reason ?? '', /S\/100 has no result/);
  const unsafe = resultsOf(plan, (nodes) => ({
    ...logarithmic(nodes),
    ...(nodes === 100 ? { consensus: { conflicts_finalized: 1 } } : {}),
  }));
  const verdict = judgeCampaign(plan, unsafe);
  assert.deepEqual(
    verdict.rows.map(({ rowId, status }) => [rowId, status]),
    [
      ['S/100', 'FAILED'],
      ['S/10000', 'PASSED'],
    ],
  );
  assert.equal(verdict.status, 'FAILED');
});

test('a deployed row leaves what is over several sizes to the simulation, and says so', () => {
  const plan = threeSizes('kubernetes');
  const [deployed, ...others] = clusterRows(plan);
  assert.deepEqual(others, []);
  assert.deepEqual(
    deployed?.criteria.map(({ metric }) => metric),
    ['latency.p95'],
  );
  assert.match(
    deployed?.label ?? '',
    /scaling\.latency_growth: judged on the simulation, as 100, 1000 nodes are not deployed/,
  );
  const whole = withClusterRows(plan);
  const verdict = judgeCampaign(whole, resultsOf(whole, logarithmic));
  assert.deepEqual(
    verdict.rows.map(({ rowId, status, criteria }) => [rowId, status, criteria.length]),
    [
      ['S/10000', 'PASSED', 2],
      ['S/10000,cluster', 'PASSED', 1],
    ],
  );
  const alone = { ...plan, rows: plan.rows.slice(2) };
  assert.equal(clusterRows(alone)[0]?.criteria.length, 2, 'without comparisons it keeps what it was asked');
});

test('the report, its table of scales and runs.csv call them comparisons and count no verdict for them', () => {
  const plan = threeSizes();
  const runs = resultsOf(plan, logarithmic);
  const input = { campaign: 'c', plan, verdict: judgeCampaign(plan, runs), feasibility: null, runs };
  const document = scaleDocument(input);
  assert.deepEqual(
    document.rows.map(({ status }) => status),
    [null, null, 'PASSED'],
  );
  const { rows, comparisons, statuses } = document.summary;
  assert.deepEqual([rows, comparisons, statuses.SKIPPED, statuses.PASSED], [1, 2, 0, 1]);
  assert.deepEqual(
    document.scaling[0]?.entries.map(({ nodes }) => nodes),
    [100, 1_000, 10_000],
  );
  const { markup } = scenarioSection(document.rows, new Map(), null);
  assert.equal(markup.match(/>comparison</g)?.length, 2);
  const roles = runsCsv(input)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').at(-1));
  assert.deepEqual(roles, ['role', ...Array(6).fill('comparison'), ...Array(3).fill('judged')]);
});

test('a size that is judged anyway, one that is named twice and a benchmark are refused at their places', () => {
  const head = `id: phase1
title: t
source: s
stack: local
nodes: 100..500
vms: 0
target: simulator
budget: { campaign: "$10", run: "$1", alerts: [] }
scenarios:
`;
  const refused = (lines: string, why: RegExp): void =>
    assert.throws(() => readPhase(head + lines, 'p.yaml', loadCatalogue()), why);
  refused(
    '  - { scenario: LT-003, nodes: [100, 500], compared_with: [100] }\n',
    /p\.yaml:10.*LT-003 at 100 nodes is in the phase already/s,
  );
  refused(
    ['400', '500'].map((nodes) => `  - { scenario: LT-003, nodes: ${nodes}, compared_with: 50 }\n`).join(''),
    /LT-003 at 50 nodes is in the phase already/,
  );
  refused('  - { scenario: PR-001, compared_with: 50 }\n', /PR-001 is a benchmark and has no size/);
  const phase = readPhase(
    `${head}  - { scenario: LT-003, nodes: 500, compared_with: 50 }\n`,
    'p.yaml',
    loadCatalogue(),
  );
  assert.deepEqual(phase.scenarios[0]?.compared_with, [50]);
});
