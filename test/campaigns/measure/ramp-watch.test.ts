// Goal: a ramp ends after the step that is too much, for the right reason, and recovery is seen once and not too early.
// Method: invented bins, two to a step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RampWatch, rampWords } from '#campaigns/measure/ramp-watch.ts';
import type { SeriesPoint } from '#campaigns/results/schema.ts';

const binUs = 500_000;
const windowFromUs = 1_000_000;
const watched = {
  ramp: {
    kind: 'ramp',
    fromTps: 100,
    toTps: 300,
    steps: 3,
    batch: 1,
    payloadBytes: 1,
    parents: { kind: 'chain' },
    conflictShare: 0,
  },
  until: { cpuShare: 0.95 },
  windowFromUs,
  climbUs: 6 * binUs,
} as const;

function bin(number: number, changes: Partial<SeriesPoint> = {}): SeriesPoint {
  return {
    at_us: windowFromUs + number * binUs,
    for_us: binUs,
    offered_tps: 100,
    finalized_tps: 100,
    p50_ms: 50,
    p95_ms: 80,
    undecided_vertices: 5,
    queued_transactions: 0,
    cpu_percent: 40,
    busiest_cpu_percent: 60,
    network_mbps: 1,
    memory_mb: 100,
    live_nodes: 4,
    ...changes,
  };
}

/** Looks at bins in turn and lowers the load as soon as the watch says so; `open`: pairs left at the end of each bin. */
function watch(bins: readonly Partial<SeriesPoint>[], open: readonly number[] = []): RampWatch {
  const ramp = new RampWatch(watched);
  bins.forEach((changes, i) => {
    ramp.look(bin(i, changes), () => open[i] ?? 0);
    if (ramp.verdict !== null && ramp.fellAtUs === null) ramp.fell(windowFromUs + (i + 1) * binUs);
  });
  return ramp;
}

const busy = { busiest_cpu_percent: 99 };

test('a busy bin is not a busy step: it is judged at its end, by its busiest node and not by the mean', () => {
  assert.equal(watch([{}, {}, busy]).verdict, null);
  const ramp = watch([{}, {}, busy, busy]);
  assert.equal(ramp.verdict?.cause, 'cpu');
  assert.equal(ramp.fellAtUs, windowFromUs + 4 * binUs);
  assert.equal(watch([{}, {}, { cpu_percent: 99, busiest_cpu_percent: 94 }, {}]).verdict, null);
});

test('a step of which clearly less was finalised than offered ends the ramp, one that misses a few does not', () => {
  const late = { offered_tps: 200, finalized_tps: 150 };
  assert.equal(watch([{}, {}, late, late]).verdict?.cause, 'finality');
  const nearly = { offered_tps: 200, finalized_tps: 170 };
  assert.equal(watch([{}, {}, nearly, nearly]).verdict, null);
});

test('at its top a ramp ends without saturation', () => {
  assert.equal(watch([{}, {}, {}, {}, {}, {}]).verdict?.cause, 'top');
});

test('the warm-up is no step', () => {
  const ramp = new RampWatch(watched);
  ramp.look(bin(-2, busy), () => 0);
  ramp.look(bin(-1, busy), () => 0);
  ramp.look(bin(0), () => 0);
  ramp.look(bin(1), () => 0);
  assert.equal(ramp.verdict, null);
});

test('recovered is who has nothing open of before and is as fast as on the first step', () => {
  const climb = [{}, {}, busy, busy];
  const slow = { p95_ms: 161 };
  assert.equal(watch([...climb, slow, {}]).recoveredUs, 2 * binUs);
  assert.equal(watch([...climb, {}, {}], [0, 0, 0, 0, 7, 0]).recoveredUs, 2 * binUs);
  assert.equal(watch([...climb, { p95_ms: null }, { p95_ms: 160 }]).recoveredUs, 2 * binUs);
  assert.equal(watch([...climb, slow, slow]).recoveredUs, null);
  assert.equal(watch([...climb, {}, slow]).recoveredUs, binUs);
});

test('the record says from what to what the load fell, and how long it was watched', () => {
  const ramp = watch([
    {},
    {},
    { ...busy, offered_tps: 200, finalized_tps: 180 },
    { ...busy, offered_tps: 200 },
    {},
    {},
  ]);
  const record = ramp.record();
  assert.deepEqual(record, {
    cause: 'cpu',
    cpu_limit_percent: 95,
    fell_at_us: windowFromUs + 4 * binUs,
    from_tps: 200,
    to_tps: 100,
    busiest_cpu_percent: 99,
    finalized_tps: 140,
    recovered_us: binUs,
    watched_us: 2 * binUs,
  });
  assert.match(
    rampWords(record!),
    /fell from 200 TPS to 100 TPS .* busier than the limit .* recovered after 0\.500 s/,
  );
  assert.match(
    rampWords({ ...record!, recovered_us: null }),
    /not recovered in the 1\.00 s that were watched/,
  );
  assert.equal(watch([{}, {}]).record(), null);
});
