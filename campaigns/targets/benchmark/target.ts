/**
 * The benchmark suite on this machine as a target: one round over its jobs, each in a fresh process, is one repetition.
 * Owns: a repetition and its record. Does not own: jobs (suite.ts), processes (job-process.ts), the baseline it carries along, judging.
 * One process at a time and nothing beside it: two would share caches and memory bandwidth.
 */
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '#budgets/sha256.ts';
import { canonicalJson } from '#campaigns/canonical-json.ts';
import { compileCache } from '#campaigns/engine.ts';
import { configurationOf, determinismKey, testRunId } from '#campaigns/measure/run-figures.ts';
import { type BenchmarkRecord, benchmarkGroups, machineText } from '#campaigns/results/benchmark-record.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import type { Progress, RunOutcome, Target } from '#campaigns/targets/target.ts';
import { capabilities } from './capabilities.ts';
import { fillCaches, runJob } from './job-process.ts';
import { isSameMachine, thisMachine } from './machine.ts';
import { type EffortName, median } from './sampling.ts';
import { groupOf, type SuiteJob, suiteFigures, suiteJobs } from './suite.ts';

export interface BenchmarkOptions {
  /** Default: `suite`. */
  readonly effort?: EffortName;
}

const program = fileURLToPath(new URL('./suite-process.ts', import.meta.url));

/** The order to stop is seen when progress is reported: often, so that no measuring process outlives it for long. */
const lookMs = 200;

interface Round {
  readonly samples: ReadonlyMap<string, readonly number[]>;
  readonly referenceNs: number;
  readonly loadAverage: number;
}

/** Caches that this thread has seen filled: later rounds find them. */
const filled = new Set<string>();

async function measureRound(
  effort: EffortName,
  jobs: readonly SuiteJob[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Round> {
  const loadAverage = os.loadavg()[0] ?? 0;
  let done = 0;
  const look = setInterval(() => progress(done / jobs.length), lookMs);
  try {
    const cold = jobs.filter(({ flags }) => !filled.has(flags.join(' ')));
    await fillCaches(cold, { program, compileCache, signal });
    for (const { flags } of cold) filled.add(flags.join(' '));
    const samples = new Map<string, readonly number[]>();
    const references: number[] = [];
    for (const { name, flags } of jobs) {
      const answer = await runJob({ program, compileCache, flags, args: [name, effort], signal });
      for (const [figure, values] of Object.entries(answer.samples)) samples.set(figure, values);
      references.push(answer.referenceNs);
      done += 1;
      progress(done / jobs.length);
    }
    return { samples, referenceNs: median(references), loadAverage };
  } finally {
    clearInterval(look);
  }
}

function recordOf(spec: RunSpec, round: Round): BenchmarkRecord {
  const figures = suiteFigures.flatMap((figure) => {
    const values = round.samples.get(figure.id);
    if (values === undefined || values.length === 0) return [];
    return [
      {
        ...figure,
        group: groupOf(figure.id),
        median: median(values),
        lowest: Math.min(...values),
        highest: Math.max(...values),
        samples: values.length,
      },
    ];
  });
  return {
    machine: thisMachine(),
    load_average: round.loadAverage,
    reference_ns: round.referenceNs,
    figures,
    baseline: spec.benchmark?.baseline ?? null,
  };
}

/** A benchmark has no network: what a network would have shown is null, or 0 where the record knows no null. */
const noNetwork: RunResult['results'] = {
  throughput: {
    avg_tps: 0,
    peak_tps: 0,
    min_tps: 0,
    total_vertices: 0,
    total_transactions: 0,
    vertices_per_second: 0,
    offered_tps: 0,
    queued_transactions: 0,
    tps_variance_percent: 0,
  },
  latency: {
    p50_ms: null,
    p95_ms: null,
    p99_ms: null,
    p999_ms: null,
    max_ms: null,
    mean_ms: null,
    undecided_share: 0,
    histogram: [],
  },
  resource_usage: {
    avg_cpu_percent: 0,
    peak_cpu_percent: 0,
    avg_memory_mb: 0,
    peak_memory_mb: 0,
    memory_growth_percent: 0,
    avg_network_mbps: 0,
    peak_network_mbps: 0,
    signature_cpu_percent: 0,
  },
  consensus_metrics: {
    avg_rounds_to_finalize: null,
    confidence_at_finalization: null,
    byzantine_detected: 0,
    false_positives: 0,
    time_to_detect_ms: null,
    rounds: { mean: null, p50: null, p99: null, max: null, histogram: [] },
    finalized_share: 0,
    all_honest_share: 0,
    conflicts_finalized: 0,
    safety_violations: [],
    liveness_failures: 0,
    rejected_vertices: 0,
    polls_successful_share: 0,
    sampling_chi_square_z: 0,
  },
  simulation: { messages: 0, polls: 0, virtual_seconds: 0, cpu_seconds: 0, messages_per_cpu_second: 0 },
};

/** Empty: the run is fit to be judged. */
function unfitness(spec: RunSpec, { machine }: BenchmarkRecord): string {
  const planned = spec.benchmark?.machine;
  if (planned === undefined || isSameMachine(planned, machine)) return '';
  return `planned on ${machineText(planned)}, but run on ${machineText(machine)}`;
}

function outcomeOf(spec: RunSpec, benchmark: BenchmarkRecord): RunOutcome {
  const reason = unfitness(spec, benchmark);
  const { baseline: _baseline, ...measured } = benchmark;
  const result: RunResult = {
    test_run_id: testRunId(spec),
    timestamp: new Date().toISOString(),
    configuration: configurationOf(spec, spec.nodes),
    results: noNetwork,
    window: { requested_s: 0, measured_s: 0, warmup_s: 0, cooldown_s: 0, compression: 1, finality_times: 0 },
    benchmark,
    faults: [],
    anomalies: [],
    determinism: {
      key: `benchmark/${determinismKey(spec)}`,
      seed: spec.seed,
      trace_hash: sha256Hex(canonicalJson(measured)),
    },
    provenance: 'MEASURED',
    tier: 'benchmark',
    test_status: reason === '' ? 'PASSED' : 'INCONCLUSIVE',
    reason,
  };
  return {
    result,
    series: { test_run_id: result.test_run_id, window_us: [0, 0], points: [] },
    events: [],
  };
}

export function createBenchmark(options: BenchmarkOptions = {}): Target {
  return {
    capabilities,
    deploy: async () => {},
    ready: async () => true,
    run: async (spec, progress, signal) => {
      const groups = spec.benchmark?.groups ?? benchmarkGroups;
      const jobs = suiteJobs.filter(({ name }) => groups.some((group) => groupOf(name) === group));
      return outcomeOf(
        spec,
        recordOf(spec, await measureRound(options.effort ?? 'suite', jobs, progress, signal)),
      );
    },
    collect: async () => {},
    destroy: async () => {},
    inventory: async () => [],
  };
}
