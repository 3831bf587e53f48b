/**
 * Reads a campaign's folder back and proves each file by its hash before believing it.
 * Owns: CampaignRecord, finding a campaign by name. Does not own: writing (writer.ts), judging (campaigns/analysis).
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { ApprovalNeed, ApprovalState } from '#budgets/approval.ts';
import type { CampaignForecast } from '#budgets/campaign-forecast.ts';
import { sha256Hex } from '#budgets/sha256.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { decidedPlan } from '#campaigns/decided-plan.ts';
import { withClusterRows } from '#campaigns/deployment-plan.ts';
import { CampaignError } from '#campaigns/errors.ts';
import type { FeasibilityReport } from '#campaigns/feasibility/finding.ts';
import { journalFile, readJournal } from '#campaigns/journal.ts';
import { type JournalState, journalState, type StepName } from '#campaigns/journal-event.ts';
import { isApproved } from '#campaigns/next-action.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import { parsePlan } from '#campaigns/results/plan-file.ts';
import { type RunResult, type RunSeries, runResult, runSeries } from '#campaigns/results/schema.ts';
import { cellFolder, manifestFile } from '#campaigns/results/writer.ts';

export interface StoredRun {
  readonly result: RunResult;
  readonly series: RunSeries;
}

export interface JournalSummary {
  readonly state: JournalState;
  readonly events: number;
  readonly openedAt: string | null;
  readonly lastAt: string | null;
  readonly closedExitCode: number | null;
}

/** approval.json: what an approval would be bound to, and whether it is there. */
export interface ApprovalRecord {
  readonly hash: string;
  readonly need: ApprovalNeed;
  readonly state: ApprovalState;
}

/** The documents of the steps are proven by the hash that the journal holds of them. */
export interface CampaignRecord {
  readonly dir: string;
  /** With the rows of the cluster once their deployment is approved, and with every repetition that was decided on. */
  readonly plan: Plan;
  readonly feasibility: FeasibilityReport | null;
  readonly forecast: CampaignForecast | null;
  readonly approval: ApprovalRecord | null;
  readonly verdicts: CampaignVerdict | null;
  /** By cell id; a cell without a finished run is absent. */
  readonly results: ReadonlyMap<string, StoredRun>;
  readonly journal: JournalSummary;
}

const manifest = z.strictObject({
  cell: z.string(),
  files: z.record(z.string(), z.strictObject({ bytes: z.number(), sha256: z.string() })),
});

function damaged(message: string, remedy: string): CampaignError {
  return new CampaignError('results-damaged', message, remedy);
}

function readJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CampaignError('results-damaged', `${file} is not JSON`, 'remove the cell and resume', {
      cause: error,
    });
  }
}

/** The SHA-256 of the cell's manifest when its files are whole; null when the cell was not finished. */
export function wholeCell(campaignFolder: string, cellId: string): string | null {
  try {
    return readCell(campaignFolder, cellId).manifestSha256;
  } catch (error) {
    if (error instanceof CampaignError) return null;
    throw error;
  }
}

/** Throws CampaignError 'results-damaged' naming the file that is missing or differs from the manifest. */
export function readCell(
  campaignFolder: string,
  cellId: string,
): StoredRun & { readonly events: readonly string[]; readonly manifestSha256: string } {
  const folder = cellFolder(campaignFolder, cellId);
  const remedy = `remove ${folder} and run "npm run campaign resume"`;
  const read = (name: string): string => {
    try {
      return readFileSync(path.join(folder, name), 'utf8');
    } catch {
      throw damaged(`${path.join(folder, name)} is missing`, remedy);
    }
  };
  const manifestText = read(manifestFile);
  const listed = manifest.safeParse(readJson(path.join(folder, manifestFile), manifestText));
  if (!listed.success || listed.data.cell !== cellId)
    throw damaged(`${path.join(folder, manifestFile)} is not its manifest`, remedy);
  const texts = new Map<string, string>();
  for (const [name, { sha256 }] of Object.entries(listed.data.files)) {
    const text = read(name);
    if (sha256Hex(text) !== sha256)
      throw damaged(`${path.join(folder, name)} was changed after it was written`, remedy);
    texts.set(name, text);
  }
  const result = runResult.safeParse(readJson('result.json', texts.get('result.json') ?? ''));
  const series = runSeries.safeParse(readJson('series.json', texts.get('series.json') ?? ''));
  if (!result.success || !series.success) {
    const issue = (result.error ?? series.error)?.issues[0];
    throw damaged(
      `${folder} holds no run result: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      remedy,
    );
  }
  const events = (texts.get('events.jsonl') ?? '').split('\n').filter((line) => line !== '');
  return { result: result.data, series: series.data, events, manifestSha256: sha256Hex(manifestText) };
}

/**
 * A document of one step: null when the step is not done. The journal's hash proves that it is the text which this
 * product wrote, so its type needs no second proof.
 */
function readDocument<T>(dir: string, name: string, step: StepName, state: JournalState): T | null {
  const file = path.join(dir, name);
  const outcome = state.steps.get(step);
  if (outcome?.sha256 == null) return null;
  if (!existsSync(file)) throw damaged(`${file} is missing`, 'the campaign was changed: run it again');
  const text = readFileSync(file, 'utf8');
  if (sha256Hex(text) !== outcome.sha256)
    throw damaged(`${file} was changed after it was written`, 'run the campaign again');
  const document: T = JSON.parse(text);
  return document;
}

/** plan.json, proven by the hash that the journal opened with. */
export function readPlan(dir: string, planSha256: string | null): Plan {
  const file = path.join(dir, 'plan.json');
  if (!existsSync(file)) {
    throw new CampaignError(
      'no-such-campaign',
      `${dir} holds no campaign`,
      'list campaigns: npm run campaign status',
    );
  }
  const text = readFileSync(file, 'utf8');
  const plan = parsePlan(text);
  if (typeof plan === 'string')
    throw new CampaignError('plan-damaged', `${file} ${plan}`, 'start a new campaign');
  if (planSha256 !== null && sha256Hex(text) !== planSha256) {
    throw new CampaignError(
      'plan-damaged',
      `${file} was changed after the campaign began`,
      'start a new campaign',
    );
  }
  return plan;
}

/** Reads and verifies everything. Throws CampaignError with a remedy when a file is missing, changed or malformed. */
export function readCampaign(dir: string): CampaignRecord {
  const { records } = readJournal(path.join(dir, journalFile));
  const state = journalState(records);
  const stored = readPlan(dir, state.planSha256);
  const whole = isApproved(stored, state) ? withClusterRows(stored) : stored;
  const plan = decidedPlan(whole, state);
  const results = new Map<string, StoredRun>();
  for (const [cell, manifestSha256] of state.manifests) {
    const run = readCell(dir, cell);
    if (run.manifestSha256 !== manifestSha256) {
      throw damaged(
        `${cellFolder(dir, cell)} is not what the journal recorded`,
        'the folder was changed: run the campaign again',
      );
    }
    results.set(cell, { result: run.result, series: run.series });
  }
  return {
    dir,
    plan,
    feasibility: readDocument(dir, 'feasibility.json', 'feasibility', state),
    forecast: readDocument(dir, 'forecast.json', 'forecast', state),
    approval: readDocument(dir, 'approval.json', 'approval', state),
    verdicts: readDocument(dir, 'verdicts.json', 'judge', state),
    results,
    journal: {
      state,
      events: records.length,
      openedAt: records[0]?.at ?? null,
      lastAt: records.at(-1)?.at ?? null,
      closedExitCode: state.closed,
    },
  };
}

/** Names of the campaigns in a runs folder, oldest first by the time in their journal's file. */
export function listCampaigns(runsFolder: string): string[] {
  if (!existsSync(runsFolder)) return [];
  return readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(runsFolder, entry.name, 'plan.json')))
    .map((entry) => ({
      name: entry.name,
      at: statSync(path.join(runsFolder, entry.name, 'plan.json')).mtimeMs,
    }))
    .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** A folder, a campaign's name, or "latest". Throws CampaignError 'no-such-campaign'. */
export function findCampaign(runsFolder: string, name: string): string {
  for (const candidate of [path.join(runsFolder, name), path.resolve(name)]) {
    if (existsSync(path.join(candidate, 'plan.json'))) return realpathSync(candidate);
  }
  const known = listCampaigns(runsFolder);
  throw new CampaignError(
    'no-such-campaign',
    `there is no campaign "${name}" in ${runsFolder}`,
    known.length === 0 ? 'start one: npm run campaign phase1' : `there are: ${known.slice(-5).join(', ')}`,
  );
}
