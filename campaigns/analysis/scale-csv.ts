/**
 * The CSV of a scaling table: one line per scale, with the six columns of requirements 2.3.
 * Owns: columns, order and number format. Does not own: the figures (scaling.ts).
 */
import type { ScaleEntry } from '#campaigns/analysis/scaling.ts';

const columns: readonly (readonly [name: string, read: (entry: ScaleEntry) => number | null])[] = [
  ['node_count', (entry) => entry.nodes],
  ['operations_per_second', (entry) => entry.avgTps],
  ['mean_latency_ms', (entry) => entry.meanLatencyMs],
  ['p95_latency_ms', (entry) => entry.p95Ms],
  ['success_rate', (entry) => entry.successShare],
  ['scaling_efficiency', (entry) => entry.efficiency],
];

/** RFC 4180 with LF line ends; a figure that was not observed is an empty field; at most six significant digits. */
export function scaleCsv(entries: readonly ScaleEntry[]): string {
  const lines = entries.map((entry) => columns.map(([, read]) => field(read(entry))).join(','));
  return [columns.map(([name]) => name).join(','), ...lines, ''].join('\n');
}

function field(value: number | null): string {
  return value === null || !Number.isFinite(value) ? '' : String(Number(value.toPrecision(6)));
}
