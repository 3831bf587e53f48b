/**
 * Goal: windows in real time are as long as their worth needs and no longer. Method: the overlap rows of phase 1, and what has faults or many nodes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalityTimesLeast } from '#campaigns/analysis/validity.ts';
import { resolveScenario } from '#campaigns/resolve.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { findScenario } from '#campaigns/scenario-file.ts';
import { planRealTime } from '#campaigns/targets/processes/real-window.ts';
import { processSpec } from '#test/support/process-spec.ts';

function specOf(scenario: string): RunSpec {
  return resolveScenario(findScenario(scenario), { seed: 1, tier: 'message' })[0]!.specs[0]!;
}

/** Planned finality times over those that a valid window must hold: so much slower than expected may the nodes be. */
function reserve(spec: RunSpec): number {
  const { measureUs, finalityUs } = planRealTime(spec);
  return measureUs / finalityUs / finalityTimesLeast;
}

test('rows that phase 1 measures hold a quarter more finality times than are needed, and all the time that was asked for', () => {
  for (const name of ['OV-001', 'OV-003', 'OV-006']) {
    const spec = specOf(name);
    assert.ok(reserve(spec) >= 1.25 && reserve(spec) < 1.3, `${name} ${reserve(spec)}`);
    const { measureUs, warmupUs } = planRealTime(spec);
    assert.ok(measureUs >= spec.duration.measureUs && warmupUs >= spec.duration.warmupUs, name);
  }
});

test('faults, crowded cores and short windows: what may be slower than the estimate, or late once, holds half as many again', () => {
  for (const spec of [specOf('OV-004'), specOf('OV-002'), processSpec()])
    assert.ok(reserve(spec) >= 1.49, `${spec.scenarioId} ${reserve(spec)}`);
});

test('every step of a ramp has bins of its own, and one with an end has half of its climb to recover in', () => {
  const spec = specOf('OV-003');
  assert.ok(spec.workload.kind === 'ramp');
  const { steps } = spec.workload;
  const climbing = planRealTime(spec);
  assert.equal(climbing.bins % steps, 0);
  assert.equal(climbing.climbUs, undefined);
  const { climbUs, measureUs, bins } = planRealTime({
    ...spec,
    workload: { ...spec.workload, until: { cpuShare: 0.95 } },
  });
  assert.ok(climbUs !== undefined && climbUs >= climbing.measureUs);
  assert.equal(measureUs, 1.5 * climbUs);
  assert.equal(bins % (1.5 * steps), 0);
});
