/**
 * A whole campaign on a target that computes nothing: order, persistence, resuming, interruption, failures.
 * Method: real folders, real worker threads, a fake target and fake analysis (test/support/fake-campaign.ts).
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CampaignError } from '#campaigns/errors.ts';
import { readJournal } from '#campaigns/journal.ts';
import { type CampaignEnd, createCampaign, runCampaign } from '#campaigns/operator.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import type { RowToPlan } from '#campaigns/plan.ts';
import { findCampaign, listCampaigns, readCampaign, readPlan } from '#campaigns/results/reader.ts';
import { fakePlan, fakeRow, fakeServices } from '#test/support/fake-campaign.ts';

let runs = '';
beforeEach(() => {
  runs = mkdtempSync(path.join(os.tmpdir(), 'operator-'));
});
afterEach(() => rmSync(runs, { recursive: true }));

interface Session {
  readonly end: CampaignEnd;
  readonly events: readonly OperatorEvent[];
}

async function run(
  folder: string,
  services: OperatorServices = fakeServices,
  onEvent: (event: OperatorEvent, stop: AbortController, leave: AbortController) => void = () => {},
): Promise<Session> {
  const events: OperatorEvent[] = [];
  const stop = new AbortController();
  const leave = new AbortController();
  const end = await runCampaign(folder, services, {
    workers: 2,
    stop: stop.signal,
    leave: leave.signal,
    onEvent: (event) => {
      events.push(event);
      onEvent(event, stop, leave);
    },
  });
  return { end, events };
}

const create = (rows: readonly RowToPlan[], name = 'c1'): string =>
  createCampaign(runs, name, (campaign) => fakePlan(campaign, rows));
const kindsOf = (folder: string): string[] =>
  readJournal(path.join(folder, 'journal.jsonl')).records.map(({ event }) =>
    'step' in event ? `${event.kind} ${event.step}` : event.kind,
  );
const startsOf = (folder: string): number => kindsOf(folder).filter((kind) => kind === 'cell-started').length;

test('a campaign runs every cell once, writes verdict and reports, and closes', async () => {
  const folder = create([fakeRow('FAKE-1/nodes=200', 3, { nodes: 200 }), fakeRow('FAKE-1/nodes=100', 3)]);
  const { end } = await run(folder);
  assert.equal(end.exitCode, 0);
  assert.equal(end.verdict?.status, 'PASSED');
  const record = readCampaign(folder);
  assert.equal(record.results.size, 6);
  assert.equal(startsOf(folder), 6);
  assert.equal(kindsOf(folder).at(-1), 'closed');
  assert.ok(existsSync(path.join(folder, 'reports', 'scale', 'report.json')));
  assert.ok(existsSync(path.join(folder, 'reports', 'finance', 'report.json')));
});

test('the plan names small scales first, the dearest repetition begins first', async () => {
  const folder = create([fakeRow('FAKE-1/nodes=200', 1, { nodes: 200 }), fakeRow('FAKE-1/nodes=100', 1)]);
  const { events } = await run(folder);
  const order = events.flatMap((event) => (event.kind === 'cell-started' ? [event.rowId] : []));
  assert.deepEqual(order, ['FAKE-1/nodes=200', 'FAKE-1/nodes=100']);
  const planned = readPlan(folder, null).rows.map(({ rowId }) => rowId);
  assert.deepEqual(planned, ['FAKE-1/nodes=100', 'FAKE-1/nodes=200']);
});

test('latest points at the newest campaign and a name is never used twice', () => {
  create([fakeRow('FAKE-1', 1)], 'c');
  const second = create([fakeRow('FAKE-1', 1)], 'c');
  assert.equal(path.basename(second), 'c-2');
  assert.equal(readlinkSync(path.join(runs, 'latest')), 'c-2');
  assert.deepEqual(listCampaigns(runs), ['c', 'c-2']);
  assert.equal(path.basename(findCampaign(runs, 'latest')), 'c-2');
});

test('a closed campaign run again changes nothing and answers the same', async () => {
  const folder = create([fakeRow('FAKE-1', 2)]);
  const first = await run(folder);
  const before = readFileSync(path.join(folder, 'journal.jsonl'), 'utf8');
  const second = await run(folder);
  assert.equal(second.end.exitCode, first.end.exitCode);
  assert.deepEqual(second.end.verdict, first.end.verdict);
  assert.equal(readFileSync(path.join(folder, 'journal.jsonl'), 'utf8'), before);
});

test('one wish to stop gives up running cells, exits 130 and leaves a campaign that can be resumed', async () => {
  const folder = create([fakeRow('FAKE-1', 2), fakeRow('SLOW', 1, { scenarioId: 'FAKE-SLOW', nodes: 900 })]);
  let done = 0;
  let isSlowRunning = false;
  // Whichever comes last: a run reports its progress a bounded number of times only.
  const { end } = await run(folder, fakeServices, (event, stop) => {
    if (event.kind === 'cell-done') done += 1;
    if (event.kind === 'cell-progress' && event.rowId === 'SLOW') isSlowRunning = true;
    if (isSlowRunning && done === 2) stop.abort();
  });
  assert.equal(end.exitCode, 130);
  assert.equal(end.verdict, null);
  assert.deepEqual(kindsOf(folder).slice(-2), ['interrupted', 'cell-abandoned']);
  assert.equal(readCampaign(folder).results.size, 2);
});

test('a second wish to stop leaves at once', async () => {
  const folder = create([fakeRow('SLOW', 1, { scenarioId: 'FAKE-SLOW' })]);
  const { end } = await run(folder, fakeServices, (event, stop, leave) => {
    if (event.kind === 'cell-progress') stop.abort();
    if (event.kind === 'interrupted') leave.abort();
  });
  assert.equal(end.exitCode, 130);
  assert.equal(kindsOf(folder).filter((kind) => kind === 'interrupted').length, 2);
});

test('cells that are whole on disk although the journal does not know are adopted, others run again', async () => {
  const rows = [fakeRow('FAKE-1', 3)];
  const folder = create(rows);
  await run(folder);
  const file = path.join(folder, 'journal.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n');
  const keep = lines.findIndex((line) => line.includes('"kind":"cell-done"'));
  writeFileSync(
    file,
    lines
      .slice(0, keep)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const whole = readFileSync(
    path.join(folder, 'cells', fakePlan('c1', rows).rows[0]!.cells[0]!.id, 'result.json'),
    'utf8',
  );
  await run(folder);
  const adopted = readJournal(file).records.filter(
    ({ event }) => event.kind === 'cell-done' && event.adopted,
  );
  assert.equal(adopted.length, 2);
  assert.equal(
    readFileSync(
      path.join(folder, 'cells', fakePlan('c1', rows).rows[0]!.cells[0]!.id, 'result.json'),
      'utf8',
    ),
    whole,
  );
  assert.equal(readCampaign(folder).results.size, 3);
});

test('a run that throws or loses its thread fails its cell and the campaign goes on without it', async () => {
  const folder = create([
    fakeRow('THROW', 1, { scenarioId: 'FAKE-THROW' }),
    fakeRow('CRASH', 1, { scenarioId: 'FAKE-CRASH' }),
    fakeRow('FAKE-1', 2),
  ]);
  const { end } = await run(folder);
  assert.equal(end.exitCode, 11);
  assert.equal(readCampaign(folder).results.size, 2);
  assert.equal(end.failures.length, 2);
});

test('missing approval ends with 23 after verdict and reports, whatever was predicted', async () => {
  const folder = create([fakeRow('FAKE-1', 1)]);
  const services: OperatorServices = {
    ...fakeServices,
    judge: (record) => ({ ...fakeServices.judge(record), status: 'FAILED' }),
    approval: () => ({ document: {}, exitCodes: [23], notes: ['approval is missing'] }),
  };
  const { end } = await run(folder, services);
  assert.equal(end.exitCode, 23);
  assert.deepEqual(end.notes, ['approval is missing']);
  assert.ok(existsSync(path.join(folder, 'reports', 'scale', 'report.json')));
});

test('a failed verdict ends with 10', async () => {
  const folder = create([fakeRow('FAKE-1', 1)]);
  const { end } = await run(folder, {
    ...fakeServices,
    judge: (record) => ({ ...fakeServices.judge(record), status: 'FAILED' }),
  });
  assert.equal(end.exitCode, 10);
});

test('a changed result file is refused by name', async () => {
  const folder = create([fakeRow('FAKE-1', 1)]);
  await run(folder);
  const [cell] = readCampaign(folder).results.keys();
  const file = path.join(folder, 'cells', cell!, 'result.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"avg_tps": 1', '"avg_tps": 9'));
  assert.throws(
    () => readCampaign(folder),
    (error) =>
      error instanceof CampaignError &&
      error.code === 'results-damaged' &&
      error.message.includes('result.json'),
  );
});

for (const [name, code] of [
  ['plan.json', 'plan-damaged'],
  ['verdicts.json', 'results-damaged'],
] as const) {
  test(`a changed ${name} is refused`, async () => {
    const folder = create([fakeRow('FAKE-1', 1)]);
    await run(folder);
    const file = path.join(folder, name);
    writeFileSync(file, `${readFileSync(file, 'utf8')} `);
    assert.throws(
      () => readCampaign(folder),
      (error) => error instanceof CampaignError && error.code === code,
    );
  });
}
