/**
 * The record of one run (one repetition of one cell), as every target writes it and every report reads it.
 * Owns: names and units of requirements 2.3 plus what design 9 adds; the zod schema is the published JSON Schema.
 * Does not own: writing files (writer.ts) or judging (campaigns/analysis).
 */
import { z } from 'zod';
import { benchmarkRecord } from '#campaigns/results/benchmark-record.ts';

export const testStatus = z.enum(['PASSED', 'FAILED', 'INCONCLUSIVE', 'ABORTED', 'SKIPPED']);
export type TestStatus = z.infer<typeof testStatus>;

/** Where a figure comes from. Never mixed in one sum without a label. */
export const provenance = z.enum(['SIMULATED', 'MEASURED', 'FORECAST', 'METERED', 'BILLED']);
export type Provenance = z.infer<typeof provenance>;

const figure = z.number();
const share = z.number().min(0).max(1);

/** A fault as it was asked for and as it was seen to take effect. Times are virtual microseconds of the run. */
export const faultRecord = z.strictObject({
  kind: z.string(),
  description: z.string(),
  requested_at_us: figure,
  requested_for_us: figure,
  at_us: figure.nullable().describe('when it took effect in this run; null = it never did'),
  until_us: figure.nullable().describe('when it was lifted; null = still active at the end'),
  observed: z.boolean().describe('an effect was seen (messages dropped, nodes down, delays added)'),
  evidence: z.string().describe('what was seen, with its count'),
  recovery_us: figure.nullable().describe('from lifting until TPS and decisions were back; null = not seen'),
  rejoin_us: figure
    .nullable()
    .describe('slowest restarted node: from restart until caught up; null = no restart or not seen'),
});
export type FaultRecord = z.infer<typeof faultRecord>;

/** One bin of the time series. */
export const seriesPoint = z.strictObject({
  at_us: figure.describe('start of the bin, virtual microseconds of the run'),
  for_us: figure,
  offered_tps: figure,
  finalized_tps: figure,
  p50_ms: figure.nullable(),
  p95_ms: figure.nullable(),
  undecided_vertices: figure.describe('mean over live honest nodes at the end of the bin'),
  queued_transactions: figure,
  cpu_percent: figure.describe('mean over nodes, of the node profile'),
  busiest_cpu_percent: figure
    .optional()
    .describe(
      'of the busiest node; of packed nodes the mean of the busiest process; left out where nodes are counted',
    ),
  network_mbps: figure.describe('mean over nodes, sent'),
  memory_mb: figure.describe('mean over nodes'),
  live_nodes: figure,
});
export type SeriesPoint = z.infer<typeof seriesPoint>;

/** Of a ramp with an end: the fall of its load, and what came after it. Times are virtual microseconds of the run. */
export const rampRecord = z.strictObject({
  cause: z
    .enum(['cpu', 'finality', 'top'])
    .describe(
      'a node was busier than the limit; clearly less was finalised than offered; neither, at the top',
    ),
  cpu_limit_percent: figure,
  fell_at_us: figure,
  from_tps: figure.describe('offered in the step that was too much'),
  to_tps: figure.describe('offered from the fall on'),
  busiest_cpu_percent: figure.describe('busiest node, later half of that step'),
  finalized_tps: figure.describe('later half of that step'),
  recovered_us: figure
    .nullable()
    .describe(
      'from the fall until nothing due before it was undecided and the p95 of a bin was at most twice that of the first step; null = not seen',
    ),
  watched_us: figure.describe('from the fall to the end of the run'),
});
export type RampRecord = z.infer<typeof rampRecord>;

/** Of a MEASURED run: the machine it ran on, and what proves or spoils its figures. */
export const measurement = z.strictObject({
  processes: figure,
  nodes_per_process: figure,
  host_cores: figure,
  host_cpu_percent: figure.describe(
    'of all cores, mean over the window, whatever else the machine did included',
  ),
  host_cpu_peak_percent: figure.describe('busiest stretch of half a second'),
  busiest_event_loop_percent: figure.describe('busiest event loop of any process between two reports'),
  untrusted: z
    .array(z.string())
    .describe('figures that waiting for the CPU has changed; empty = the host was idle enough'),
  verification_cpu_percent: figure.describe('signature verification, of the CPU time of the node processes'),
  counted_bytes: figure.describe('sent between nodes over the window, by their own counters'),
  loopback_bytes: figure
    .nullable()
    .describe('over the loopback interface in the same time; null = not counted here'),
  clock_error_ms: figure.describe('worst uncertainty of a clock offset'),
  probes: z.strictObject({
    sent: figure,
    answered: figure,
    pairs: figure,
    round_trip_ms: figure.nullable(),
    ordered_round_trip_ms: figure,
    lost_share: share,
    ordered_lost_share: share,
  }),
  limits: z.string().describe('how the resource profile was applied'),
});
export type Measurement = z.infer<typeof measurement>;

export const consensusConfiguration = z.strictObject({
  sample_size: figure,
  alpha_threshold: figure.describe('alphaConfidence'),
  alpha_preference: figure,
  beta_threshold: figure,
  finalization_threshold: figure,
  max_rounds: figure,
  poll_interval_ms: figure,
  concurrent_polls: figure,
  early_end: z.boolean(),
});

export const runResult = z.strictObject({
  test_run_id: z.string().describe('cell id / repetition'),
  timestamp: z.string().describe('wall clock at which the run ended, ISO 8601 UTC; not part of any hash'),
  configuration: z.strictObject({
    scenario_id: z.string(),
    label: z.string(),
    node_count: figure,
    byzantine_percentage: figure,
    byzantine_nodes: figure,
    attack: z.string(),
    network_profile: z.string(),
    topology: z.string(),
    workload: z.string(),
    resource_profile: z.string(),
    calibration: z.string(),
    consensus_params: consensusConfiguration,
  }),
  results: z.strictObject({
    throughput: z.strictObject({
      avg_tps: figure,
      peak_tps: figure,
      min_tps: figure.describe('slowest bin of the window'),
      total_vertices: figure.describe('finalised in the window, mean over honest nodes'),
      total_transactions: figure,
      vertices_per_second: figure,
      offered_tps: figure,
      queued_transactions: figure.describe('due but not issued at the end (maxUndecided or saturation)'),
      tps_variance_percent: figure.describe('standard deviation over bins / mean, percent'),
    }),
    latency: z.strictObject({
      p50_ms: figure.nullable(),
      p95_ms: figure.nullable(),
      p99_ms: figure.nullable(),
      p999_ms: figure.nullable(),
      max_ms: figure.nullable(),
      mean_ms: figure.nullable(),
      undecided_share: share.describe(
        'of (honest node, transaction) pairs of the window; they count as later than any figure',
      ),
      histogram: z.array(z.tuple([figure, figure])).describe('[upper bound in ms, pairs]'),
    }),
    resource_usage: z.strictObject({
      avg_cpu_percent: figure,
      peak_cpu_percent: figure,
      avg_memory_mb: figure,
      peak_memory_mb: figure,
      memory_growth_percent: figure,
      avg_network_mbps: figure.describe('sent per node'),
      peak_network_mbps: figure.describe('busiest node'),
      signature_cpu_percent: figure,
    }),
    consensus_metrics: z.strictObject({
      avg_rounds_to_finalize: figure.nullable(),
      confidence_at_finalization: figure.nullable(),
      byzantine_detected: figure,
      false_positives: figure,
      time_to_detect_ms: figure.nullable(),
      readmissions: figure
        .optional()
        .describe('times an honest node let a convicted peer in again; only where convictions are forgotten'),
      rounds: z.strictObject({
        mean: figure.nullable(),
        p50: figure.nullable(),
        p99: figure.nullable(),
        max: figure.nullable(),
        histogram: z.array(z.tuple([figure, figure])),
      }),
      finalized_share: share,
      all_honest_share: share,
      conflicts_finalized: figure,
      safety_violations: z.array(z.string()),
      decisions_checked: figure
        .optional()
        .describe(
          'of honest nodes, each read by the safety checker, warm-up and cool-down included; of a spliced run those of its window',
        ),
      liveness_failures: figure.describe('(honest node, vertex) pairs undecided at the round limit'),
      rejected_vertices: figure,
      polls_successful_share: share,
      sampling_chi_square_z: figure.describe('fairness of k-sampling: z of the chi-square over peers'),
    }),
    simulation: z.strictObject({
      messages: figure,
      polls: figure,
      virtual_seconds: figure.describe(
        'in which these messages and polls happened; time that is only counted is left out',
      ),
      cpu_seconds: figure,
      messages_per_cpu_second: figure,
    }),
  }),
  window: z.strictObject({
    requested_s: figure,
    measured_s: figure.describe('virtual seconds that were measured'),
    warmup_s: figure,
    cooldown_s: figure,
    compression: figure.describe('requested / measured; 1 = not compressed'),
    finality_times: figure.describe('measured window / mean time to finality'),
  }),
  measurement: measurement.optional().describe('of a MEASURED network only'),
  benchmark: benchmarkRecord
    .optional()
    .describe('of a benchmark only: it has no network, so that all results above are 0 or null'),
  faults: z.array(faultRecord),
  ramp: rampRecord.optional().describe('of a ramp with an end (`until`) only'),
  anomalies: z.array(z.string()),
  determinism: z.strictObject({
    key: z.string().describe('code version, Node version, scenario, seed'),
    seed: figure,
    trace_hash: z.string(),
  }),
  provenance,
  tier: z.string(),
  test_status: testStatus,
  reason: z.string().describe('why the status is not PASSED; empty otherwise'),
});
export type RunResult = z.infer<typeof runResult>;

/** series.json of a run: bins of the whole run, warm-up and cool-down included. */
export const runSeries = z.strictObject({
  test_run_id: z.string(),
  window_us: z.tuple([figure, figure]),
  points: z.array(seriesPoint),
});
export type RunSeries = z.infer<typeof runSeries>;
