/**
 * A small invented campaign with every kind of outcome, for developing and testing reports; the same object each time.
 * Does not own: the numbers of a run (synthetic-run.ts).
 */
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { CampaignVerdict, CriterionVerdict, RowVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { FeasibilityReport, Finding } from '#campaigns/feasibility/finding.ts';
import type { Criterion, Plan, PlannedCell, PlannedRow } from '#campaigns/plan-record.ts';
import type { FaultRecord, RunResult, TestStatus } from '#campaigns/results/schema.ts';
import type { AttackName, Fault, RunSpec, Workload } from '#campaigns/run-spec.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { defaultPollIntervalUs, networkProfiles } from '#node/model/network-profile.ts';
import { estimate } from '#reports/scale/repetitions.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';
import { type Behaviour, syntheticResult, syntheticSeries } from '#test/support/synthetic-run.ts';

interface RowPlan {
  readonly scenarioId: string;
  readonly title: string;
  readonly source: string;
  readonly label: string;
  readonly nodes: number;
  readonly network: string;
  readonly share: number;
  readonly attack: AttackName;
  readonly workload: Workload;
  readonly measureS: number;
  readonly faults: readonly Fault[];
  readonly criteria: readonly Criterion[];
  readonly behaviour: Behaviour;
  readonly skip: string | null;
}

const base = {
  batch: 10,
  payloadBytes: 1_024,
  parents: { kind: 'count', least: 2, most: 4 },
  conflictShare: 0,
} as const;
const constant = (tps: number): Workload => ({ ...base, kind: 'constant', tps });

function behaviour(part: Partial<Behaviour>): Behaviour {
  return {
    capacityTps: 400,
    baseLatencyMs: 100,
    roundsMean: 20.6,
    finalizedShare: 1,
    cpuPercent: 21,
    memoryMb: 148,
    memoryGrowthPercent: 1.2,
    networkMbps: 6.1,
    offeredTps: () => 100,
    measuredS: 120,
    outage: null,
    anomalies: [],
    ...part,
  };
}

function criterion(
  metric: string,
  comparator: Criterion['comparator'],
  limit: number,
  written: string,
  overS: number | null = null,
): Criterion {
  const overUs = overS === null ? null : overS * 1e6;
  return { metric, comparator, limit, written, overUs, scope: 'row', note: null };
}

const safe = criterion('safety.conflicts_finalized', 'equals', 0, 'equals: 0');
const p95 = (ms: number): Criterion => criterion('latency.p95', 'at_most', ms, `at_most: ${ms}ms`);
const tps = (least: number): Criterion =>
  criterion('throughput.avg_tps', 'at_least', least, `at_least: ${least}`);
const memory = criterion('resources.memory', 'at_most', 512, 'at_most: 512MB');

function rowPlan(
  part: Partial<RowPlan> & Pick<RowPlan, 'scenarioId' | 'title' | 'label' | 'nodes'>,
): RowPlan {
  return {
    source: 'SPEC 4.1',
    network: 'local',
    share: 0,
    attack: 'none',
    workload: constant(100),
    measureS: 900,
    faults: [],
    criteria: [safe, tps(99), p95(100), memory],
    behaviour: behaviour({}),
    skip: null,
    ...part,
  };
}

const multiScale: readonly RowPlan[] = [100, 250, 500, 1_000].map((nodes) =>
  rowPlan({
    scenarioId: 'LT-003',
    title: 'The same load at growing size',
    label: `nodes=${nodes}`,
    nodes,
    behaviour: behaviour({
      baseLatencyMs: 46 + 9.5 * Math.log(nodes),
      networkMbps: 4.2 + nodes / 2_000,
      cpuPercent: 17 + Math.log(nodes),
      memoryMb: 90 + nodes * 0.088,
    }),
    criteria: [safe, tps(99), p95(nodes < 1_000 ? 100 : 110), memory],
  }),
);

const byzantine: readonly RowPlan[] = (
  [
    [0.1, 27.4, 1],
    [0.2, 61, 0.61],
    [0.3, 96, 0.004],
    [0.33, 100, 0],
  ] as const
).map(([share, roundsMean, finalizedShare]) =>
  rowPlan({
    scenarioId: 'CT-003',
    title: 'Byzantine minority, random voting',
    source: 'SPEC 4.4',
    label: `byzantine=${share * 100}%`,
    nodes: 150,
    network: 'wan',
    share,
    attack: 'random',
    measureS: 3_600,
    criteria: [
      safe,
      share < 0.33
        ? criterion('liveness.finalized_share', 'at_least', 0.99, 'at_least: 99%')
        : criterion('liveness.finalized_share', 'at_most', 0.5, 'at_most: 50%'),
      criterion('byzantine.detection_accuracy', 'at_least', 95, 'at_least: 95%'),
    ],
    behaviour: behaviour({
      capacityTps: 400 * finalizedShare,
      baseLatencyMs: 2_600 * (roundsMean / 20),
      roundsMean,
      finalizedShare,
      measuredS: 300,
      anomalies: finalizedShare < 0.5 ? ['no vertex of the last 40 s was finalised by any honest node'] : [],
    }),
  }),
);

const single: readonly RowPlan[] = [
  rowPlan({ scenarioId: 'LT-001', title: 'Baseline', label: 'nodes=500', nodes: 500, measureS: 3_600 }),
  rowPlan({
    scenarioId: 'LT-002',
    title: 'Peak discovery',
    label: 'nodes=500',
    nodes: 500,
    workload: { ...base, kind: 'ramp', fromTps: 10, toTps: 1_000, steps: 12 },
    measureS: 1_800,
    criteria: [safe, criterion('throughput.sustainable_tps', 'at_least', 200, 'at_least: 200')],
    behaviour: behaviour({
      offeredTps: (progress) => 10 + 990 * (Math.floor(progress * 12) / 11),
      cpuPercent: 74,
    }),
  }),
  rowPlan({
    scenarioId: 'CT-002',
    title: 'Split brain heals',
    source: 'SPEC 4.4',
    label: 'nodes=500',
    nodes: 500,
    network: 'lan',
    measureS: 3_600,
    faults: [{ kind: 'partition', groups: [0.5, 0.5], atUs: 1_200e6, forUs: 600e6 }],
    criteria: [safe, criterion('recovery.heal_time', 'at_most', 60, 'at_most: 60s')],
    behaviour: behaviour({ baseLatencyMs: 190, measuredS: 180, outage: [1 / 3, 1 / 2] }),
  }),
  rowPlan({
    scenarioId: 'RM-101',
    title: 'Soak, 24 hours',
    source: 'roadmap, SPEC 7',
    label: 'nodes=500',
    nodes: 500,
    measureS: 86_400,
    criteria: [safe, criterion('resources.memory_growth', 'at_most', 5, 'at_most: 5%', 86_400)],
    behaviour: behaviour({ measuredS: 240 }),
  }),
  rowPlan({
    scenarioId: 'CT-001',
    title: 'Random failures <script>alert("x")</script> & "quotes"',
    source: 'SPEC 4.4',
    label: 'nodes=250',
    nodes: 250,
    skip: 'the simulator cannot inject disk failures of this kind',
  }),
];

const consensus = {
  k: 30,
  alphaPreference: 24,
  alphaConfidence: 24,
  beta: 20,
  threshold: 0.95,
  maxRounds: 100,
};

function spec(row: RowPlan, repetition: number, seed: number): RunSpec {
  const network = networkProfiles.find((profile) => profile.name === row.network)!;
  return {
    scenarioId: row.scenarioId,
    label: row.label,
    tier: 'message',
    seed,
    repetition,
    nodes: row.nodes,
    consensus: {
      ...consensus,
      pollIntervalUs: defaultPollIntervalUs(network),
      concurrentPolls: 1,
      earlyEnd: true,
      maxUndecided: 4_096,
    },
    network,
    topology: { kind: 'full', degree: 0 },
    byzantine: { share: row.share, attack: row.attack, clusters: 1, identities: 1, exclusion: false },
    workload: row.workload,
    faults: row.faults,
    duration: { warmupUs: 10e6, measureUs: row.measureS * 1e6, cooldownUs: 5e6 },
    messageBudget: 120_000_000,
    resources: { name: 'standard', cpuCores: 4, memoryBytes: 2_147_483_648 },
    calibration: defaultCalibration,
  };
}

function faultRecords(row: RowPlan): FaultRecord[] {
  return row.faults.map((fault) => ({
    kind: fault.kind,
    description: 'two groups of 250 nodes cannot reach each other',
    requested_at_us: fault.atUs,
    requested_for_us: 'forUs' in fault ? fault.forUs : 0,
    at_us: 10e6 + 60e6,
    until_us: 10e6 + 90e6,
    observed: true,
    evidence: '1,204,551 messages dropped between the groups',
    recovery_us: 4.2e6,
    rejoin_us: null,
  }));
}

type Observer = readonly [unit: string, read: (result: RunResult) => number | null];
const observers: Readonly<Record<string, Observer>> = {
  'safety.conflicts_finalized': ['count', (run) => run.results.consensus_metrics.conflicts_finalized],
  'throughput.avg_tps': ['tps', (run) => run.results.throughput.avg_tps],
  'throughput.sustainable_tps': ['tps', (run) => run.results.throughput.peak_tps * 0.93],
  'latency.p95': ['ms', (run) => run.results.latency.p95_ms],
  'resources.memory': ['MB', (run) => run.results.resource_usage.peak_memory_mb],
  'resources.memory_growth': ['percent', (run) => run.results.resource_usage.memory_growth_percent],
  'liveness.finalized_share': ['share', (run) => run.results.consensus_metrics.finalized_share],
  'byzantine.detection_accuracy': ['percent', () => null],
  'recovery.heal_time': ['s', (run) => (run.faults[0]?.recovery_us ?? 0) / 1e6],
};

function judgeCriterion(wanted: Criterion, results: readonly RunResult[]): CriterionVerdict {
  const [unit, observe] = observers[wanted.metric]!;
  const seen = estimate(results.map(observe));
  const common = {
    metric: wanted.metric,
    unit,
    written: wanted.written,
    limit: wanted.limit,
    note: wanted.note,
  };
  const measuredS = results[0]?.window.measured_s ?? 0;
  const unanswered = (status: TestStatus, reason: string, wouldAnswer: string): CriterionVerdict => ({
    ...common,
    observed: seen?.mean ?? null,
    interval: seen?.interval ?? null,
    repetitions: results.length,
    margin: null,
    status,
    reason,
    wouldAnswer,
  });
  if (results.length === 0)
    return unanswered('SKIPPED', 'not run', 'npm run campaign phase1 -- --target processes');
  if (seen === null)
    return unanswered('INCONCLUSIVE', 'detection is switched off', 'a row with reputation switched on');
  if (wanted.overUs !== null && measuredS * 1e6 < wanted.overUs) {
    return unanswered(
      'INCONCLUSIVE',
      `speaks about 24 h, ${measuredS} s were measured`,
      'npm run campaign phase2 -- --scenario SK-001',
    );
  }
  const margin = wanted.comparator === 'at_least' ? seen.mean - wanted.limit : wanted.limit - seen.mean;
  const passed = margin >= 0;
  const reason = passed ? '' : `${wanted.metric} is ${Math.abs(margin).toFixed(1)} ${unit} beyond the limit`;
  return { ...unanswered(passed ? 'PASSED' : 'FAILED', reason, ''), margin };
}

function judgeRow(row: PlannedRow, results: readonly RunResult[]): RowVerdict {
  const criteria = row.criteria.map((wanted) => judgeCriterion(wanted, results));
  const worst = (['FAILED', 'INCONCLUSIVE', 'SKIPPED'] as const).find((status) =>
    criteria.some((one) => one.status === status),
  );
  const decisive = criteria.find((one) => one.status === worst);
  const run = results[0];
  return {
    rowId: row.rowId,
    status: row.skip === null ? (worst ?? 'PASSED') : 'SKIPPED',
    reason: row.skip ?? decisive?.reason ?? '',
    validity:
      run === undefined
        ? []
        : [
            {
              name: 'load reached',
              observed: '99.6 % of the offered load was issued',
              required: '>= 95 %',
              holds: true,
            },
            {
              name: 'window long enough',
              observed: `${Math.round(run.window.finality_times)} finality times`,
              required: '>= 20',
              holds: true,
            },
          ],
    criteria,
  };
}

function rank(rows: readonly RowVerdict[]): TestStatus {
  if (rows.some((row) => row.status === 'FAILED')) return 'FAILED';
  return rows.some((row) => row.status !== 'PASSED') ? 'INCONCLUSIVE' : 'PASSED';
}

const tooManyRandomVoters: Finding = {
  topic: 'byzantine-tolerance',
  conclusion: 'cannot-pass',
  because:
    'cannot pass, because a poll needs 24 of 30 yes votes and 20 such polls in a row, which 45 random voters of 150 practically never allow',
  arithmetic: [
    {
      symbol: 'P(success)',
      value: 0.3107,
      unit: '',
      how: '24 or more yes of 30: hypergeometric, honest nodes yes, attackers a coin each',
    },
    { symbol: 'P(finalised)', value: 1.3e-9, unit: '', how: '20 successes in a row within 100 polls' },
  ],
  metrics: ['liveness.finalized_share'],
  nearest: {
    change: 'alpha 24 -> 18, beta 20 -> 24',
    values: { alpha: 18, beta: 24 },
    achieves: 'finalises 99.9 % at 30 % random voters',
  },
};

const feasibility: FeasibilityReport = {
  version: 1,
  campaign: '20261121-phase1-7f3a',
  conclusion: 'cannot-pass',
  rows: [
    {
      rowId: 'CT-003/byzantine=30%',
      label: '30 %',
      conclusion: 'cannot-pass',
      findings: [tooManyRandomVoters],
    },
    {
      rowId: 'LT-001/nodes=500',
      label: '500 nodes',
      conclusion: 'marginal',
      findings: [
        {
          topic: 'latency-floor',
          conclusion: 'marginal',
          because: 'twenty polls at 5 ms leave no time for anything else below 100 ms',
          arithmetic: [{ symbol: 'floor', value: 100, unit: 'ms', how: 'beta 20 x poll interval 5 ms' }],
          metrics: ['latency.p95'],
          nearest: {
            change: 'poll interval 5 ms -> 4 ms',
            values: { pollIntervalMs: 4 },
            achieves: 'floor 80 ms',
          },
        },
      ],
    },
  ],
  campaignFindings: [
    {
      topic: 'money',
      conclusion: 'cannot-pass',
      because: 'cannot pass, because three repetitions of a 7-day run cost more than the cap of one run',
      arithmetic: [{ symbol: 'cost', value: 6_120, unit: 'USD', how: '300 VMs x 168 h x 0.1214 USD/h' }],
      metrics: [],
      nearest: null,
    },
  ],
};

/** Thirteen rows of three repetitions: passed, failed, inconclusive, skipped, a partition, four Byzantine shares. */
export function campaignFixture(): ScaleReportInput {
  const runs = new Map<string, RunRecord>();
  const rows = [...single.slice(0, 2), ...multiScale, ...single.slice(2, 4), single[4]!, ...byzantine].map(
    (row, index): PlannedRow => {
      const cells = Array.from({ length: 3 }, (_, repetition): PlannedCell => {
        const cell = {
          id: `c${index}r${repetition}`,
          spec: spec(row, repetition, 1_000 + index * 10 + repetition),
        };
        if (row.skip !== null) return cell;
        const series = syntheticSeries(cell.id, cell.spec, row.behaviour);
        runs.set(cell.id, {
          series,
          result: syntheticResult(cell.id, cell.spec, row.behaviour, series, faultRecords(row)),
        });
        return cell;
      });
      const { scenarioId, title, source, label, criteria, skip } = row;
      return { rowId: `${scenarioId}/${label}`, scenarioId, title, source, label, criteria, cells, skip };
    },
  );
  const plan: Plan = {
    version: 1,
    campaign: '20261121-phase1-7f3a',
    phase: 'phase1',
    stack: 'local',
    target: 'simulator',
    codeVersion: '0.1.0+4be19c2',
    nodeVersion: 'v26.10.0',
    seed: 7,
    rows,
  };
  const verdicts = rows.map((row) =>
    judgeRow(
      row,
      row.cells.flatMap((cell) => runs.get(cell.id)?.result ?? []),
    ),
  );
  const verdict: CampaignVerdict = {
    version: 1,
    campaign: plan.campaign,
    status: rank(verdicts),
    rows: verdicts,
  };
  return { campaign: plan.campaign, plan, verdict, feasibility, runs };
}
