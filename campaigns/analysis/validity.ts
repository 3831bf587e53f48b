/**
 * Whether the runs of a row can answer anything: load reached, faults observed, window long enough, deterministic, whole.
 * Owns: the assumptions and what was seen of each. Does not own: what a failed one does to the verdict (verdict.ts).
 */
import { sustainedFinalityMs } from '#campaigns/analysis/load.ts';
import { type RunRecord, windowPoints } from '#campaigns/analysis/reading.ts';
import type { ValidityCheck } from '#campaigns/analysis/verdict-record.ts';
import type { PlannedRow } from '#campaigns/plan-record.ts';
import type { FaultRecord } from '#campaigns/results/schema.ts';

/** Least share of the due transactions that must have been issued. */
export const issuedShareLeast = 0.95;
/** Fewest mean times to finality that the measured window must hold. */
export const finalityTimesLeast = 20;

/** A partition heals within one or two times to finality where nothing conflicts. */
const healingTimes = 10;
/** With less than this finalised within the round limit a network is not live. */
const liveShareLeast = 0.97;

/** Name of the one check whose failure cannot turn a passing network into a failing one: less load is easier. */
export const loadCheck = 'load reached';

/** Every assumption over all repetitions, the worst repetition shown. `runs` is not empty. */
export function checkValidity(row: PlannedRow, runs: readonly RunRecord[]): ValidityCheck[] {
  return [
    loadReached(row, runs),
    faultsObserved(row, runs),
    windowLongEnough(row, runs),
    measurementWhole(runs),
    deterministic(runs),
    independent(runs),
  ];
}

function loadReached(row: PlannedRow, runs: readonly RunRecord[]): ValidityCheck {
  const workload = row.cells[0]?.spec.workload;
  const worst = Math.min(...runs.map((run) => issuedShare(run, workload)));
  const observed = `${percent(worst)} % of the due transactions issued`;
  if (workload?.kind === 'ramp') {
    // A ramp looks for the load that is too much: not reaching its top is its finding.
    return { name: loadCheck, observed, required: 'any: a ramp looks for the limit', holds: true };
  }
  const required = `at least ${percent(issuedShareLeast)} %`;
  return { name: loadCheck, observed, required, holds: worst >= issuedShareLeast };
}

type PlannedWorkload = PlannedRow['cells'][number]['spec']['workload'] | undefined;

function issuedShare({ result }: RunRecord, workload: PlannedWorkload): number {
  const { offered_tps, queued_transactions } = result.results.throughput;
  const offered = offered_tps * result.window.measured_s;
  const asked = workload?.kind === 'constant' || workload?.kind === 'open-loop' ? workload.tps : offered_tps;
  const due = Math.max(offered, asked * result.window.measured_s);
  return due > 0 ? Math.max(0, offered - queued_transactions) / due : 1;
}

function faultsObserved(row: PlannedRow, runs: readonly RunRecord[]): ValidityCheck {
  const name = 'faults observed';
  const required = 'every fault seen to take effect, inside the measured window';
  let seen = 0;
  for (const run of runs) {
    const planned =
      row.cells.find(({ spec }) => spec.seed === run.result.determinism.seed)?.spec.faults.length ?? 0;
    if (run.result.faults.length < planned) {
      const observed = `${run.result.faults.length} of ${planned} planned faults recorded`;
      return { name, observed, required, holds: false };
    }
    for (const fault of run.result.faults) {
      const wrong = faultProblem(fault, run.series.window_us);
      if (wrong !== null) return { name, observed: `${fault.kind}: ${wrong}`, required, holds: false };
      seen += 1;
    }
  }
  const observed = seen === 0 ? 'no fault was planned' : `${seen} faults in ${runs.length} repetitions`;
  return { name, observed, required, holds: true };
}

function faultProblem(fault: FaultRecord, [from, until]: readonly [number, number]): string | null {
  if (fault.at_us === null) return 'it never took effect';
  if (!fault.observed) return `no effect was seen (${fault.evidence})`;
  if (fault.at_us < from || fault.at_us >= until) return 'it began outside the measured window';
  if (fault.until_us !== null && fault.until_us > until) return 'it ended after the measured window';
  return null;
}

/**
 * Where more than one pair in thirty runs into the round limit, those that were decided say nothing about how long a window must be: it was
 * long enough if nodes reached the limit in it. All repetitions have windows of one length: one in which the limit was reached shows that it
 * is long enough for all. Of a ramp the steps count that kept up: beyond saturation a time to finality is the length of a queue.
 */
function windowLongEnough(row: PlannedRow, runs: readonly RunRecord[]): ValidityCheck {
  const name = 'window long enough';
  const required = `at least ${finalityTimesLeast} times to finality`;
  const isRamp = row.cells[0]?.spec.workload.kind === 'ramp';
  const times = runs.map((run) => (isRamp ? timesOfSustained(run) : null) ?? timesOfMean(run));
  const finite = times.filter((found) => found !== null);
  const fewest = Math.min(...finite);
  const found = `${percent(fewest / 100)} times to finality${isRamp ? ' of the steps that kept up' : ''}`;
  if (finite.length > 0 && !(fewest >= finalityTimesLeast))
    return { name, observed: found, required, holds: false };
  const silent = runs.filter((_, run) => times[run] === null);
  const reached = silent.some(({ result }) => result.results.consensus_metrics.liveness_failures > 0);
  if (silent.length > 0 && !reached) {
    return {
      name,
      observed: 'too little was finalised and no node reached the round limit',
      required,
      holds: false,
    };
  }
  const observed =
    finite.length > 0
      ? found
      : 'not needed: more than one vertex in thirty ran into the round limit, the network is not live';
  return { name, observed, required, holds: true };
}

/** Null when no step kept up. */
function timesOfSustained(run: RunRecord): number | null {
  const finalityMs = sustainedFinalityMs(run);
  return finalityMs === null || finalityMs === 0 ? null : (1_000 * run.result.window.measured_s) / finalityMs;
}

/**
 * Null when too little was finalised to say. Where a conflict kept a partition from healing, what was decided late was so by how long that
 * took or the run watched: then the median counts.
 */
function timesOfMean(run: RunRecord): number | null {
  if (isStuck(run)) return null;
  const { faults, results, window } = run.result;
  const medianMs = results.latency.p50_ms;
  if (medianMs === null || medianMs === 0) return window.finality_times;
  const healingUs = healingTimes * 1_000 * medianMs;
  const isLate = faults.some(
    ({ kind, recovery_us }) => kind === 'partition' && (recovery_us ?? Number.POSITIVE_INFINITY) > healingUs,
  );
  return isLate ? (1_000 * window.measured_s) / medianMs : window.finality_times;
}

function isStuck({ result }: RunRecord): boolean {
  const { latency, consensus_metrics } = result.results;
  return latency.mean_ms === null || consensus_metrics.finalized_share < liveShareLeast;
}

function measurementWhole(runs: readonly RunRecord[]): ValidityCheck {
  const name = 'measurement whole';
  const required = 'a series over the whole measured window, nothing truncated';
  for (const run of runs) {
    const wrong = truncation(run);
    if (wrong !== null) return { name, observed: wrong, required, holds: false };
  }
  return { name, observed: `${runs.length} whole repetitions`, required, holds: true };
}

function truncation(run: RunRecord): string | null {
  const { result, series } = run;
  if (!(result.window.measured_s > 0)) return 'the measured window is empty';
  const said = result.anomalies.find((anomaly) => /\btruncated\b/i.test(anomaly));
  if (said !== undefined) return said;
  if (result.tier === 'analytic') return null; // formulas have no series
  const points = windowPoints(series);
  const [from, until] = series.window_us;
  const coveredUs = points.reduce((sum, point) => sum + point.for_us, 0);
  const widest = points.reduce((most, point) => Math.max(most, point.for_us), 0);
  // The bins at the two ends may reach over the window's edges.
  if (points.length === 0 || coveredUs + 2 * widest < until - from) {
    return `the series covers ${percent(coveredUs / (until - from))} % of the window`;
  }
  return null;
}

function deterministic(runs: readonly RunRecord[]): ValidityCheck {
  const name = 'deterministic';
  const required = 'one key, one trace hash';
  const hashOfKey = new Map<string, string>();
  for (const { result } of runs) {
    const { key, trace_hash } = result.determinism;
    const known = hashOfKey.get(key);
    if (known !== undefined && known !== trace_hash) {
      return { name, observed: `key ${key} gave ${known} and ${trace_hash}`, required, holds: false };
    }
    hashOfKey.set(key, trace_hash);
  }
  return { name, observed: `${hashOfKey.size} keys, no contradiction`, required, holds: true };
}

function independent(runs: readonly RunRecord[]): ValidityCheck {
  const name = 'repetitions independent';
  const required = 'another seed, another trace';
  const seedOfHash = new Map<string, number>();
  for (const { result } of runs) {
    const { seed, trace_hash } = result.determinism;
    const { avg_rounds_to_finalize, rejected_vertices } = result.results.consensus_metrics;
    // A network that decides nothing leaves an empty trace, whatever the seed.
    if (avg_rounds_to_finalize === null && rejected_vertices === 0) continue;
    const known = seedOfHash.get(trace_hash);
    if (result.tier !== 'analytic' && known !== undefined && known !== seed) {
      return { name, observed: `seeds ${known} and ${seed} gave the same trace`, required, holds: false };
    }
    seedOfHash.set(trace_hash, seed);
  }
  return { name, observed: `${new Set(seedOfHash.values()).size} seeds`, required, holds: true };
}

/** A share as a percentage with three digits. */
function percent(share: number): string {
  return String(Number((100 * share).toPrecision(3)));
}
