// Goal: a ramp with an end falls after the step that is too much, deterministically, and is watched until the network has recovered.
// Method: 40 nodes with one slow core each, seconds of virtual time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RampRecord } from '#campaigns/results/schema.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { defaultCalibration } from '#node/model/calibration.ts';
import { runSpec, smallSpec } from './small-run.ts';

const { serviceTimesUs } = defaultCalibration;
const calibration = {
  ...defaultCalibration,
  serviceTimesUs: { ...serviceTimesUs, verifyVertex: 300, handleVertex: 100 },
};
const ramp = {
  kind: 'ramp',
  fromTps: 50,
  toTps: 3_500,
  steps: 7,
  batch: 1,
  payloadBytes: 100,
  parents: { kind: 'count', least: 2, most: 4 },
  conflictShare: 0,
} as const satisfies Workload;
const until = { cpuShare: 0.95 };

function rampSpec(workload: Workload): RunSpec {
  const resources = { name: 'minimal', cpuCores: 1, memoryBytes: 536_870_912 };
  return smallSpec({ workload, calibration, resources, messageBudget: 1 });
}

function fallOf({ result }: RunOutcome): RampRecord {
  assert.ok(result.ramp !== undefined, 'no fall was recorded');
  return result.ramp;
}

test('the load falls after the step in which a node was saturated, and the run ends when the network has recovered', () => {
  const outcome = runSpec(rampSpec({ ...ramp, until }));
  const { result, series } = outcome;
  const fall = fallOf(outcome);
  assert.equal(fall.cause, 'cpu');
  assert.ok(
    fall.busiest_cpu_percent > 95 && fall.busiest_cpu_percent < 100.01,
    `${fall.busiest_cpu_percent}`,
  );
  assert.ok(fall.from_tps > 2_000 && fall.from_tps < 3_000 && fall.to_tps === 50, JSON.stringify(fall));
  const after = series.points.filter(({ at_us }) => at_us >= fall.fell_at_us && at_us < series.window_us[1]);
  assert.ok(
    after.every(({ offered_tps }) => offered_tps === 50),
    `${after.map(({ offered_tps }) => offered_tps)}`,
  );
  assert.ok(fall.recovered_us !== null && fall.recovered_us > 0, JSON.stringify(fall));
  assert.equal(result.results.latency.undecided_share, 0);
  assert.equal(result.window.measured_s, (series.window_us[1] - series.window_us[0]) / 1e6);
  // Watched until it was back, not for as long as it might have taken.
  assert.ok(fall.watched_us < 4 * fall.recovered_us, JSON.stringify(fall));
  assert.ok(result.anomalies.some((note) => note.startsWith('the load fell from ')));
  assert.ok(result.results.resource_usage.peak_cpu_percent >= fall.busiest_cpu_percent);
});

test('the same specification falls at the same instant, with the same trace', () => {
  const spec = rampSpec({ ...ramp, until });
  const [one, other] = [runSpec(spec), runSpec(spec)];
  assert.deepEqual(fallOf(one), fallOf(other));
  assert.equal(one.result.determinism.trace_hash, other.result.determinism.trace_hash);
});

test('a ramp that saturates nothing falls at its top, and has recovered at once', () => {
  const fall = fallOf(runSpec(rampSpec({ ...ramp, toTps: 350, until })));
  assert.equal(fall.cause, 'top');
  assert.equal(Math.round(fall.from_tps), 350);
  assert.ok(fall.recovered_us !== null);
});

test('a limit below what polls alone take ends the ramp with its first step', () => {
  const fall = fallOf(runSpec(rampSpec({ ...ramp, until: { cpuShare: 0.01 } })));
  assert.equal(fall.cause, 'cpu');
  assert.equal(fall.from_tps, 50);
});

test('a ramp without an end climbs to its top, whatever becomes of the network', () => {
  const { result, series } = runSpec(rampSpec(ramp));
  assert.equal(result.ramp, undefined);
  const [fromUs, untilUs] = series.window_us;
  const offered = series.points.filter(({ at_us }) => at_us >= fromUs && at_us < untilUs);
  assert.equal(Math.round(offered.at(-1)!.offered_tps), 3_500);
});
