/**
 * Plans and report inputs for the tests of money: small, typed, without a clock.
 * Owns: the fixtures. Does not own: any expectation.
 */
import { type Approval, approvalHash, approvalNeeded, approvalState } from '#budgets/approval.ts';
import { chargesByRun } from '#budgets/focus/charges.ts';
import { type ChainedEntry, EMPTY_HEAD, nextLine, readChain } from '#budgets/ledger/chain.ts';
import type { Charge } from '#budgets/ledger/entry.ts';
import { multiply } from '#budgets/money.ts';
import { type ForecastPlanOptions, forecastPlan } from '#campaigns/forecast-plan.ts';
import type { Plan, PlannedRow } from '#campaigns/plan-record.ts';
import type { TestStatus } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { networkProfiles } from '#node/model/network-profile.ts';
import type { FinanceReportInput } from '#reports/finance/finance-input.ts';

export interface RowSketch {
  readonly row: string;
  readonly nodes: number;
  readonly measureMinutes: number;
  readonly warmupMinutes?: number;
  readonly repetitions?: number;
}

const [network] = networkProfiles;

function specOf({ row, nodes, measureMinutes, warmupMinutes = 0 }: RowSketch, repetition: number): RunSpec {
  if (network === undefined) throw new Error('no network profile');
  return {
    scenarioId: row.split('/')[0] ?? row,
    label: `${nodes} nodes`,
    tier: 'message',
    seed: repetition + 1,
    repetition,
    nodes,
    consensus: {
      k: 20,
      alphaPreference: 11,
      alphaConfidence: 16,
      beta: 15,
      threshold: 0.95,
      maxRounds: 100,
      pollIntervalUs: 20_000,
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
      batch: 10,
      payloadBytes: 1_024,
      parents: { kind: 'count', least: 2, most: 4 },
      conflictShare: 0,
    },
    faults: [],
    duration: { warmupUs: warmupMinutes * 60e6, measureUs: measureMinutes * 60e6, cooldownUs: 0 },
    messageBudget: 1_000_000,
    resources: { name: 'minimal', cpuCores: 1, memoryBytes: 536_870_912 },
    calibration: defaultCalibration,
  };
}

function rowOf(sketch: RowSketch): PlannedRow {
  const cells = Array.from({ length: sketch.repetitions ?? 3 }, (_, i) => ({
    id: `${sketch.row}#${i}`,
    spec: specOf(sketch, i),
  }));
  return {
    rowId: sketch.row,
    scenarioId: sketch.row.split('/')[0] ?? sketch.row,
    title: sketch.row,
    source: 'SPEC 4',
    label: `${sketch.nodes} nodes`,
    criteria: [],
    cells,
    skip: null,
  };
}

const STACKS: Readonly<Record<string, string>> = {
  phase1: 'local',
  phase2: '1k-nodes',
  phase3: '5k-nodes',
  phase4: '10k-nodes',
};

export function planOf(phase: string, sketches: readonly RowSketch[], campaign = `${phase}-fixture`): Plan {
  return {
    version: 1,
    campaign,
    phase,
    stack: STACKS[phase] ?? phase,
    target: 'simulator',
    codeVersion: '0.1.0+fixture',
    nodeVersion: '26.0.0',
    seed: 1,
    rows: sketches.map(rowOf),
  };
}

export const phase1Rows: readonly RowSketch[] = [
  { row: 'LT-001/nodes=500', nodes: 500, measureMinutes: 60, warmupMinutes: 1 },
  { row: 'CT-003/byzantine=20%', nodes: 150, measureMinutes: 60, warmupMinutes: 1 },
  { row: 'RM-101/nodes=500', nodes: 500, measureMinutes: 1_440, warmupMinutes: 5 },
];

export const phase3Rows: readonly RowSketch[] = [
  { row: 'LT-003/nodes=5000', nodes: 5_000, measureMinutes: 15, warmupMinutes: 1 },
  { row: 'SK-002/nodes=5000', nodes: 5_000, measureMinutes: 10_080, warmupMinutes: 5 },
  { row: 'RM-301/nodes=5000', nodes: 5_000, measureMinutes: 30, warmupMinutes: 1 },
  { row: 'RM-302/nodes=5000', nodes: 5_000, measureMinutes: 30, warmupMinutes: 1 },
  { row: 'RM-303/nodes=5000', nodes: 5_000, measureMinutes: 60, warmupMinutes: 1 },
  { row: 'RM-304/nodes=5000', nodes: 5_000, measureMinutes: 1_440, warmupMinutes: 5 },
];

export const phase4Rows: readonly RowSketch[] = [
  { row: 'LT-003/nodes=10000', nodes: 10_000, measureMinutes: 15, warmupMinutes: 1 },
  { row: 'ST-003/nodes=10000', nodes: 10_000, measureMinutes: 60, warmupMinutes: 1 },
  { row: 'RM-401/nodes=10000', nodes: 10_000, measureMinutes: 60, warmupMinutes: 1 },
];

export interface ReportOptions extends ForecastPlanOptions {
  readonly approvals?: readonly Approval[];
  readonly statuses?: Readonly<Record<string, TestStatus>>;
}

export function reportInput(plan: Plan, options: ReportOptions = {}): FinanceReportInput {
  const forecast = forecastPlan(plan, null, options);
  const hash = approvalHash({
    plan: JSON.stringify(plan),
    priceSheet: forecast.priceSheet.date,
    limits: '{}',
  });
  const need = approvalNeeded(forecast.forecast);
  return {
    campaign: plan.campaign,
    phase: plan.phase,
    plan,
    forecast,
    approval: {
      hash,
      need,
      state: approvalState(need, hash, options.approvals ?? [], '2026-11-21T12:00:00Z'),
    },
    ...(options.statuses === undefined ? {} : { statuses: options.statuses }),
    inputHashes: [
      { name: 'plan.json', sha256: hash },
      { name: 'price sheet', sha256: hash },
    ],
  };
}

/** A ledger in which the first run of the forecast was metered and billed, three per cent dearer on the bill. */
export function ledgerOf(input: FinanceReportInput): readonly ChainedEntry[] {
  const planned = chargesByRun(input.forecast.forecast).filter(
    ({ rowId, repetition, category }) => rowId !== null && repetition === 0 && category === 'usage',
  );
  const [first] = planned;
  const own = planned.filter(({ rowId }) => rowId === first?.rowId);
  const records = own.flatMap((charge): Charge[] => [
    { ...charge, state: 'METERED', p90UsdMicros: null, source: 'guard.jsonl' },
    {
      ...charge,
      state: 'BILLED',
      p90UsdMicros: null,
      usdMicros: multiply(charge.usdMicros, { times: 103n, over: 100n }),
      source: 'bill.csv',
    },
  ]);
  let text = '';
  let head = EMPTY_HEAD;
  for (const record of records) {
    const next = nextLine(head, record, '2026-11-22T00:00:00Z');
    text += next.line;
    head = next.head;
  }
  return readChain(text).entries;
}
