/** Uptime and crashes, read from the series of a run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unplannedCrashes, uptimePercent } from '#campaigns/analysis/availability.ts';
import { faultRecord, type RunChanges, runRecord } from '#test/support/run-result.ts';

const readers = { 'availability.uptime': uptimePercent, 'crashes.unplanned': unplannedCrashes };

function value(name: keyof typeof readers, changes: RunChanges = {}): number | string {
  const reading = readers[name](runRecord(changes));
  return reading.kind === 'value' ? reading.value : reading.kind;
}

test('uptime is the share of time in which what was offered was being finalised', () => {
  const down = { finalized_tps: 0 };
  assert.equal(value('availability.uptime'), 100);
  assert.equal(value('availability.uptime', { bins: [{}, down, {}, down, {}, {}, {}, {}, {}, {}] }), 80);
  assert.equal(value('availability.uptime', { bins: [down, down] }), 0);
});

test('a bin in which nothing was due is not a time of outage', () => {
  const idle = { offered_tps: 0, finalized_tps: 0 };
  assert.equal(value('availability.uptime', { bins: [{}, idle, idle, {}] }), 100);
});

test('batches that arrive less often than bins end are no outage', () => {
  const bursts = Array.from({ length: 60 }, (_, index) => ({
    offered_tps: 100,
    finalized_tps: index % 5 === 0 ? 500 : 0,
  }));
  const throughput = { total_transactions: 6_000, total_vertices: 60 };
  assert.equal(value('availability.uptime', { bins: bursts, throughput }), 100);
});

test('few transactions per bin are judged over several bins', () => {
  const sparse = Array.from({ length: 60 }, (_, index) => ({
    offered_tps: 10,
    finalized_tps: index % 2 === 0 ? 20 : 0,
  }));
  assert.equal(value('availability.uptime', { bins: sparse }), 100);
});

test('a node that is down without a fault has crashed', () => {
  assert.equal(value('crashes.unplanned'), 0);
  assert.equal(value('crashes.unplanned', { bins: [{}, { live_nodes: 97 }, {}] }), 3);
  const faults = [faultRecord({ kind: 'kill' })];
  assert.equal(value('crashes.unplanned', { faults, bins: [{}, { live_nodes: 90 }, {}] }), 0);
  assert.equal(value('crashes.unplanned', { faults, bins: [{}, { live_nodes: 99 }] }), 1);
});
