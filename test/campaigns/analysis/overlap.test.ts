// Goal: simulated and measured are paired by row, every figure gets its error, and what the CPU spoiled is marked.
// Method: two rows with records whose figures are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOverlap } from '#campaigns/analysis/overlap.ts';
import type { RunRecord } from '#campaigns/analysis/reading.ts';
import type { Measurement } from '#campaigns/results/schema.ts';
import { plannedRow, runRecord } from '#test/support/run-result.ts';

const measurement: Measurement = {
  processes: 2,
  nodes_per_process: 8,
  host_cores: 2,
  host_cpu_percent: 70,
  host_cpu_peak_percent: 90,
  busiest_event_loop_percent: 95,
  untrusted: ['latency'],
  verification_cpu_percent: 10,
  counted_bytes: 1,
  loopback_bytes: 2,
  clock_error_ms: 0.1,
  probes: {
    sent: 10,
    answered: 10,
    pairs: 3,
    round_trip_ms: 13,
    ordered_round_trip_ms: 11,
    lost_share: 0,
    ordered_lost_share: 0,
  },
  limits: 'none',
};

const twin = { ...plannedRow([]), rowId: 'OV-001/simulated' };
const row = {
  ...plannedRow([]),
  rowId: 'OV-001/measured',
  target: 'processes' as const,
  predictedBy: twin.rowId,
  cells: plannedRow([]).cells.map((cell) => ({ ...cell, id: `m${cell.id}` })),
};

function records(p50: number, extra: object): RunRecord {
  const record = runRecord({ latency: { p50_ms: p50 } });
  return { ...record, result: { ...record.result, ...extra } };
}

test('errors are simulated against measured, causes carry their sizes, spoiled figures are marked', () => {
  const results = new Map<string, RunRecord>();
  for (const cell of twin.cells) results.set(cell.id, records(80, {}));
  for (const cell of row.cells) results.set(cell.id, records(100, { measurement, provenance: 'MEASURED' }));
  const [comparison] = compareOverlap({ rows: [twin, row] }, results);
  assert.equal(comparison?.simulatedRow, twin.rowId);
  const median = comparison?.figures.find(({ name }) => name === 'median finality');
  assert.deepEqual(
    [median?.simulated, median?.measured, median?.errorPercent, median?.isTrusted],
    [80, 100, -20, false],
  );
  assert.equal(comparison?.figures.find(({ name }) => name === 'polls to finality')?.isTrusted, true);
  const causes = comparison?.causes.join('\n') ?? '';
  assert.match(causes, /20.0 ms later than simulated/);
  assert.match(causes, /13.0 ms measured by probes, 11.0 ms ordered/);
  assert.match(causes, /70 % busy/);
});

test('a row without its twin, or without runs, is compared with nothing', () => {
  assert.deepEqual(compareOverlap({ rows: [row] }, new Map()), []);
  assert.deepEqual(compareOverlap({ rows: [twin, row] }, new Map()), []);
});
