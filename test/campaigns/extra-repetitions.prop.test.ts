/**
 * Repetitions beyond the planned ones: the stopping rule, the time it may take, and that what a phase adds still fits the phase.
 * Method: properties over random situations; the real phases with their estimates; a campaign on a clock that the test moves.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { judgeCriterion } from '#campaigns/analysis/criterion-verdict.ts';
import { metrics } from '#campaigns/analysis/metrics.ts';
import { type OpenFigure, opennessOf } from '#campaigns/analysis/open-figure.ts';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { summarise } from '#campaigns/analysis/statistics.ts';
import {
  extraSeconds,
  secondsUntilOver,
  type Weighing,
  weigh,
  withExtraRepetitions,
} from '#campaigns/extra-repetitions.ts';
import { type JournalState, journalState } from '#campaigns/journal-event.ts';
import { phaseCoreShare, phaseCores } from '#campaigns/limits.ts';
import { nextAction } from '#campaigns/next-action.ts';
import { type CampaignEnd, createCampaign, runCampaign } from '#campaigns/operator.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import { planHash, type RowToPlan } from '#campaigns/plan.ts';
import { type Criterion, type ExtendedRow, type Plan, plannedOnly } from '#campaigns/plan-record.ts';
import { resolvePhase } from '#campaigns/resolve.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { loadPhase, phaseNames } from '#campaigns/scenario-file.ts';
import { plannedCpuSeconds } from '#campaigns/simulation-cost.ts';
import { fakePlan, fakeRow, fakeServices, straddlingRow } from '#test/support/fake-campaign.ts';

const runs = mkdtempSync(path.join(os.tmpdir(), 'repetitions-'));
after(() => rmSync(runs, { recursive: true }));

const seconds = fc.double({ min: 0, max: 1_000, noNaN: true });
const weighing: fc.Arbitrary<Weighing> = fc.record({
  done: fc.integer({ min: 3, max: 40 }),
  most: fc.constant(24),
  open: fc.array(
    fc.record({
      metric: fc.constant('latency.p95'),
      missing: fc.integer({ min: 1, max: 900 }),
      words: fc.constant('w'),
    }),
    { maxLength: 3 },
  ),
  isDecided: fc.boolean(),
  secondsEach: fc.double({ min: 0.01, max: 100, noNaN: true }),
  ownSecondsLeft: seconds,
  clockSecondsLeft: fc.oneof(seconds, fc.constant(Number.POSITIVE_INFINITY), fc.constant(-5)),
});

test('no decision costs more than what is left, exceeds the most, or more than doubles what there is', () => {
  fc.assert(
    fc.property(weighing, (facts) => {
      const { more, why } = weigh(facts);
      assert.ok(why.length > 0);
      assert.ok(more >= 0 && Number.isInteger(more));
      if (more === 0) return;
      assert.ok(more * facts.secondsEach <= facts.clockSecondsLeft + 1e-9);
      const isTimed = Number.isFinite(facts.clockSecondsLeft);
      if (!isTimed) assert.ok(more * facts.secondsEach <= facts.ownSecondsLeft + 1e-9);
      assert.ok(facts.done + more <= facts.most);
      assert.ok(more <= facts.done);
      assert.ok(facts.open.length > 0, 'a decided row gets none');
    }),
    { seed: 20_261_129, numRuns: 2_000 },
  );
});

test('less time never gives more repetitions, and repeated decisions end', () => {
  fc.assert(
    fc.property(weighing, fc.double({ min: 0, max: 1, noNaN: true }), (facts, share) => {
      const shorter = {
        ...facts,
        ownSecondsLeft: facts.ownSecondsLeft * share,
        clockSecondsLeft:
          facts.clockSecondsLeft > 0 ? facts.clockSecondsLeft * share : facts.clockSecondsLeft,
      };
      assert.ok(weigh(shorter).more <= weigh(facts).more);
      let now = facts;
      let steps = 0;
      for (let next = weigh(now); next.more > 0; next = weigh(now)) {
        now = {
          ...now,
          done: now.done + next.more,
          ownSecondsLeft: now.ownSecondsLeft - next.more * now.secondsEach,
        };
        steps += 1;
      }
      assert.ok(steps <= 24);
    }),
    { seed: 20_261_129, numRuns: 1_000 },
  );
});

test('a figure that no number of repetitions settles does not keep the others of its row open', () => {
  fc.assert(
    fc.property(weighing, (facts) => {
      const hopeless = { metric: 'latency.max' as const, missing: 950, words: 'h' };
      const alone = weigh({ ...facts, open: facts.open.filter(({ missing }) => missing <= 96) });
      const beside = weigh({ ...facts, open: [...facts.open, hopeless] });
      assert.equal(beside.more, alone.more);
      if (facts.open.every(({ missing }) => missing > 96)) assert.match(beside.why, /^out of reach/);
    }),
    { seed: 20_261_130, numRuns: 1_000 },
  );
});

test('the time for further repetitions of all rows fits what is left, and long rows get none', () => {
  const rows = fc.array(seconds, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(rows, fc.double({ min: 1, max: 5_000, noNaN: true }), (rowSeconds, allSeconds) => {
      const extra = extraSeconds({ rowSeconds, allSeconds });
      const planned = rowSeconds.reduce((sum, one) => sum + one, 0);
      const further = extra.reduce((sum, one) => sum + one, 0);
      assert.ok(further <= Math.max(0, allSeconds - planned) + 1e-6);
      for (const [index, one] of rowSeconds.entries())
        if (one >= (0.5 * allSeconds) / rowSeconds.length) assert.equal(extra[index], 0);
    }),
    { seed: 20_261_129, numRuns: 1_000 },
  );
});

for (const phase of phaseNames())
  test(`${phase}: planned and further repetitions together are expected to end in time`, () => {
    const rows = resolvePhase(phase, { seed: 1 }).filter(({ target }) => target === undefined);
    const cost = rows.reduce(
      (sum, { specs, more }) => sum + specs.length * plannedCpuSeconds(specs[0]!) + (more?.coreSeconds ?? 0),
      0,
    );
    const within = phaseCores * phaseCoreShare * loadPhase(phase).simulated_within! * 1e-6;
    // Where the least windows alone are more than the phase has, there is nothing to give.
    const planned = rows.reduce((sum, { specs }) => sum + specs.length * plannedCpuSeconds(specs[0]!), 0);
    assert.ok(cost <= Math.max(within, planned) + 1e-6, `${cost} of ${within}`);
    assert.equal(resolvePhase(phase, { seed: 1, replications: 3 }).filter(({ more }) => more).length, 0);
  });

interface Ended {
  readonly end: CampaignEnd;
  readonly events: readonly OperatorEvent[];
}

/** `tickMs`: by how much the clock moves each time somebody looks at it. `stopAfter`: cells done before it is interrupted. */
async function run(folder: string, tickMs = 0, stopAfter = Number.POSITIVE_INFINITY): Promise<Ended> {
  const stop = new AbortController();
  const events: OperatorEvent[] = [];
  let nowMs = Date.UTC(2026, 0, 1);
  let done = 0;
  const end = await runCampaign(folder, fakeServices, {
    workers: 1,
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'cell-done' && ++done >= stopAfter) stop.abort();
    },
    stop: stop.signal,
    leave: new AbortController().signal,
    now: () => {
      nowMs += tickMs;
      return new Date(nowMs).toISOString();
    },
  });
  return { end, events };
}

const rows = [fakeRow('FAKE-1', 3), straddlingRow('FAKE-2', 5, { scenarioId: 'FAKE-2' })];

function create(name: string, part: Partial<Plan> = {}): string {
  return createCampaign(runs, name, (campaign) => ({ ...fakePlan(campaign, rows), ...part }));
}

test('a row that straddles doubles, then takes what its time allows, and says why it stopped', async () => {
  const folder = create('doubles');
  const { end, events } = await run(folder);
  const row = readCampaign(folder).plan.rows.find(({ rowId }) => rowId === 'FAKE-2')!;
  assert.deepEqual(
    row.extended?.steps.map(({ more }) => more),
    [3, 2],
  );
  assert.match(
    row.extended?.stopped ?? '',
    /^its share of the time used: about \d+ more would settle latency\.p95/,
  );
  assert.match(row.extended?.steps[0]?.why ?? '', /^latency\.p95: .* straddles 82 ms$/);
  assert.equal(row.cells.length, 8);
  assert.equal(end.exitCode, 0);
  const more = events.flatMap((event) => (event.kind === 'row-weighed' ? [event.cells.length] : []));
  assert.deepEqual(more, [3, 2, 0]);
  assert.deepEqual(
    row.cells.map(({ spec }) => spec.repetition),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  // What the journal added changes neither the hash that an approval is bound to nor what is priced.
  const { plan } = readCampaign(folder);
  assert.equal(planHash(plan), planHash(fakePlan('any', rows)));
  assert.equal(plannedOnly(plan).rows.flatMap(({ cells }) => cells).length, 6);
});

test('interrupted between repetitions and resumed it ends as an uninterrupted one, and runs nothing twice', async () => {
  const calm = create('calm');
  await run(calm);
  const whole = readCampaign(calm);
  // Before the decision, after it, and among the last ones: every point is killed in crash.long.test.ts.
  for (const stopAfter of [6, 7, 10]) {
    const folder = create(`stopped-${stopAfter}`);
    const first = await run(folder, 0, stopAfter);
    assert.equal(first.end.exitCode, 130);
    const second = await run(folder);
    const record = readCampaign(folder);
    assert.deepEqual(record.plan.rows, whole.plan.rows);
    assert.deepEqual([...record.results.keys()].sort(), [...whole.results.keys()].sort());
    const started = [...first.events, ...second.events].filter(({ kind }) => kind === 'cell-started');
    const givenUp = first.events.filter(({ kind }) => kind === 'cell-abandoned');
    assert.equal(started.length - givenUp.length, whole.results.size);
  }
});

const extendedOf = (folder: string): ExtendedRow | undefined =>
  readCampaign(folder).plan.rows.find(({ rowId }) => rowId === 'FAKE-2')?.extended;

test('a campaign that is about to outlast its phase gets no further repetitions', async () => {
  const late = create('late', { simulatedWithinUs: 6_000_000 });
  await run(late, 1_000);
  assert.match(extendedOf(late)?.stopped ?? '', /^time of the phase used: about \d+ more would settle/);
  assert.equal(readCampaign(late).results.size, 6);
});

test('what the clock of a phase has left goes to rows that are open, beyond their own share of the time', async () => {
  const none = straddlingRow('FAKE-2', 0, { scenarioId: 'FAKE-2' });
  const folder = createCampaign(runs, 'in-time', (campaign) => ({
    ...fakePlan(campaign, [fakeRow('FAKE-1', 3), none]),
    simulatedWithinUs: 600_000_000,
  }));
  await run(folder, 1_000);
  const extended = extendedOf(folder)!;
  assert.ok(extended.steps.length > 0, extended.stopped ?? '');
  assert.doesNotMatch(extended.stopped ?? '', /time of the phase used/);
});

test('time until a phase is over is counted at the pace of this machine', () => {
  const clock = { withinUs: 100_000_000, drivenSeconds: 20, workers: 2, doneSeconds: 40, aheadSeconds: 10 };
  const asExpected = secondsUntilOver(clock);
  assert.equal(asExpected, (phaseCoreShare * 100 - 20) * 2 - 10);
  // Three times as fast: three times as much fits the same time.
  assert.equal(secondsUntilOver({ ...clock, doneSeconds: 120 }), 3 * (asExpected + 10) - 10);
  assert.ok(secondsUntilOver({ ...clock, drivenSeconds: 99 }) < 0);
  assert.equal(secondsUntilOver({ ...clock, withinUs: undefined }), Number.POSITIVE_INFINITY);
});

test('a share is not known before its interval is narrow against what its limit leaves', () => {
  const judged = (limit: number, readings: readonly number[]): OpenFigure[] => {
    const metric = metrics['liveness.finalized_share'];
    const criterion: Criterion = {
      metric: 'liveness.finalized_share',
      comparator: 'at_least',
      limit,
      written: '',
      overUs: null,
      scope: 'row',
      note: null,
    };
    const seen = readings.map((value): Reading => ({ kind: 'value', value }));
    const context = { scenarioId: 'X', command: '', measuredUs: 1 };
    const verdict = judgeCriterion(criterion, metric, seen, context);
    assert.equal(verdict.status, 'INCONCLUSIVE');
    const row = { rowId: 'X', status: verdict.status, reason: '', validity: [], criteria: [verdict] };
    return [...opennessOf(row).open];
  };
  assert.equal(judged(0.99, [0.986, 0.991, 0.988]).length, 1, '98.8 % is not known against 99 %');
  assert.equal(judged(0.99, [0.98989, 0.99002, 0.98994]).length, 0, 'the limit lies there');
  assert.equal(judged(0.5, [0.4995, 0.501, 0.4985]).length, 0);
});

test('of open rows, who was given fewest repetitions is weighed first', () => {
  const rowOf = (rowId: string): RowToPlan => straddlingRow(rowId, 100, { scenarioId: rowId });
  const plan = fakePlan('turns', [rowOf('FAKE-1'), rowOf('FAKE-2')]);
  const steps = (given: number) => ({
    steps: Array.from({ length: given }, () => ({ more: 1, why: 'w' })),
    stopped: null,
  });
  const weights = new Map([
    ['FAKE-1', steps(2)],
    ['FAKE-2', steps(1)],
  ]);
  const all = withExtraRepetitions(plan, { weights }).rows.flatMap(({ cells }) => cells);
  const cells = new Map(all.map(({ id }) => [id, 'done' as const]));
  const feasible = { sha256: null, exitCodes: [], notes: [] };
  const state: JournalState = {
    ...journalState([]),
    weights,
    cells,
    steps: new Map([['feasibility', feasible]]),
  };
  const action = nextAction(plan, state, 2);
  assert.equal(action.kind === 'weigh' ? action.row.rowId : action.kind, 'FAKE-2');
});

test('rows that differ by their attackers alone share their seeds, others do not', () => {
  const rowsOf = resolvePhase('phase1', { seed: 3, scenarios: ['CT-003', 'LT-003'] });
  const seeds = (id: string): number[][] =>
    rowsOf.filter(({ scenarioId }) => scenarioId === id).map(({ specs }) => specs.map(({ seed }) => seed));
  const attacked = seeds('CT-003');
  assert.equal(attacked.length, 4);
  for (const one of attacked) assert.deepEqual(one, attacked[0]);
  assert.equal(new Set(seeds('LT-003').flat()).size, 9);
});

test('a later look demands more: the interval that decides widens', () => {
  assert.ok(summarise([1, 2, 3], 0.975).interval![1] > summarise([1, 2, 3]).interval![1]);
});
