/**
 * The order of a campaign's steps, as a table of journals and the action that follows.
 * Method: a plan of two cells, journals built from events; a random walk shows that every journal leads to the end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeRow } from '#campaigns/analysis/verdict.ts';
import { decidedPlan } from '#campaigns/decided-plan.ts';
import { type JournalEvent, journalState, type StepName } from '#campaigns/journal-event.ts';
import { type Action, nextAction } from '#campaigns/next-action.ts';
import type { RowToPlan } from '#campaigns/plan.ts';
import {
  type Plan,
  type PlannedCell,
  type PlannedRow,
  plannedOnly,
  type RunTarget,
  targetOf,
} from '#campaigns/plan-record.ts';
import { fakePlan, fakeRow, straddlingRow } from '#test/support/fake-campaign.ts';

const plan = fakePlan('c', [fakeRow('FAKE-1', 2)]);
const [a, b] = plan.rows[0]!.cells;
const opened: JournalEvent = {
  kind: 'opened',
  campaign: 'c',
  plan_sha256: 'p',
  code_version: 'v',
  pid: 1,
  host: 'h',
};
const resumed: JournalEvent = { kind: 'resumed', pid: 2, host: 'h' };
const done = (step: StepName): JournalEvent => ({
  kind: 'step-done',
  step,
  sha256: null,
  exit_codes: [],
  notes: [],
});
const started = (cell: string): JournalEvent => ({ kind: 'cell-started', cell });
const ended = (cell: string): JournalEvent => ({
  kind: 'cell-done',
  cell,
  manifest_sha256: 'm',
  status: 'PASSED',
  adopted: false,
});

function after(events: readonly JournalEvent[], workers = 2, of: Plan = plan): Action {
  return nextAction(
    of,
    journalState(events.map((event, index) => ({ n: index + 1, at: 't', event }))),
    workers,
  );
}

const simulated = [opened, done('feasibility'), started(a!.id), ended(a!.id), started(b!.id), ended(b!.id)];

const table: ReadonlyArray<
  readonly [when: string, events: readonly JournalEvent[], kind: Action['kind'], cell?: string]
> = [
  ['a new campaign checks feasibility', [opened], 'check-feasibility'],
  ['after feasibility the first cell is simulated', [opened, done('feasibility')], 'simulate', a!.id],
  [
    'with a free worker the second cell starts beside the first',
    [opened, done('feasibility'), started(a!.id)],
    'simulate',
    b!.id,
  ],
  ['with all cells running it waits', [opened, done('feasibility'), started(a!.id), started(b!.id)], 'wait'],
  [
    'a finished cell is never run again',
    [opened, done('feasibility'), started(a!.id), ended(a!.id), resumed],
    'simulate',
    b!.id,
  ],
  [
    'a cell of a dead process is looked at first',
    [opened, done('feasibility'), started(a!.id), resumed],
    'look',
    a!.id,
  ],
  [
    'an interrupted campaign waits for its cells',
    [opened, done('feasibility'), started(a!.id), { kind: 'interrupted', times: 1 }],
    'wait',
  ],
  [
    'an interrupted campaign without running cells leaves',
    [opened, done('feasibility'), { kind: 'interrupted', times: 1 }],
    'leave',
  ],
  [
    'a resumed campaign forgets the interruption',
    [opened, done('feasibility'), { kind: 'interrupted', times: 1 }, resumed],
    'simulate',
    a!.id,
  ],
  [
    'a failed cell is not tried again by the same process',
    [...simulated.slice(0, 4), started(b!.id), { kind: 'cell-failed', cell: b!.id, reason: 'r' }],
    'forecast',
  ],
  [
    'a failed cell is tried again after resuming',
    [...simulated.slice(0, 4), started(b!.id), { kind: 'cell-failed', cell: b!.id, reason: 'r' }, resumed],
    'simulate',
    b!.id,
  ],
  ['after the last cell comes the forecast', simulated, 'forecast'],
  ['then the approval', [...simulated, done('forecast')], 'need-approval'],
  ['then the verdict', [...simulated, done('forecast'), done('approval')], 'judge'],
  ['then the reports', [...simulated, done('forecast'), done('approval'), done('judge')], 'report'],
  [
    'then it is closed',
    [...simulated, done('forecast'), done('approval'), done('judge'), done('report')],
    'close',
  ],
  ['a closed campaign is finished', [...simulated, { kind: 'closed', exit_code: 10 }], 'finished'],
];

for (const [when, events, kind, cell] of table) {
  test(when, () => {
    const action = after(events);
    assert.equal(action.kind, kind);
    if (cell !== undefined) assert.equal('cell' in action ? action.cell.id : null, cell);
  });
}

test('one worker runs one cell at a time', () => {
  assert.equal(after([opened, done('feasibility'), started(a!.id)], 1).kind, 'wait');
});

test('a skipped row runs no cell', () => {
  const skipped = fakePlan('c', [{ ...fakeRow('FAKE-1', 2), skip: 'the target cannot' }]);
  const state = journalState([
    { n: 1, at: 't', event: opened },
    { n: 2, at: 't', event: done('feasibility') },
  ]);
  assert.equal(nextAction(skipped, state, 2).kind, 'forecast');
});

/** Two measured rows of two repetitions beside a simulated one, in a phase whose time may end. */
function timedPlan(): Plan {
  const rows = [fakeRow('FAKE-1', 2), measuredRow('FAKE-2'), measuredRow('FAKE-3')];
  return fakePlan('c', rows, { withinUs: 600_000_000 });
}

function measuredRow(scenarioId: string): RowToPlan {
  return { ...fakeRow(scenarioId, 2, { scenarioId }), target: 'processes' };
}

test('the turn of a measured row is timed once, after everything simulated; what is left out runs nothing and is skipped', () => {
  const timed = timedPlan();
  const [simulatedRow, second, third] = timed.rows;
  const next = (...events: readonly JournalEvent[]): Action =>
    after([opened, done('feasibility'), ...events], 2, timed);
  const both = simulatedRow!.cells.flatMap(({ id }) => [started(id), ended(id)]);
  const kept: JournalEvent = { kind: 'row-timed', row: 'FAKE-2', left_out: null };
  assert.deepEqual(next(...both), { kind: 'time-row', row: second });
  assert.deepEqual(next(...both, kept), { kind: 'simulate', cell: second!.cells[0], twin: null });
  const measured = second!.cells.flatMap(({ id }) => [started(id), ended(id)]);
  assert.deepEqual(next(...both, kept, ...measured), { kind: 'time-row', row: third });
  const late: JournalEvent = { kind: 'row-timed', row: 'FAKE-3', left_out: 'no time' };
  const journal = [opened, done('feasibility'), ...both, kept, ...measured, late];
  assert.equal(after(journal, 2, timed).kind, 'forecast');
  const state = journalState(journal.map((event, index) => ({ n: index + 1, at: 't', event })));
  const decided = decidedPlan(timed, state);
  assert.deepEqual(
    decided.rows.map(({ skip }) => skip),
    [null, null, 'no time'],
  );
  assert.deepEqual(plannedOnly(decided), timed);
  const verdict = judgeRow(decided.rows[2]!, []);
  assert.equal(verdict.status, 'SKIPPED');
  assert.match(JSON.stringify(verdict), /npm run campaign measure -- FAKE-3/);
});

test('a phase whose time may end measures the longest row first: a short one is what no longer fits', () => {
  const duration = { warmupUs: 5_000_000, measureUs: 20_000_000, cooldownUs: 5_000_000 };
  const short = { ...fakeRow('FAKE-2', 2, { scenarioId: 'FAKE-2', duration }), target: 'processes' as const };
  const rows = [fakeRow('FAKE-1', 1), short, measuredRow('FAKE-3')];
  const plan = fakePlan('c', rows, { withinUs: 600_000_000 });
  const [{ cells }, , longest] = plan.rows as [PlannedRow, PlannedRow, PlannedRow];
  const journal = [opened, done('feasibility'), started(cells[0]!.id), ended(cells[0]!.id)];
  assert.deepEqual(after(journal, 2, plan), { kind: 'time-row', row: longest });
  const { withinUs: _none, ...untimed } = plan;
  const action = after(journal, 2, untimed);
  assert.ok(action.kind === 'simulate' && action.cell.spec.scenarioId === 'FAKE-2', 'else in order of scale');
});

test('without a time limit of the phase no row is timed', () => {
  const { withinUs: _none, ...untimed } = timedPlan();
  const [first] = untimed.rows;
  const both = first!.cells.flatMap(({ id }) => [started(id), ended(id)]);
  assert.equal(after([opened, done('feasibility'), ...both], 2, untimed).kind, 'simulate');
});

/** What the operator journals for an action, with crashes and failures thrown in. */
function eventsFor(action: Action, running: string[], choice: number): JournalEvent[] {
  switch (action.kind) {
    case 'check-feasibility':
      return [done('feasibility')];
    case 'look':
      return [
        choice % 2 === 0
          ? ended(action.cell.id)
          : { kind: 'cell-abandoned', cell: action.cell.id, reason: 'gone' },
      ];
    case 'simulate':
      running.push(action.cell.id);
      return [started(action.cell.id)];
    case 'weigh':
      return [
        {
          kind: 'row-weighed',
          row: action.row.rowId,
          more: action.row.cells.length < 7 ? choice % 3 : 0,
          why: 'w',
        },
      ];
    case 'time-row':
      return [{ kind: 'row-timed', row: action.row.rowId, left_out: choice % 2 === 0 ? null : 'late' }];
    case 'wait': {
      const cell = running.shift()!;
      return choice % 5 === 0 ? [{ kind: 'cell-failed', cell, reason: 'r' }] : [ended(cell)];
    }
    case 'forecast':
      return [done('forecast')];
    case 'need-approval':
      return [done('approval')];
    case 'deploy':
    case 'await-ready':
    case 'measure':
    case 'destroy':
      throw new Error(`a campaign of this machine deploys nothing: ${action.kind}`);
    case 'judge':
      return [done('judge')];
    case 'report':
      return [done('report')];
    case 'close':
      return [{ kind: 'closed', exit_code: 0 }];
    case 'leave':
      return [resumed];
    case 'finished':
      return [];
  }
}

for (const [what, walked] of [
  ['of a plan', plan],
  ['with further repetitions', fakePlan('c', [straddlingRow('FAKE-1', 9), fakeRow('FAKE-2', 1)])],
  ['with rows that may be left out', timedPlan()],
] as const)
  test(`every walk ${what} with crashes ends closed, and no cell starts after it was done`, () => {
    const walk = fc.array(fc.nat(99), { minLength: 90, maxLength: 90 });
    fc.assert(
      fc.property(walk, (choices) => {
        const journal: JournalEvent[] = [opened];
        let running: string[] = [];
        for (const choice of choices) {
          if (choice < 10 && journal.length < 40) {
            journal.push(resumed); // a crash: nobody runs any more
            running = [];
          }
          journal.push(...eventsFor(after(journal, 2, walked), running, choice));
        }
        assert.equal(after(journal, 2, walked).kind, 'finished');
        const ends = journal.flatMap((event) => (event.kind === 'cell-done' ? [event.cell] : []));
        for (const cell of new Set(ends)) {
          const firstDone = journal.findIndex((event) => event.kind === 'cell-done' && event.cell === cell);
          const lastStart = journal.findLastIndex(
            (event) => event.kind === 'cell-started' && event.cell === cell,
          );
          assert.ok(lastStart < firstDone);
        }
      }),
      { seed: 20_261_121, numRuns: 500 },
    );
  });

for (const target of ['processes', 'benchmark'] as const)
  test(`a cell that measures this machine (${target}) runs after the simulated ones, and nothing runs beside it`, () => {
    const measured = { ...fakeRow('FAKE-3', 2), target };
    const mixed = fakePlan('c', [measured, fakeRow('FAKE-2', 2)]);
    const cellsOf = (wanted: RunTarget): readonly PlannedCell[] =>
      mixed.rows.find((row) => targetOf(row) === wanted)?.cells ?? [];
    const [first, second] = cellsOf('simulator');
    const [one, other] = cellsOf(target);
    const next = (...events: readonly JournalEvent[]): Action =>
      nextAction(
        mixed,
        journalState(
          [opened, done('feasibility'), ...events].map((event, index) => ({ n: index + 1, at: 't', event })),
        ),
        4,
      );
    const both = [started(first!.id), started(second!.id)];
    assert.deepEqual(next(), { kind: 'simulate', cell: first, twin: null });
    assert.deepEqual(next(...both), { kind: 'wait' });
    assert.deepEqual(next(...both, ended(first!.id)), { kind: 'wait' });
    const alone = [...both, ended(first!.id), ended(second!.id)];
    assert.deepEqual(next(...alone), { kind: 'simulate', cell: one, twin: null });
    assert.deepEqual(next(...alone, started(one!.id)), { kind: 'wait' });
    assert.deepEqual(next(...alone, started(one!.id), ended(one!.id)), {
      kind: 'simulate',
      cell: other,
      twin: null,
    });
  });
