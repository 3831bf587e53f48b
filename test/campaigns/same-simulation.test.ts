/** Repetitions that are the same simulation run once, under every name that asks for them; what could differ in one figure runs for itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCatalogue } from '#campaigns/commands/plan-request.ts';
import { type JournalEvent, journalState } from '#campaigns/journal-event.ts';
import { nextAction } from '#campaigns/next-action.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { calmKey, sameAs, simulationKey, takenOver, twinsOf } from '#campaigns/same-simulation.ts';
import { runEvents } from '#campaigns/targets/simulator/run.ts';
import { fakePlan, fakeRow, fakeSpec } from '#test/support/fake-campaign.ts';

const attacked = (part: Partial<RunSpec['byzantine']>): RunSpec['byzantine'] => ({
  share: 0.2,
  attack: 'random',
  clusters: 1,
  identities: 1,
  exclusion: false,
  ...part,
});

test('names, reasons and what only other attacks read do not count; seed, load, time of faults and every parameter do', () => {
  const spec = fakeSpec({ byzantine: attacked({}) });
  const key = simulationKey(spec);
  const same: readonly Partial<RunSpec>[] = [
    { scenarioId: 'FAKE-2', label: 'another', tierReason: 'because', repetition: 7 },
    { byzantine: attacked({ clusters: 4, identities: 10 }) },
  ];
  for (const part of same) assert.equal(simulationKey({ ...spec, ...part }), key, JSON.stringify(part));
  const other: readonly Partial<RunSpec>[] = [
    { seed: 2 },
    { nodes: 101 },
    { tier: 'spliced' },
    { messageBudget: 2_000_000_000 },
    { workload: { ...spec.workload, conflictShare: 0.01 } },
    { consensus: { ...spec.consensus, beta: 19 } },
    { byzantine: attacked({ attack: 'sybil', identities: 10 }) },
    { byzantine: attacked({ exclusion: true }) },
    { faults: [{ kind: 'loss', loss: 0.1, atUs: 1, forUs: 2 }] },
  ];
  for (const part of other) assert.notEqual(simulationKey({ ...spec, ...part }), key, JSON.stringify(part));
  const sybils = (identities: number): string =>
    simulationKey({ ...spec, byzantine: attacked({ attack: 'sybil', identities }) });
  assert.notEqual(sybils(2), sybils(3));
});

test('a window of a steady load does not know for which time it stands; one with periods or faults does, and a counted one', () => {
  const hour = 3_600_000_000;
  const asked = (part: Partial<RunSpec>, times: number): string =>
    simulationKey(fakeSpec({ ...part, duration: { ...fakeSpec().duration, measureUs: times * hour } }));
  assert.equal(asked({}, 1), asked({}, 2));
  const sine = { ...fakeSpec().workload, kind: 'sine', leastTps: 1, mostTps: 9, periodUs: hour } as const;
  assert.notEqual(asked({ workload: sine }, 1), asked({ workload: sine }, 2));
  assert.notEqual(asked({ tier: 'spliced' }, 1), asked({ tier: 'spliced' }, 2));
  const loss = [{ kind: 'loss', loss: 0.1, atUs: 1, forUs: 2 }] as const;
  assert.notEqual(asked({ faults: loss }, 1), asked({ faults: loss }, 2));
});

test('specifications with one key have one trace', () => {
  const small = fakeSpec({
    nodes: 40,
    consensus: { ...fakeSpec().consensus, k: 20, alphaConfidence: 16, alphaPreference: 16 },
  });
  const twin = {
    ...small,
    scenarioId: 'FAKE-2',
    duration: { ...small.duration, measureUs: 2 * small.duration.measureUs },
  };
  assert.equal(simulationKey(small), simulationKey(twin));
  const traceOf = (spec: RunSpec): string =>
    runEvents(spec, () => {}, new AbortController().signal).result.determinism.trace_hash;
  assert.equal(traceOf(small), traceOf(twin));
});

test('a run that is taken over has every figure of the first, and the name, time and reasons of its own', () => {
  const first = fakeSpec({ nodes: 40, tierReason: 'the first reason' });
  const own: RunSpec = {
    ...first,
    scenarioId: 'FAKE-2',
    label: 'another',
    tierReason: 'its own reason',
    duration: { ...first.duration, measureUs: 2 * first.duration.measureUs },
  };
  const run = runEvents(first, () => {}, new AbortController().signal);
  const said = {
    ...run,
    result: { ...run.result, anomalies: ['fidelity message: the first reason', ...run.result.anomalies] },
  };
  const twin = { rowId: 'FAKE-1', cell: { id: 'a', spec: first } };
  const { result, series } = takenOver(own, twin, said);
  const alone = runEvents(own, () => {}, new AbortController().signal).result;
  const { simulation: _work, ...figures } = result.results;
  const { simulation: _own, ...expected } = alone.results;
  assert.deepEqual(figures, expected);
  assert.deepEqual(result.configuration, alone.configuration);
  assert.deepEqual(result.determinism, alone.determinism);
  assert.deepEqual(result.window, alone.window);
  assert.equal(series.test_run_id, alone.test_run_id);
  const shared = 'same simulation as FAKE-1, repetition 1: run once, judged here by other criteria';
  assert.deepEqual(result.anomalies, ['fidelity message: its own reason', shared, ...alone.anomalies]);
});

test('a cell waits while its twin runs, takes its run over when it is done, and runs for itself when it failed', () => {
  const plan = fakePlan('c', [fakeRow('FAKE-1', 1), fakeRow('FAKE-2', 1, { scenarioId: 'FAKE-2' })]);
  const [first, second] = plan.rows.map(({ cells }) => cells[0]!);
  assert.equal(sameAs(plan.rows[1]!, twinsOf(plan)), 'FAKE-1');
  assert.equal(sameAs(plan.rows[0]!, twinsOf(plan)), null);
  const feasible: JournalEvent = {
    kind: 'step-done',
    step: 'feasibility',
    sha256: null,
    exit_codes: [],
    notes: [],
  };
  const after = (...events: readonly JournalEvent[]): unknown =>
    nextAction(
      plan,
      journalState([feasible, ...events].map((event, index) => ({ n: index + 1, at: 't', event }))),
      2,
    );
  const started: JournalEvent = { kind: 'cell-started', cell: first!.id };
  const failed: JournalEvent = { kind: 'cell-failed', cell: first!.id, reason: 'r' };
  const done: JournalEvent = {
    kind: 'cell-done',
    cell: first!.id,
    manifest_sha256: 'm',
    status: 'PASSED',
    adopted: false,
  };
  assert.deepEqual(after(), { kind: 'simulate', cell: first, twin: null });
  assert.deepEqual(after(started), { kind: 'wait' });
  assert.deepEqual(after(started, done), {
    kind: 'simulate',
    cell: second,
    twin: { rowId: 'FAKE-1', cell: first },
  });
  assert.deepEqual(after(started, failed), { kind: 'simulate', cell: second, twin: null });
});

test('in the whole catalogue seeds differ by what is simulated, not by who asks, and rows of one comparison share theirs', () => {
  const plan = planCatalogue({ seed: 1 }).planOf('c');
  const { rows } = plan;
  const twins = twinsOf(plan);
  const rowOf = (id: string): (typeof rows)[number] => rows.find(({ rowId }) => rowId === id)!;
  const owners = new Map(rows.map((row) => [row.rowId, sameAs(row, twins)]));
  for (const [row, owner] of [
    ['ST-003', 'COV-STRESS-03'],
    ['SK-002', 'COV-SOAK-02'],
    ['CT-002', 'COV-CHAOS-02'],
    ['CT-003/byzantine=20%', 'COV-BYZ-03'],
    ['ST-001', 'COV-STRESS-01'],
  ] as const)
    assert.equal(owners.get(row), owner, row);
  const seedsByCalm = new Map<string, string>();
  for (const row of rows) {
    const [first] = row.cells;
    if (first === undefined || row.skip !== null) continue;
    const key = calmKey(first.spec);
    const known = seedsByCalm.get(key) ?? String(first.spec.seed);
    seedsByCalm.set(key, known);
    assert.equal(String(first.spec.seed), known, row.rowId);
  }
  assert.notDeepEqual(rowOf('ST-003').criteria, rowOf('COV-STRESS-03').criteria);
});
