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
import { summarise } from '#campaigns/analysis/statistics.ts';
import { extraSeconds, type Weighing, weigh } from '#campaigns/extra-repetitions.ts';
import { phaseCoreShare, phaseCores } from '#campaigns/limits.ts';
import { type CampaignEnd, createCampaign, runCampaign } from '#campaigns/operator.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import { planHash } from '#campaigns/plan.ts';
import { type Plan, plannedOnly } from '#campaigns/plan-record.ts';
import { resolvePhase } from '#campaigns/resolve.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { loadPhase, phaseNames } from '#campaigns/scenario-file.ts';
import { simulatedCpuSeconds } from '#campaigns/simulation-cost.ts';
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
  secondsLeft: seconds,
  clockSecondsLeft: fc.oneof(seconds, fc.constant(Number.POSITIVE_INFINITY), fc.constant(-5)),
});

test('no decision costs more than what is left, exceeds the most, or more than doubles what there is', () => {
  fc.assert(
    fc.property(weighing, (facts) => {
      const { more, why } = weigh(facts);
      assert.ok(why.length > 0);
      assert.ok(more >= 0 && Number.isInteger(more));
      if (more === 0) return;
      assert.ok(more * facts.secondsEach <= Math.min(facts.secondsLeft, facts.clockSecondsLeft) + 1e-9);
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
      const shorter = { ...facts, secondsLeft: facts.secondsLeft * share };
      assert.ok(weigh(shorter).more <= weigh(facts).more);
      let now = facts;
      let steps = 0;
      for (let next = weigh(now); next.more > 0; next = weigh(now)) {
        now = {
          ...now,
          done: now.done + next.more,
          secondsLeft: now.secondsLeft - next.more * now.secondsEach,
        };
        steps += 1;
      }
      assert.ok(steps <= 24);
    }),
    { seed: 20_261_129, numRuns: 1_000 },
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
      (sum, { specs, more }) =>
        sum + specs.length * simulatedCpuSeconds(specs[0]!) + (more?.coreSeconds ?? 0),
      0,
    );
    const within = phaseCores * phaseCoreShare * loadPhase(phase).simulated_within! * 1e-6;
    // Where the least windows alone are more than the phase has, there is nothing to give.
    const planned = rows.reduce((sum, { specs }) => sum + specs.length * simulatedCpuSeconds(specs[0]!), 0);
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

test('a campaign that is about to outlast its phase gets no further repetitions', async () => {
  const inTime = create('in-time', { simulatedWithinUs: 600_000_000 });
  await run(inTime, 1_000);
  const late = create('late', { simulatedWithinUs: 6_000_000 });
  await run(late, 1_000);
  const stoppedOf = (folder: string): string =>
    readCampaign(folder).plan.rows.find(({ rowId }) => rowId === 'FAKE-2')?.extended?.stopped ?? '';
  assert.match(stoppedOf(inTime), /^its share of the time used/);
  assert.match(stoppedOf(late), /^time of the phase used/);
  assert.equal(readCampaign(late).results.size, 6);
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
