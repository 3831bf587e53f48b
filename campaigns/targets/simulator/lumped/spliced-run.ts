/**
 * A long run: the whole requested time by counting, with a message window of the same seed spliced in for what counting cannot see.
 * Owns: which part answers which figure, and tuning the counted part to the window. Does not own: either part.
 * The window carries every fault (compressed, in order) and the real core: safety, strikes, recovery, resources. The counted part
 * carries time: throughput, latency, shares and gauges over hours or days, and who is convicted in it (counted-detection.ts).
 */

import { attackerCountOf } from '#campaigns/cast.ts';
import type { FaultRecord, RunResult, SeriesPoint } from '#campaigns/results/schema.ts';
import type { Fault, RunSpec } from '#campaigns/run-spec.ts';
import { simulationTime } from '#campaigns/simulation-time.ts';
import { assemble, runAssembled } from '#campaigns/targets/simulator/run.ts';
import type { Progress, RunOutcome } from '#campaigns/targets/target.ts';
import type { Tuning } from './class-run.ts';
import { foundByCounting, isDetectionCounted, type StrikeRates, strikeRates } from './counted-detection.ts';
import { loadOutcome } from './lumped-outcome.ts';
import { runLoad } from './lumped-run.ts';
import { abortedOutcome } from './lumped-tier.ts';
import { faultReason, waitsAtLinks } from './refusal.ts';

const mostDistance = 3;

export function runSplicedTier(spec: RunSpec, progress: Progress, signal: AbortSignal): RunOutcome {
  const parts = assemble(spec);
  const windowShare = windowShareOf(spec);
  const window = runAssembled(parts, (share) => progress(windowShare * share), signal);
  if (signal.aborted) return window;
  const started = process.threadCpuUsage();
  const countable = spec.faults.filter((fault) => faultReason(fault) === null);
  const tuning = tuningOf(spec, window);
  const run = runLoad({ ...spec, faults: countable }, tuning, {
    progress: (share) => progress(windowShare + (1 - windowShare) * share),
    signal,
  });
  if (signal.aborted) return abortedOutcome(window);
  const cpu = process.threadCpuUsage(started);
  const { core, polls } = parts.simulation;
  const rates = strikeRates(core.suspicion.struck, parts.honest, polls);
  return spliced(spec, window, loadOutcome(run, (cpu.user + cpu.system) / 1_000_000), { ...tuning, rates });
}

/** Of the work of a run, what its message window takes. */
function windowShareOf(spec: RunSpec): number {
  const { window, counted } = simulationTime(spec);
  return window / Math.max(Number.MIN_VALUE, window + counted);
}

/** How the quiet part of the window differs from counting the same stretch. */
function tuningOf(spec: RunSpec, window: RunOutcome): Tuning {
  const firstUs = Math.min(...window.result.faults.map((fault) => fault.at_us ?? Infinity));
  const [fromUs, untilUs] = window.series.window_us;
  const quiet = window.series.points.filter(
    ({ at_us, for_us }) => at_us >= fromUs && at_us + for_us <= Math.min(untilUs, firstUs),
  );
  const seen = middle(quiet.flatMap(({ p50_ms }) => (p50_ms === null ? [] : [p50_ms])));
  const short = runLoad({
    ...spec,
    faults: [],
    duration: { ...spec.duration, measureUs: Math.ceil(untilUs - fromUs) },
  });
  const counted = loadOutcome(short, 0).result.results.latency.p50_ms;
  const ratio = seen === null || counted === null || counted === 0 ? 1 : seen / counted;
  return { spacingRatio: ratio, timeRatio: ratio };
}

function middle(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** What the window says about the counted time. */
interface Seams extends Tuning {
  readonly rates: StrikeRates;
}

function spliced(spec: RunSpec, window: RunOutcome, counted: RunOutcome, seams: Seams): RunOutcome {
  const seen = window.result.results;
  const long = counted.result.results;
  const isWholeCounted = spec.faults.every((fault) => faultReason(fault) === null);
  const { consensus_metrics: observed } = seen;
  const least = (pick: (metrics: typeof observed) => number): number =>
    spec.faults.length > 0 && isWholeCounted
      ? pick(long.consensus_metrics)
      : Math.min(pick(long.consensus_metrics), pick(observed));
  const result: RunResult = {
    ...counted.result,
    results: {
      ...loadOf(spec, seen, long),
      resource_usage: {
        ...seen.resource_usage,
        peak_memory_mb: Math.max(seen.resource_usage.peak_memory_mb, long.resource_usage.peak_memory_mb),
        // The window begins empty and fills; only the whole time says whether memory grows.
        memory_growth_percent: long.resource_usage.memory_growth_percent,
      },
      consensus_metrics: {
        ...observed,
        ...detectionOf(spec, observed, counted.result, seams.rates),
        finalized_share: least((metrics) => metrics.finalized_share),
        all_honest_share: least((metrics) => metrics.all_honest_share),
        liveness_failures: observed.liveness_failures + long.consensus_metrics.liveness_failures,
      },
      simulation: workOf(seen.simulation, long.simulation),
    },
    faults: faultsOf(spec, window.result.faults, counted.result.faults, counted.result.window.warmup_s * 1e6),
    anomalies: [
      ...notesOf(spec, window, counted, seams),
      ...window.result.anomalies.map((note) => `window of messages: ${note}`),
      ...counted.result.anomalies,
    ],
    determinism: {
      ...window.result.determinism,
      trace_hash: window.result.determinism.trace_hash + counted.result.determinism.trace_hash,
    },
    tier: 'spliced',
    ...statusOf(window.result, counted.result, seams),
  };
  return {
    result,
    series: { ...counted.series, points: pointsOf(counted.series.points, seen, long) },
    events: [...window.events, ...counted.events],
  };
}

/**
 * Neither conflicting vertices nor waiting at links are counted: where there is such, latency is that of the window (with conflicts
 * throughput, too), and of what was never decided the worse of the two shares is taken.
 */
function loadOf(
  spec: RunSpec,
  seen: RunResult['results'],
  long: RunResult['results'],
): Pick<RunResult['results'], 'throughput' | 'latency'> {
  const isContested = spec.workload.conflictShare > 0;
  if (!isContested && !waitsAtLinks(spec)) return { throughput: long.throughput, latency: long.latency };
  const undecided = Math.max(seen.latency.undecided_share, long.latency.undecided_share);
  return {
    throughput: isContested ? seen.throughput : long.throughput,
    latency: { ...seen.latency, undecided_share: undecided },
  };
}

function detectionOf(
  spec: RunSpec,
  observed: RunResult['results']['consensus_metrics'],
  counted: RunResult,
  rates: StrikeRates,
): ReturnType<typeof foundByCounting> | null {
  if (!isDetectionCounted(spec)) return null;
  const attackers = attackerCountOf(spec.byzantine.share, spec.nodes);
  const honest = spec.nodes - attackers;
  const { polls, virtual_seconds } = counted.results.simulation;
  const pollsOfNode = polls / Math.max(1, honest);
  return foundByCounting(observed, rates, {
    pollsOfNode,
    milliseconds: 1_000 * virtual_seconds,
    attackers,
    honest,
  });
}

function statusOf(
  window: RunResult,
  counted: RunResult,
  { timeRatio }: Tuning,
): Pick<RunResult, 'test_status' | 'reason'> {
  if (window.test_status !== 'PASSED') return { test_status: window.test_status, reason: window.reason };
  if (counted.test_status !== 'PASSED') return { test_status: counted.test_status, reason: counted.reason };
  if (timeRatio > mostDistance || timeRatio < 1 / mostDistance)
    return {
      test_status: 'INCONCLUSIVE',
      reason: `counting does not describe this network: its message window took ${timeRatio.toFixed(2)} times as long to finality`,
    };
  return { test_status: 'PASSED', reason: '' };
}

/** Messages and polls are those that were simulated one by one, and the time is theirs: what is counted has neither. */
function workOf(
  window: RunResult['results']['simulation'],
  counted: RunResult['results']['simulation'],
): RunResult['results']['simulation'] {
  return {
    messages: window.messages,
    polls: window.polls,
    virtual_seconds: window.virtual_seconds,
    cpu_seconds: window.cpu_seconds + counted.cpu_seconds,
    messages_per_cpu_second: window.messages_per_cpu_second,
  };
}

/** Which figures are those of the counted time, and the first of those that are not. */
function figuresOf(spec: RunSpec): string {
  if (spec.workload.conflictShare > 0)
    return 'shares (the worse of both) and growth are theirs, of vertices without a conflict; throughput, latency, conflicts, safety';
  return waitsAtLinks(spec)
    ? 'throughput, shares (the worse of both) and growth are theirs; latency (vertices wait at links), safety'
    : 'throughput, latency, shares and growth are theirs; safety';
}

function notesOf(
  spec: RunSpec,
  window: RunOutcome,
  counted: RunOutcome,
  { timeRatio, rates }: Seams,
): string[] {
  const { measured_s, compression } = window.result.window;
  const hours = counted.result.window.measured_s / 3_600;
  return [
    `spliced: ${Number(hours.toPrecision(4))} h of virtual time counted in full: ${figuresOf(spec)}, strikes, rounds, recovery and ` +
      `resources are those of a window of ${measured_s.toFixed(1)} s (compression ${compression.toFixed(1)}) of the same seed in which every message is simulated`,
    `times of the counted part are those of the formulas x ${timeRatio.toFixed(3)}: so much longer the quiet part of that window took to finality (median)`,
    ...(spec.byzantine.share > 0 && isDetectionCounted(spec)
      ? [
          `strikes of one poll against one peer in that window: ${rates.attacker.toPrecision(3)} an attacker, ${rates.honest.toPrecision(3)} ` +
            'an honest node; who is not convicted in it is found where the same rate reaches a majority in the counted time',
        ]
      : []),
  ];
}

/** Where a fault lies in the whole time, with what its message window saw of it. */
function faultsOf(
  spec: RunSpec,
  observed: readonly FaultRecord[],
  counted: readonly FaultRecord[],
  warmupUs: number,
): FaultRecord[] {
  let next = 0;
  return spec.faults.map((fault: Fault, index): FaultRecord => {
    const seen = observed[index]!;
    const placed = faultReason(fault) === null ? counted[next++]! : null;
    const atUs = placed === null ? warmupUs + seen.requested_at_us : placed.at_us;
    return {
      ...seen,
      at_us: seen.at_us === null ? null : atUs,
      until_us:
        seen.until_us === null
          ? null
          : placed === null
            ? (atUs ?? 0) + seen.requested_for_us
            : placed.until_us,
      evidence: `${seen.evidence} in the message window`,
    };
  });
}

/** CPU and traffic of the bins at the level that the window shows. */
function pointsOf(
  points: readonly SeriesPoint[],
  seen: RunResult['results'],
  long: RunResult['results'],
): SeriesPoint[] {
  const ratio = (a: number, b: number): number => (b > 0 ? a / b : 1);
  const cpu = ratio(seen.resource_usage.avg_cpu_percent, long.resource_usage.avg_cpu_percent);
  const network = ratio(seen.resource_usage.avg_network_mbps, long.resource_usage.avg_network_mbps);
  return points.map((point) => ({
    ...point,
    cpu_percent: Math.min(100, point.cpu_percent * cpu),
    network_mbps: point.network_mbps * network,
  }));
}
