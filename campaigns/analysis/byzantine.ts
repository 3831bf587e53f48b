/**
 * What attackers did to a run and whether they were found: detection figures and effects against a quieter row.
 * Owns: the confusion counts and the choice of the row compared with. Does not own: detection (node/core).
 */
import { latencyOf } from '#campaigns/analysis/latency.ts';
import {
  atLeast,
  enumeratesNodes,
  missing,
  type Reading,
  type RunRecord,
  type ScenarioView,
  seen,
} from '#campaigns/analysis/reading.ts';
import { summarise } from '#campaigns/analysis/statistics.ts';

/** Nodes by what they are and what was said of them. */
export interface Detection {
  readonly attackersFound: number;
  readonly attackersMissed: number;
  readonly honestAccused: number;
  readonly honestLeftAlone: number;
}

export function detectionOf(run: RunRecord): Detection {
  const { node_count, byzantine_nodes } = run.result.configuration;
  const { byzantine_detected, false_positives } = run.result.results.consensus_metrics;
  return {
    attackersFound: byzantine_detected,
    attackersMissed: Math.max(0, byzantine_nodes - byzantine_detected),
    honestAccused: false_positives,
    honestLeftAlone: Math.max(0, node_count - byzantine_nodes - false_positives),
  };
}

/** Reader of one detection figure, percent. */
export function detection(figure: 'accuracy' | 'detected' | 'false-positive'): (run: RunRecord) => Reading {
  return (run) => {
    if (!enumeratesNodes(run.result.tier))
      return missing(`the ${run.result.tier} fidelity convicts nobody: nodes are not told apart`);
    const counts = detectionOf(run);
    const attackers = counts.attackersFound + counts.attackersMissed;
    const honest = counts.honestAccused + counts.honestLeftAlone;
    switch (figure) {
      case 'accuracy':
        return percent(
          counts.attackersFound + counts.honestLeftAlone,
          attackers + honest,
          'the run had no nodes',
        );
      case 'detected':
        return percent(counts.attackersFound, attackers, 'the run had no attackers');
      case 'false-positive':
        return percent(counts.honestAccused, honest, 'the run had no honest nodes');
    }
  };
}

/** Milliseconds until the last attacker was found; at least the length of the run when one was not. */
export function timeToDetect(run: RunRecord): Reading {
  if (!enumeratesNodes(run.result.tier))
    return missing(`the ${run.result.tier} fidelity convicts nobody: nodes are not told apart`);
  const { attackersFound, attackersMissed } = detectionOf(run);
  if (attackersFound + attackersMissed === 0) return missing('the run had no attackers');
  if (attackersMissed > 0) {
    const { warmup_s, measured_s, cooldown_s } = run.result.window;
    const ranMs = 1_000 * (warmup_s + measured_s + cooldown_s);
    return atLeast(ranMs, `${attackersMissed} attackers were not found`);
  }
  const { time_to_detect_ms } = run.result.results.consensus_metrics;
  return time_to_detect_ms === null ? missing('the record does not hold it') : seen(time_to_detect_ms);
}

export function readmissions(run: RunRecord): Reading {
  const { readmissions: times } = run.result.results.consensus_metrics;
  return times === undefined ? missing('convictions were for good, or nobody counted') : seen(times);
}

function percent(part: number, whole: number, whyMissing: string): Reading {
  return whole > 0 ? seen((100 * part) / whole) : missing(whyMissing);
}

/** Finalised TPS lost against the row without attackers, percent; negative when it rose. */
export function throughputEffect(view: ScenarioView): Reading {
  return against(
    view,
    (run) => seen(run.result.results.throughput.avg_tps),
    (quiet, attacked) => 100 * (1 - attacked / quiet),
  );
}

/** Rise of the p95 against the row without attackers, percent. */
export function latencyEffect(view: ScenarioView): Reading {
  return against(view, latencyOf('p95_ms', 0.95), (quiet, attacked) => 100 * (attacked / quiet - 1));
}

function against(
  view: ScenarioView,
  read: (run: RunRecord) => Reading,
  effect: (quiet: number, attacked: number) => number,
): Reading {
  const attacked = view.rows[view.row];
  if (attacked === undefined) return missing('the row has no result');
  const quiet = quietestSibling(attacked, view.rows);
  if (quiet === null || quiet.result.configuration.byzantine_nodes > 0) {
    return missing('the scenario has no row without attackers of the same size and network');
  }
  const before = read(quiet);
  const after = read(attacked);
  if (before.kind !== 'value') return missing(`the row without attackers: ${before.why}`);
  if (!(before.value > 0)) return missing('the row without attackers measured 0');
  if (after.kind === 'missing') return after;
  const value = effect(before.value, after.value);
  return after.kind === 'at-least' ? { ...after, value } : seen(value);
}

/** The row of the same size and network with the fewest attackers; null when the rows hold none. */
function quietestSibling(run: RunRecord, rows: readonly RunRecord[]): RunRecord | null {
  const { node_count, network_profile } = run.result.configuration;
  let quietest: RunRecord | null = null;
  for (const candidate of rows) {
    const { configuration } = candidate.result;
    if (configuration.node_count !== node_count || configuration.network_profile !== network_profile)
      continue;
    if (quietest === null || configuration.byzantine_nodes < quietest.result.configuration.byzantine_nodes) {
      quietest = candidate;
    }
  }
  return quietest;
}

/** One row of the Byzantine table of a report: means over its repetitions. */
export interface ByzantineEntry {
  readonly rowId: string;
  readonly attack: string;
  readonly sharePercent: number;
  readonly attackers: number;
  readonly detectedPercent: number | null;
  readonly accuracyPercent: number | null;
  readonly falsePositivePercent: number | null;
  readonly timeToDetectMs: number | null;
  readonly avgTps: number;
  readonly p95Ms: number | null;
  readonly allHonestShare: number;
  readonly conflictsFinalized: number;
  /** The row the effects are measured against; null when the row is itself the one with the fewest attackers. */
  readonly comparedWith: string | null;
  readonly throughputEffectPercent: number | null;
  readonly latencyEffectPercent: number | null;
}

export interface AttackedRow {
  readonly rowId: string;
  readonly runs: readonly RunRecord[];
}

/** One entry per row that has results, in the order given; effects against the row with the lowest share. */
export function byzantineTable(rows: readonly AttackedRow[]): ByzantineEntry[] {
  const filled = rows.filter((row) => row.runs.length > 0);
  const firsts = filled.flatMap((row) => row.runs.slice(0, 1));
  return filled.map((row, index) => {
    const first = firsts[index];
    const quiet = first === undefined ? null : quietestSibling(first, firsts);
    const base = quiet === null || quiet === first ? undefined : filled[firsts.indexOf(quiet)];
    return entryOf(row, base);
  });
}

function entryOf(row: AttackedRow, base: AttackedRow | undefined): ByzantineEntry {
  const configuration = row.runs[0]?.result.configuration;
  const avgTps = meanOf(row, (run) => run.result.results.throughput.avg_tps) ?? 0;
  const p95Ms = meanOf(row, p95);
  const baseTps = base === undefined ? null : meanOf(base, (run) => run.result.results.throughput.avg_tps);
  const baseP95 = base === undefined ? null : meanOf(base, p95);
  return {
    rowId: row.rowId,
    attack: configuration?.attack ?? 'none',
    sharePercent: configuration?.byzantine_percentage ?? 0,
    attackers: configuration?.byzantine_nodes ?? 0,
    detectedPercent: meanOf(row, (run) => valueOrNull(detection('detected')(run))),
    accuracyPercent: meanOf(row, (run) => valueOrNull(detection('accuracy')(run))),
    falsePositivePercent: meanOf(row, (run) => valueOrNull(detection('false-positive')(run))),
    timeToDetectMs: meanOf(row, (run) => run.result.results.consensus_metrics.time_to_detect_ms),
    avgTps,
    p95Ms,
    allHonestShare: meanOf(row, (run) => run.result.results.consensus_metrics.all_honest_share) ?? 0,
    conflictsFinalized: row.runs.reduce(
      (sum, run) => sum + run.result.results.consensus_metrics.conflicts_finalized,
      0,
    ),
    comparedWith: base?.rowId ?? null,
    throughputEffectPercent: baseTps !== null && baseTps > 0 ? 100 * (1 - avgTps / baseTps) : null,
    latencyEffectPercent:
      baseP95 !== null && baseP95 > 0 && p95Ms !== null ? 100 * (p95Ms / baseP95 - 1) : null,
  };
}

function p95(run: RunRecord): number | null {
  return valueOrNull(latencyOf('p95_ms', 0.95)(run));
}

function valueOrNull(reading: Reading): number | null {
  return reading.kind === 'value' ? reading.value : null;
}

/** Mean over the repetitions; null when one of them does not know, because the others would be a biased sample. */
function meanOf(row: AttackedRow, read: (run: RunRecord) => number | null): number | null {
  const values: number[] = [];
  for (const run of row.runs) {
    const value = read(run);
    if (value === null) return null;
    values.push(value);
  }
  return values.length > 0 ? summarise(values).mean : null;
}
