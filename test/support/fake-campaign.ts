/**
 * A small plan for the fake target, and services that judge and report it without the real analysis.
 * Owns: what tests of the campaign loop run. Does not own: the fake target (fake-target.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { opennessOf } from '#campaigns/analysis/open-figure.ts';
import { judgeRow } from '#campaigns/analysis/verdict.ts';
import type { CampaignVerdict } from '#campaigns/analysis/verdict-record.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import type { OperatorServices } from '#campaigns/operator-services.ts';
import { buildPlan, type RowToPlan } from '#campaigns/plan.ts';
import type { Plan } from '#campaigns/plan-record.ts';
import type { CampaignRecord } from '#campaigns/results/reader.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';

export function fakeSpec(part: Partial<RunSpec> = {}): RunSpec {
  const network = networkProfiles.find(({ name }) => name === 'lan')!;
  return {
    scenarioId: 'FAKE-1',
    label: '100 nodes, lan',
    tier: 'message',
    seed: 1,
    repetition: 0,
    nodes: 100,
    consensus: {
      k: 30,
      alphaPreference: 24,
      alphaConfidence: 24,
      beta: 20,
      threshold: 0.95,
      maxRounds: 100,
      pollIntervalUs: 5_000,
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 1_000,
    },
    network,
    topology: { kind: 'full', degree: 0 },
    byzantine: { share: 0, attack: 'none', clusters: 1, identities: 1, exclusion: false },
    workload: {
      kind: 'constant',
      tps: 100,
      batch: 1,
      payloadBytes: 100,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs: 5_000_000, measureUs: 60_000_000, cooldownUs: 5_000_000 },
    messageBudget: 1_000_000,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2_147_483_648 },
    calibration: defaultCalibration,
    ...part,
  };
}

export function fakeRow(rowId: string, repetitions: number, part: Partial<RunSpec> = {}): RowToPlan {
  const scenarioId = part.scenarioId ?? 'FAKE-1';
  return {
    rowId,
    scenarioId,
    title: 'A row that computes nothing',
    source: 'test',
    label: part.label ?? rowId,
    criteria: [
      {
        metric: 'latency.p95',
        comparator: 'at_most',
        limit: 100,
        written: 'at_most: 100ms',
        overUs: null,
        note: null,
        scope: 'row',
      },
    ],
    skip: null,
    specs: Array.from({ length: repetitions }, (_, repetition) =>
      fakeSpec({ ...part, scenarioId, label: part.label ?? rowId, repetition, seed: 1_000 + repetition }),
    ),
  };
}

/** p95 of a fake run is 80 to 84 ms by its seed: with a limit of 82 ms nothing is decided, and there is time for `further` more. */
export function straddlingRow(rowId: string, further: number, part: Partial<RunSpec> = {}): RowToPlan {
  const row = fakeRow(rowId, 3, part);
  const criteria = row.criteria.map((criterion) => ({ ...criterion, limit: 82, written: 'at_most: 82ms' }));
  return { ...row, criteria, more: { most: 24, coreSeconds: further, seedsFrom: rowId } };
}

export function fakePlan(campaign: string, rows: readonly RowToPlan[], part: Partial<Plan> = {}): Plan {
  const plan = buildPlan({
    campaign,
    phase: 'phase1',
    stack: 'local',
    target: 'simulator',
    codeVersion: 'code-1',
    nodeVersion: 'v26',
    seed: 1,
    rows,
  });
  return { ...plan, ...part };
}

function judge(record: CampaignRecord): CampaignVerdict {
  const rows = record.plan.rows.map((row) => {
    const complete = row.cells.every((cell) => record.results.has(cell.id));
    const status = complete ? ('PASSED' as const) : ('INCONCLUSIVE' as const);
    return {
      rowId: row.rowId,
      status,
      reason: complete ? '' : 'runs are missing',
      validity: [],
      criteria: [],
    };
  });
  const status = rows.every((row) => row.status === 'PASSED') ? 'PASSED' : 'INCONCLUSIVE';
  return { version: 1, campaign: record.plan.campaign, status, rows };
}

async function report(record: CampaignRecord, verdict: CampaignVerdict, folder: string): Promise<void> {
  for (const name of ['scale', 'finance']) {
    mkdirSync(path.join(folder, name), { recursive: true });
    const runs = [...record.results].map(([cell, { result }]) => [cell, result.determinism.trace_hash]);
    writeFileSync(
      path.join(folder, name, 'report.json'),
      canonicalJson({ verdict: verdict.status, runs: runs.sort() }),
    );
  }
}

export const fakeServices: OperatorServices = {
  target: { moduleUrl: new URL('./fake-target.ts', import.meta.url).href, factory: 'createFakeTarget' },
  secondsOf: () => 1,
  plannedSecondsOf: () => 1,
  openFigures: (row, runs) => opennessOf(judgeRow(row, runs)),
  checkFeasibility: () => ({ rows: [], campaign: [] }),
  forecast: () => ({ document: { usd: 0 }, exitCodes: [], notes: [] }),
  approval: () => ({ document: { needed: false }, exitCodes: [], notes: [] }),
  judge,
  report,
};
