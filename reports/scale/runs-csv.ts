/**
 * runs.csv: one line per run, the flat figures of its record.
 * Owns: columns, order and number format. Does not own: the record (campaigns/results/schema.ts).
 */
import { isComparison } from '#campaigns/analysis/comparison-row.ts';
import type { RunResult } from '#campaigns/results/schema.ts';
import { figureReaders } from '#reports/scale/row-document.ts';
import type { ScaleReportInput } from '#reports/scale/scale-input.ts';

type Value = string | number | null;

const identity: readonly (readonly [string, (run: RunResult) => Value])[] = [
  ['test_run_id', (run) => run.test_run_id],
  ['scenario_id', (run) => run.configuration.scenario_id],
  ['label', (run) => run.configuration.label],
  ['test_status', (run) => run.test_status],
  ['provenance', (run) => run.provenance],
  ['tier', (run) => run.tier],
  ['node_count', (run) => run.configuration.node_count],
  ['byzantine_percentage', (run) => run.configuration.byzantine_percentage],
  ['attack', (run) => run.configuration.attack],
  ['network_profile', (run) => run.configuration.network_profile],
  ['seed', (run) => run.determinism.seed],
  ['trace_hash', (run) => run.determinism.trace_hash],
  ['measured_s', (run) => run.window.measured_s],
  ['compression', (run) => run.window.compression],
  ['p95_ms', (run) => run.results.latency.p95_ms],
  ['mean_ms', (run) => run.results.latency.mean_ms],
  ['conflicts_finalized', (run) => run.results.consensus_metrics.conflicts_finalized],
  ['total_vertices', (run) => run.results.throughput.total_vertices],
];

const columns: readonly (readonly [string, (run: RunResult) => Value])[] = [
  ...identity,
  ...Object.entries(figureReaders).map(([name, read]) => [snake(name), read] as const),
  ['reason', (run) => run.reason],
];

/** "avgTps" -> "avg_tps". */
function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** RFC 4180 with LF line ends, in plan order; a figure that was not observed is an empty field. */
export function runsCsv(input: ScaleReportInput): string {
  const lines = input.plan.rows.flatMap((row) =>
    row.cells.flatMap((cell) => {
      const run = input.runs.get(cell.id)?.result;
      if (run === undefined || run.benchmark !== undefined) return []; // it has no figures of a network
      const role = isComparison(row) ? 'comparison' : 'judged';
      return [[row.rowId, ...columns.map(([, read]) => read(run)), role].map(field).join(',')];
    }),
  );
  return [['row_id', ...columns.map(([name]) => name), 'role'].join(','), ...lines, ''].join('\n');
}

/** A leading sign of a formula is disarmed with an apostrophe: spreadsheets would run it. */
function field(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(Number(value.toPrecision(9))) : '';
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
