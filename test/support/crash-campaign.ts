/**
 * Kills a campaign at a numbered point, goes on with it until it is done, and says what is left on disk.
 * Owns: that procedure for the crash tests. Does not own: the points (campaigns/failpoint.ts).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { readJournal } from '#campaigns/journal.ts';
import { readCampaign } from '#campaigns/results/reader.ts';
import { folderCloudName, readFolderCloud } from '#test/support/folder-cloud.ts';

export type CrashRunner = 'crash-runner' | 'crash-cluster-runner';

interface Ended {
  readonly killed: boolean;
  readonly folder: string;
  readonly exitCode: number;
  readonly points: number;
}

function runOnce(runs: string, crashAt: number, name: CrashRunner): Ended {
  const runner = new URL(`./${name}.ts`, import.meta.url).pathname;
  const environment = { ...process.env, BFT_SCALE_FAILPOINTS: '1', CRASH_AT: String(crashAt) };
  const { signal, stdout, stderr, status } = spawnSync(process.execPath, [runner, runs], {
    env: environment,
    encoding: 'utf8',
  });
  if (signal === 'SIGKILL') return { killed: true, folder: '', exitCode: -1, points: 0 };
  if (status !== 0) throw new Error(`the runner failed at point ${crashAt}: ${stderr}`);
  const answer: { folder: string; exitCode: number; points: number } = JSON.parse(stdout);
  return { killed: false, ...answer };
}

/** Everything that a campaign leaves, without times, process numbers and the number of lines it took. */
function remains(folder: string): string {
  const record = readCampaign(folder);
  const results = [...record.results].map(([cell, { result, series }]) => [
    cell,
    { ...result, timestamp: '' },
    series,
  ]);
  const reports = ['scale', 'finance'].map((name) =>
    readFileSync(path.join(folder, 'reports', name, 'report.json'), 'utf8'),
  );
  const { plan, feasibility, forecast, verdicts } = record;
  return canonicalJson({ plan, feasibility, forecast, verdicts, results: results.sort(), reports });
}

export interface CrashReport {
  readonly crashes: number;
  readonly exitCode: number;
  readonly points: number;
  readonly remains: string;
  /** Of each cell: how often it was recorded as done, and how often begun after that. */
  readonly doneTwice: number;
  readonly startedAfterDone: number;
  /** Files that should not be there. */
  readonly leftovers: readonly string[];
  /** Of the cloud of a campaign that deploys: what still stands, and what was created or conducted twice. */
  readonly standing: readonly string[];
  readonly twice: readonly string[];
}

/** `crashAt` 0 = no crash. With `everyProcess` each process but the last dies at that point, at most 30 of them. */
export function crashAndResume(
  crashAt: number,
  everyProcess = false,
  runner: CrashRunner = 'crash-runner',
): CrashReport {
  const runs = mkdtempSync(path.join(os.tmpdir(), 'crash-'));
  try {
    let crashes = 0;
    let ended = runOnce(runs, crashAt, runner);
    while (ended.killed) {
      crashes += 1;
      ended = runOnce(runs, everyProcess && crashes < 30 ? crashAt : 0, runner);
    }
    const { folder, exitCode, points } = ended;
    const { records } = readJournal(path.join(folder, 'journal.jsonl'));
    const done = new Map<string, number>();
    let startedAfterDone = 0;
    for (const { event } of records) {
      if (event.kind === 'cell-done') done.set(event.cell, (done.get(event.cell) ?? 0) + 1);
      if (event.kind === 'cell-started' && done.has(event.cell)) startedAfterDone += 1;
    }
    const leftovers = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /lock\.|\.tmp-/.test(name),
    );
    const cloud = readFolderCloud(path.join(runs, folderCloudName));
    return {
      ...cloud,
      crashes,
      exitCode,
      points,
      remains: remains(folder),
      doneTwice: [...done.values()].filter((times) => times > 1).length,
      startedAfterDone,
      leftovers,
    };
  } finally {
    rmSync(runs, { recursive: true });
  }
}
