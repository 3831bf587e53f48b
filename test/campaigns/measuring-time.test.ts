/**
 * Goal: a phase measures what its time allows and says what it left out. Method: the campaign loop on a target that computes nothing
 * and a clock that moves with each look.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { leftOutBecause, simulatingWithinUs } from '#campaigns/measuring-time.ts';
import { createCampaign, runCampaign } from '#campaigns/operator.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import type { RowToPlan } from '#campaigns/plan.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { fakePlan, fakeRow, fakeServices, straddlingRow } from '#test/support/fake-campaign.ts';

const runs = mkdtempSync(path.join(os.tmpdir(), 'measuring-time-'));
after(() => rmSync(runs, { recursive: true }));

const measured = (scenarioId: string): RowToPlan => ({
  ...fakeRow(scenarioId, 3, { scenarioId }),
  target: 'processes',
});

/** A run is expected to take a second; each look at the clock moves it by `tickMs`. */
async function run(
  name: string,
  withinUs: number,
  tickMs: number,
  benchmarks = 0,
  simulated: RowToPlan = fakeRow('FAKE-1', 1),
): Promise<readonly OperatorEvent[]> {
  const benchmark = {
    ...fakeRow('FAKE-4', benchmarks, { scenarioId: 'FAKE-4' }),
    target: 'benchmark' as const,
  };
  const rows = [simulated, measured('FAKE-2'), measured('FAKE-3'), benchmark];
  const folder = createCampaign(runs, name, (campaign) => fakePlan(campaign, rows, { withinUs }));
  const events: OperatorEvent[] = [];
  let nowMs = Date.UTC(2026, 0, 1);
  await runCampaign(folder, fakeServices, {
    workers: 2,
    onEvent: (event) => events.push(event),
    stop: new AbortController().signal,
    leave: new AbortController().signal,
    now: () => {
      nowMs += tickMs;
      return new Date(nowMs).toISOString();
    },
  });
  return events;
}

const skips = (name: string): (string | null)[] =>
  readCampaign(path.join(runs, name))
    .plan.rows.slice(0, 3)
    .map(({ skip }) => skip);

test('rows that fit are measured, the one that does not is left out with what it would take', async () => {
  const events = await run('some', 12_000_000, 1_000);
  const [simulated, first, second] = skips('some');
  assert.deepEqual([simulated, first], [null, null]);
  assert.match(second ?? '', /^3 repetitions take about 3 s, and of the 12 s of the phase \d+ s were left$/);
  const left = events.filter(({ kind }) => kind === 'row-left-out');
  assert.equal(left.length, 1);
  assert.equal(events.filter(({ kind }) => kind === 'cell-started').length, 1 + 3);
});

test('the time of a benchmark that runs afterwards is kept for it', async () => {
  const free = await run('free', 3_600_000_000, 1);
  assert.equal(free.filter(({ kind }) => kind === 'row-left-out').length, 0);
  await run('kept', 20_000_000, 1, 18);
  const [, first] = skips('kept');
  assert.match(first ?? '', /^3 repetitions take about 3 s, and of the 20 s of the phase 2 s were left$/);
});

test('further repetitions of what is simulated leave planned measurements their time', async () => {
  const straddling = straddlingRow('FAKE-1', 0);
  const free = await run('roomy', 3_600_000_000, 300, 0, straddling);
  const tight = await run('tight', 9_000_000, 300, 0, straddling);
  const further = (events: readonly OperatorEvent[]): number =>
    events.reduce((sum, event) => sum + (event.kind === 'row-weighed' ? event.cells.length : 0), 0);
  assert.deepEqual([further(free) > 0, further(tight)], [true, 0]);
  assert.equal(skips('tight')[1], null);
});

test('simulating ends by its own limit or where the planned measurements begin', () => {
  assert.equal(simulatingWithinUs({}, 100), undefined);
  assert.equal(simulatingWithinUs({ simulatedWithinUs: 5e6 }, 100), 5e6);
  assert.equal(simulatingWithinUs({ simulatedWithinUs: 180e6, withinUs: 540e6 }, 470), 70e6);
  assert.equal(simulatingWithinUs({ simulatedWithinUs: 30e6, withinUs: 540e6 }, 470), 30e6);
  assert.equal(simulatingWithinUs({ withinUs: 540e6 }, 600), 0);
});

test('with time enough everything is measured, without any nothing is', async () => {
  await run('all', 3_600_000_000, 1_000);
  assert.deepEqual(skips('all'), [null, null, null]);
  await run('none', 1_000_000, 1_000);
  assert.deepEqual(
    skips('none').map((skip) => skip === null),
    [true, false, false],
  );
});

test('a row fits exactly when its time is left, and more time never leaves it out', () => {
  const seconds = fc.double({ min: 0, max: 4_000, noNaN: true });
  fc.assert(
    fc.property(seconds, seconds, seconds, seconds, (within, drivenSeconds, reservedSeconds, rowSeconds) => {
      const clock = { withinUs: within * 1e6, drivenSeconds, reservedSeconds, repetitions: 3, rowSeconds };
      const why = leftOutBecause(clock);
      assert.equal(why === null, rowSeconds <= (within * 1e6) / 1e6 - drivenSeconds - reservedSeconds);
      if (why === null) assert.equal(leftOutBecause({ ...clock, withinUs: clock.withinUs + 1e6 }), null);
    }),
    { seed: 20_261_130 },
  );
});
