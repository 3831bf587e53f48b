/** Assumptions of a run: each one seen to hold, and seen to be broken. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkValidity } from '#campaigns/analysis/validity.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { faultRecord, plannedRow, type RunChanges, repetitions, runSpec } from '#test/support/run-result.ts';

/** Names of the assumptions that do not hold when one of three repetitions is changed. */
function broken(change: RunChanges, spec: Partial<RunSpec> = {}): string[] {
  const checks = checkValidity(plannedRow([], {}, spec), repetitions([{}, change, {}]));
  return checks.filter(({ holds }) => !holds).map(({ name }) => name);
}

test('a quiet run meets every assumption', () => {
  assert.deepEqual(broken({}), []);
  const checks = checkValidity(plannedRow([]), repetitions());
  assert.ok(checks.every(({ observed, required }) => observed !== '' && required !== ''));
});

test('less than 95 % of the due transactions issued breaks the load', () => {
  assert.deepEqual(broken({ throughput: { queued_transactions: 299 } }), []);
  assert.deepEqual(broken({ throughput: { queued_transactions: 301 } }), ['load reached']);
});

test('offering less than the workload asks for breaks the load', () => {
  assert.deepEqual(broken({ throughput: { offered_tps: 94 } }), ['load reached']);
});

test('a ramp may end before its top', () => {
  const workload = { ...runSpec().workload, kind: 'ramp', fromTps: 10, toTps: 1_000, steps: 10 } as const;
  assert.deepEqual(broken({ throughput: { queued_transactions: 5_000 } }, { workload }), []);
});

test('a fault must be seen, inside the window, and recorded at all', () => {
  assert.deepEqual(broken({ faults: [faultRecord()] }), []);
  assert.deepEqual(broken({ faults: [faultRecord({ observed: false, evidence: '0 messages dropped' })] }), [
    'faults observed',
  ]);
  assert.deepEqual(broken({ faults: [faultRecord({ at_us: null })] }), ['faults observed']);
  assert.deepEqual(broken({ faults: [faultRecord({ at_us: 1_000_000 })] }), ['faults observed']);
  assert.deepEqual(broken({ faults: [faultRecord({ at_us: 62_000_000, until_us: null })] }), [
    'faults observed',
  ]);
  assert.deepEqual(broken({ faults: [faultRecord({ until_us: 62_000_001 })] }), ['faults observed']);
  const planned = [{ kind: 'partition', groups: [0.5, 0.5], atUs: 1, forUs: 1 }] as const;
  assert.deepEqual(broken({}, { faults: planned }), ['faults observed']);
});

test('a window of fewer than twenty times to finality is too short', () => {
  assert.deepEqual(broken({ window: { finality_times: 20 } }), []);
  assert.deepEqual(broken({ window: { finality_times: 19.9 } }), ['window long enough']);
});

test('after a partition that has not healed soon the median counts, not what was decided late', () => {
  const late = (fault: Parameters<typeof faultRecord>[0], p50: number): RunChanges => ({
    faults: [faultRecord({ kind: 'partition', ...fault })],
    window: { finality_times: 14, measured_s: 60 },
    latency: { p50_ms: p50 },
  });
  assert.deepEqual(broken(late({ recovery_us: null }, 3_000)), []);
  assert.deepEqual(broken(late({ recovery_us: null }, 3_010)), ['window long enough']);
  assert.deepEqual(broken(late({ recovery_us: 30_000_001 }, 3_000)), []);
  assert.deepEqual(broken(late({ recovery_us: 30_000_000 }, 3_000)), ['window long enough']);
});

test('where nothing is finalised the round limit shows that the window was long enough', () => {
  const nothing: RunChanges = {
    latency: { mean_ms: null, undecided_share: 1 },
    window: { finality_times: 0 },
  };
  assert.deepEqual(broken(nothing), ['window long enough']);
  assert.deepEqual(broken({ ...nothing, consensus: { liveness_failures: 40 } }), []);
});

test('beyond saturation the limit need not be reached in every repetition: their windows have one length', () => {
  const slow: RunChanges = { window: { finality_times: 15 }, consensus: { finalized_share: 0.34 } };
  const late: RunChanges = { ...slow, consensus: { finalized_share: 0.34, liveness_failures: 2 } };
  const brokenBy = (changes: readonly RunChanges[]): string[] =>
    checkValidity(plannedRow([]), repetitions(changes)).flatMap(({ name, holds }) => (holds ? [] : [name]));
  assert.deepEqual(brokenBy([slow, late, slow]), []);
  assert.deepEqual(brokenBy([slow, slow, slow]), ['window long enough']);
});

test('a truncated measurement is not whole', () => {
  assert.deepEqual(broken({ anomalies: ['truncated: event queue full'] }), ['measurement whole']);
  assert.deepEqual(broken({ bins: [] }), ['measurement whole']);
  const [first, second, third] = repetitions();
  assert.ok(first && second && third);
  const cut = { ...second, series: { ...second.series, points: second.series.points.slice(0, 5) } };
  const check = checkValidity(plannedRow([]), [first, cut, third]).find(
    ({ name }) => name === 'measurement whole',
  );
  assert.equal(check?.holds, false);
  assert.match(check?.observed ?? '', /covers 40 % of the window/);
});

test('formulas have no series and need none', () => {
  assert.deepEqual(broken({ tier: 'analytic', bins: [] }), []);
});

test('one key with two traces is not deterministic', () => {
  assert.deepEqual(broken({ seed: 1, determinism: { trace_hash: 'another' } }), ['deterministic']);
});

test('two seeds with one trace are not two repetitions', () => {
  assert.deepEqual(broken({ determinism: { trace_hash: 'trace-1' } }), ['repetitions independent']);
  assert.deepEqual(broken({ determinism: { trace_hash: 'trace-1' }, tier: 'analytic' }), []);
});

test('of a ramp the steps that kept up say how long a window must be, not the queue beyond saturation', () => {
  const workload = { ...runSpec().workload, kind: 'ramp', fromTps: 100, toTps: 1_000, steps: 2 } as const;
  const bins = [
    { offered_tps: 100, finalized_tps: 100, p50_ms: 50 },
    { offered_tps: 1_000, finalized_tps: 300, p50_ms: 9_000 },
  ];
  const saturated: RunChanges = { bins, window: { finality_times: 13 }, consensus: { finalized_share: 0.4 } };
  assert.deepEqual(broken(saturated, { workload }), []);
  assert.deepEqual(broken(saturated), ['window long enough']);
  const slow = bins.map((bin) => ({ ...bin, p50_ms: 3_500 }));
  assert.deepEqual(broken({ ...saturated, bins: slow }, { workload }), ['window long enough']);
});
