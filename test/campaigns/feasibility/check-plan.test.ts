// Goal: a plan's report covers every row once, adds what the requirements promise, and is printed with its arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlan } from '#campaigns/feasibility/check-plan.ts';
import { renderFindings, somethingCannotPass } from '#campaigns/feasibility/render.ts';
import type { Criterion, Plan } from '#campaigns/plan-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { criterion, exampleSpec } from './example-spec.ts';

/** Looking through the promises takes most of a check: tests that are not about them do without. */
const noPromises = { toleratedShare: 0.05, scaleTargets: [] };

function planOf(rows: readonly (readonly [RunSpec, readonly Criterion[]])[]): Plan {
  return {
    version: 1,
    campaign: 'example',
    phase: 'phase2',
    stack: '1k-nodes',
    target: 'simulator',
    codeVersion: 'x',
    nodeVersion: 'x',
    seed: 1,
    rows: rows.map(([spec, criteria], i) => ({
      rowId: `row ${i}`,
      scenarioId: spec.scenarioId,
      title: '',
      source: '',
      label: spec.label,
      criteria,
      cells: [0, 1, 2].map((repetition) => ({ id: `${i}.${repetition}`, spec: { ...spec, repetition } })),
      skip: null,
    })),
  };
}

test('the promises at 1,000 nodes are judged whatever the rows ask for', () => {
  const report = checkPlan(
    planOf([
      [exampleSpec({ nodes: 1_000, network: 'wan' }), []],
      [exampleSpec({ nodes: 1_000 }), []],
    ]),
  );
  assert.equal(report.rows.length, 2);
  assert.ok(report.rows.every((row) => row.conclusion === 'possible'));
  const topics = new Set(
    report.campaignFindings.filter((each) => each.conclusion === 'cannot-pass').map((each) => each.topic),
  );
  assert.deepEqual([...topics].sort(), [
    'bandwidth',
    'byzantine-tolerance',
    'latency-floor',
    'self-contradiction',
  ]);
  assert.ok(somethingCannotPass(report));
});

test('a possible plan below every promise is possible and prints one line per finding', () => {
  const spec = exampleSpec({ nodes: 150 });
  // A user's figures: the built-in ones would be held against the node as measured.
  const own = { ...spec, calibration: { ...spec.calibration, name: 'my node' } };
  const report = checkPlan(planOf([[own, [criterion('latency.p95', 'at_most', 1_000)]]]), null, noPromises);
  assert.equal(report.conclusion, 'possible');
  const text = renderFindings(report);
  assert.match(text, /row 0: possible/);
  assert.doesNotMatch(text, /CANNOT/);
});

test('the text names why, the arithmetic and the nearest parameters', () => {
  const report = checkPlan(
    planOf([[exampleSpec({ nodes: 1_000, network: 'wan' }), [criterion('latency.p95', 'at_most', 100)]]]),
    null,
    noPromises,
  );
  const text = renderFindings(report);
  assert.match(text, /CANNOT PASS {2}latency-floor: cannot pass, because 15 polls in a row/);
  assert.match(text, /spacing\s+= 302\.\d+ ms/);
  assert.match(text, /nearest parameters that would pass: /);
});

test('money is compared per run and for the campaign', () => {
  const row = {
    runForecastUsdMicros: 500_000_000n,
    perRunCapUsdMicros: 1_000_000_000n,
    repetitions: 3,
    hours: 1,
    vmHours: 70,
    nodesPerVm: 15,
  };
  const money = {
    campaignForecastUsdMicros: 20_000_000_000n,
    campaignCapUsdMicros: 10_000_000_000n,
    rows: new Map([['row 0', row]]),
  };
  const report = checkPlan(planOf([[exampleSpec({ nodes: 150 }), []]]), money, noPromises);
  const found = report.campaignFindings.find((each) => each.topic === 'money')!;
  assert.match(found.because, /^cannot pass, because .*\$20,000\.00 against \$10,000\.00/);
  assert.ok(
    report.rows[0]!.findings.some((each) => each.topic === 'money' && each.conclusion === 'possible'),
  );
});

test('a row without cells has nothing to say', () => {
  const plan = planOf([[exampleSpec({ nodes: 150 }), []]]);
  const rows = plan.rows.map((row) => ({ ...row, cells: [], skip: 'no target' }));
  const report = checkPlan({ ...plan, rows }, null, noPromises);
  assert.deepEqual(report.rows[0]!.findings, []);
});

test('what was promised for smaller scales and other networks is part of a larger plan', () => {
  const { campaignFindings } = checkPlan(planOf([[exampleSpec({ nodes: 10_000 }), []]]));
  const said = (pattern: RegExp) => campaignFindings.some(({ because }) => pattern.test(because));
  // p95 <= 100 ms with 15 polls one after the other, on a wide-area network and against 10 Mbps on a local one.
  assert.ok(
    said(/^cannot pass, because at the scale target of 1000 nodes .*network wan\) 15 polls in a row/),
  );
  assert.ok(
    said(/^cannot pass, because at the scale target of 1000 nodes .*network local\) .*no poll interval/),
  );
  const small = checkPlan(planOf([[exampleSpec({ nodes: 150 }), []]]));
  assert.ok(small.campaignFindings.every(({ because }) => !/scale target/.test(because)));
});
