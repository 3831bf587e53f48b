/**
 * Campaigns that deploy: the order of the steps, failures, interruption, the guard, what is left.
 * Method: the real operator over a cloud of files (test/support/folder-cloud.ts), and random walks with crashes over the pure order.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { deploymentsOf } from '#campaigns/deployment-plan.ts';
import { guardNoteFile } from '#campaigns/guard/run-link.ts';
import { readJournal } from '#campaigns/journal.ts';
import { type JournalEvent, journalState } from '#campaigns/journal-event.ts';
import { type Action, deployAttemptsMost, nextAction } from '#campaigns/next-action.ts';
import { type CampaignEnd, createCampaign, runCampaign } from '#campaigns/operator.ts';
import type { OperatorEvent } from '#campaigns/operator-event.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { fakePlan, fakeRow, fakeServices } from '#test/support/fake-campaign.ts';
import { type FolderCloudFaults, folderCloud, readFolderCloud } from '#test/support/folder-cloud.ts';

let runs = '';
beforeEach(() => {
  runs = mkdtempSync(path.join(os.tmpdir(), 'deployment-'));
});
afterEach(() => rmSync(runs, { recursive: true }));

const rows = [fakeRow('FAKE-1/nodes=200', 1, { nodes: 200 }), fakeRow('FAKE-1/nodes=100', 2)];
const plan = fakePlan('c', rows, { target: 'kubernetes', stack: '1k-nodes' });
const cloudFolder = (): string => path.join(runs, 'cloud');
const create = (): string => createCampaign(runs, 'c', () => plan);

interface Session {
  readonly faults?: FolderCloudFaults;
  readonly services?: Partial<OperatorServices>;
  readonly onEvent?: (event: OperatorEvent, stop: AbortController, leave: AbortController) => void;
  readonly isStopped?: boolean;
}

async function run(folder: string, session: Session = {}): Promise<CampaignEnd> {
  const stop = new AbortController();
  const leave = new AbortController();
  if (session.isStopped === true) stop.abort();
  const services = {
    ...fakeServices,
    cluster: folderCloud(cloudFolder(), session.faults ?? {}),
    ...session.services,
  };
  return await runCampaign(folder, services, {
    workers: 2,
    stop: stop.signal,
    leave: leave.signal,
    onEvent: (event) => session.onEvent?.(event, stop, leave),
  });
}

const journalOf = (folder: string): string[] =>
  readJournal(path.join(folder, 'journal.jsonl')).records.map(({ event }) =>
    'deployment' in event ? `${event.kind} ${event.deployment}` : event.kind,
  );

test('each size is deployed once, used for all of its runs, and removed before the next', async () => {
  const folder = create();
  const end = await run(folder);
  assert.equal(end.exitCode, 0);
  const life = (name: string, cells: number): string[] => [
    ...['deploy-started', 'deploy-done', 'ready-started', 'ready-done'].map((kind) => `${kind} ${name}`),
    ...Array.from({ length: cells }, () => ['cell-started', 'cell-done']).flat(),
    ...['destroy-started', 'destroy-done'].map((kind) => `${kind} ${name}`),
  ];
  const journal = journalOf(folder);
  const from = journal.indexOf('deploy-started d1');
  const whole = [...life('d1', 2), ...life('d2', 1)];
  assert.deepEqual(journal.slice(from, from + whole.length), whole);
  assert.deepEqual(readFolderCloud(cloudFolder()), { standing: [], twice: [] });
  const record = readCampaign(folder);
  assert.equal(record.results.size, 6);
  assert.deepEqual(
    record.verdicts?.rows.map(({ rowId }) => rowId),
    ['FAKE-1/nodes=100', 'FAKE-1/nodes=200', 'FAKE-1/nodes=100,cluster', 'FAKE-1/nodes=200,cluster'],
  );
});

test('without approval nothing is deployed and nothing of the cluster is judged', async () => {
  const folder = create();
  const approval: OperatorServices['approval'] = () => ({
    document: {},
    exitCodes: [23],
    notes: ['approval is missing'],
  });
  const end = await run(folder, { services: { approval } });
  assert.equal(end.exitCode, 23);
  assert.equal(end.verdict?.rows.length, 2);
  assert.ok(!journalOf(folder).some((line) => line.startsWith('deploy')));
});

test('a failed deployment is removed, ends with 30, and a later session finishes the campaign', async () => {
  const folder = create();
  const first = await run(folder, { faults: { deployStopsAfter: 2 } });
  assert.equal(first.exitCode, 30);
  assert.match(first.deployments.join(), /no more machines/);
  assert.deepEqual(readFolderCloud(cloudFolder()).standing, []);
  const second = await run(folder);
  assert.equal(second.exitCode, 0);
  assert.deepEqual(
    second.verdict?.rows.map(({ status }) => status),
    Array(4).fill('PASSED'),
  );
});

test('a network that is never ready is given up after three sessions and the campaign closes with 30', async () => {
  const folder = create();
  for (let session = 1; session <= deployAttemptsMost; session += 1) {
    const end = await run(folder, { faults: { isNeverReady: true } });
    assert.equal(end.exitCode, 30);
    assert.deepEqual(readFolderCloud(cloudFolder()).standing, []);
  }
  assert.equal(journalOf(folder).at(-1), 'closed');
});

test('what cannot be removed ends with 31, is named, and keeps the campaign open until it is gone', async () => {
  const folder = create();
  const stuck = await run(folder, { faults: { staysForever: 'vm-2' } });
  assert.equal(stuck.exitCode, 31);
  assert.match(stuck.deployments.join(), /vm-2/);
  assert.ok(!journalOf(folder).includes('closed'));
  assert.ok(!journalOf(folder).includes('deploy-started d2'));
  const freed = await run(folder);
  assert.equal(freed.exitCode, 0);
  assert.deepEqual(readFolderCloud(cloudFolder()), { standing: [], twice: [] });
});

for (const at of ['deploy', 'run', 'destroy'] as const) {
  test(`one wish to stop during ${at} tears down, exits 130, and can be resumed`, async () => {
    const folder = create();
    const stop = new AbortController();
    const faults: FolderCloudFaults = {
      ...(at === 'run'
        ? {
            onRun: async (signal) => {
              stop.abort();
              while (!signal.aborted) await new Promise((resolve) => setImmediate(resolve));
            },
          }
        : {}),
      ...(at === 'destroy' ? { onRemove: () => stop.abort() } : {}),
    };
    const end = await run(folder, {
      faults,
      onEvent: (event, own) => {
        if (at === 'deploy' && event.kind === 'deployment') own.abort();
        stop.signal.addEventListener('abort', () => own.abort(), { once: true });
      },
    });
    assert.equal(end.exitCode, 130);
    assert.deepEqual(readFolderCloud(cloudFolder()), { standing: [], twice: [] });
    assert.equal((await run(folder)).exitCode, 0);
    assert.deepEqual(readFolderCloud(cloudFolder()), { standing: [], twice: [] });
  });
}

test('a second wish to stop leaves at once; the next session removes what stands', async () => {
  const folder = create();
  const leaving = await run(folder, {
    onEvent: (event, stop, leave) => {
      if (event.kind === 'cell-started' && readFolderCloud(cloudFolder()).standing.length > 0) {
        stop.abort();
        leave.abort();
      }
    },
  });
  assert.equal(leaving.exitCode, 130);
  assert.notDeepEqual(readFolderCloud(cloudFolder()).standing, []);
  // As the command teardown does: a session that is told to stop before it begins.
  const teardown = await run(folder, { isStopped: true });
  assert.equal(teardown.exitCode, 130);
  assert.deepEqual(readFolderCloud(cloudFolder()), { standing: [], twice: [] });
});

test('a campaign that the guard stopped ends with 22 and never deploys again', async () => {
  const folder = create();
  const end = await run(folder, {
    onEvent: (event, stop) => {
      if (event.kind !== 'deployment') return;
      writeFileSync(path.join(folder, guardNoteFile), '{"why":"cap"}\n');
      stop.abort();
    },
  });
  assert.equal(end.exitCode, 22);
  const resumed = await run(folder);
  assert.equal(resumed.exitCode, 22);
  assert.equal(journalOf(folder).filter((line) => line.startsWith('deploy-started')).length, 1);
  assert.equal(journalOf(folder).at(-1), 'closed');
});

type OutsideAction = Extract<Action, { deployment: unknown }>;

/** The cloud and the journal of a random walk; a crash loses what was not journalled and nothing else. */
class Walk {
  readonly journal: JournalEvent[] = [];
  readonly conducted = new Map<string, number>();
  standing: string | null = null;
  deployedTwice = 0;
  deploys = 0;
  readonly #choices: readonly number[];
  #next = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
    this.#write({ kind: 'opened', campaign: 'c', plan_sha256: 'p', code_version: 'v', pid: 1, host: 'h' });
    for (const step of ['feasibility', 'forecast', 'approval'] as const) this.#done(step);
  }

  /** 0..99; calm when there are no choices left. */
  #choose(): number {
    const choice = this.#choices[this.#next] ?? 99;
    this.#next += 1;
    return choice;
  }

  #write(event: JournalEvent): void {
    this.journal.push(event);
  }

  #done(step: 'feasibility' | 'forecast' | 'approval' | 'judge' | 'report'): void {
    this.#write({ kind: 'step-done', step, sha256: null, exit_codes: [], notes: [] });
  }

  #resume(): void {
    this.#write({ kind: 'resumed', pid: 2, host: 'h' });
  }

  /** A step in the cloud: journalled, done, and journalled again unless the operator crashed. */
  #outside(action: OutsideAction, choice: number, finish: (event: JournalEvent) => void): void {
    switch (action.kind) {
      case 'deploy': {
        const { name } = action.deployment;
        this.#write({ kind: 'deploy-started', deployment: name });
        if (this.standing !== null) this.deployedTwice += 1;
        this.standing = name;
        this.deploys += 1;
        const failed = choice % 4 === 0;
        finish(
          failed
            ? { kind: 'deploy-failed', deployment: name, reason: 'r' }
            : { kind: 'deploy-done', deployment: name },
        );
        return;
      }
      case 'await-ready': {
        const { name } = action.deployment;
        this.#write({ kind: 'ready-started', deployment: name });
        finish(
          this.standing !== name || choice % 5 === 0
            ? { kind: 'ready-failed', deployment: name, reason: 'r' }
            : { kind: 'ready-done', deployment: name },
        );
        return;
      }
      case 'measure': {
        const { id } = action.cell;
        assert.equal(this.standing, action.deployment.name, 'a run needs its network');
        this.#write({ kind: 'cell-started', cell: id });
        this.conducted.set(id, (this.conducted.get(id) ?? 0) + 1);
        finish({ kind: 'cell-done', cell: id, manifest_sha256: 'm', status: 'PASSED', adopted: false });
        return;
      }
      case 'destroy': {
        const { name } = action.deployment;
        this.#write({ kind: 'destroy-started', deployment: name });
        const stays = choice % 3 === 0 && choice < 90;
        if (!stays) this.standing = null;
        finish({ kind: 'destroy-done', deployment: name, left: stays ? ['vm'] : [] });
        return;
      }
    }
  }

  /** One action, or the part of it before a crash. False when the campaign is over. */
  step(): boolean {
    const state = journalState(this.journal.map((event, index) => ({ n: index + 1, at: 't', event })));
    const action = nextAction(plan, state, 2);
    const choice = this.#choose();
    const isCrash = choice < 15;
    if (choice >= 15 && choice < 20) this.#write({ kind: 'interrupted', times: 1 });
    const finish = (event: JournalEvent): void => (isCrash ? this.#resume() : this.#write(event));
    switch (action.kind) {
      case 'finished':
        return false;
      case 'leave':
        this.#resume();
        return true;
      case 'time-row':
        finish({ kind: 'row-timed', row: action.row.rowId, left_out: null });
        return true;
      case 'simulate':
        this.#write({ kind: 'cell-started', cell: action.cell.id });
        finish({
          kind: 'cell-done',
          cell: action.cell.id,
          manifest_sha256: 'm',
          status: 'PASSED',
          adopted: false,
        });
        return true;
      case 'look':
        this.#write({ kind: 'cell-abandoned', cell: action.cell.id, reason: 'gone' });
        return true;
      case 'deploy':
      case 'await-ready':
      case 'measure':
      case 'destroy':
        this.#outside(action, choice, finish);
        return true;
      case 'judge':
      case 'report':
        this.#done(action.kind);
        return true;
      case 'close':
        this.#write({ kind: 'closed', exit_code: 0 });
        return true;
      case 'weigh':
      case 'wait':
      case 'check-feasibility':
      case 'forecast':
      case 'need-approval':
        throw new Error(`${action.kind} was not expected`);
    }
  }
}

test('every walk with crashes, interruptions and failures ends closed, with nothing left and nothing twice', () => {
  const deployments = deploymentsOf(plan);
  fc.assert(
    fc.property(fc.array(fc.nat(99), { maxLength: 120 }), (choices) => {
      const walk = new Walk(choices);
      let steps = 0;
      while (walk.step()) {
        steps += 1;
        assert.ok(steps < 1_000, 'it never ends');
      }
      assert.equal(walk.standing, null, 'something is left');
      assert.equal(walk.deployedTwice, 0);
      assert.ok(walk.deploys <= deployments.length * deployAttemptsMost);
      for (const { cells } of deployments)
        for (const { id } of cells) {
          const done = walk.journal.filter((event) => event.kind === 'cell-done' && event.cell === id).length;
          assert.ok(done <= 1, 'done twice');
        }
    }),
    { seed: 20_261_129, numRuns: 400 },
  );
});
