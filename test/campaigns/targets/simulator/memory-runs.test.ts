// Goal: a node has the memory of its resource profile and no more: it slows down near the limit, dies above it, and comes back.
// Method: small runs under pressure of different strength; what the record says, and who was down in the meantime.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { defaultCalibration, nodeMemoryBytes } from '#node/model/calibration.ts';
import { runSpec, smallSpec } from './small-run.ts';

const second = 1_000_000;
const nodes = 40;
const idle = nodeMemoryBytes(defaultCalibration, nodes, 0, 0);

/** Pressure on half of the nodes that leaves each `leftBytes` for three seconds. */
function pressed(leftBytes: number): RunOutcome {
  const memoryBytes = 4 * idle;
  const spec = smallSpec({
    nodes,
    faults: [
      { kind: 'memory', share: 0.5, factor: leftBytes / memoryBytes, atUs: 2 * second, forUs: 3 * second },
    ],
  });
  return runSpec({ ...spec, resources: { name: 'custom', cpuCores: 4, memoryBytes } });
}

function fewestLive({ series }: RunOutcome): number {
  return Math.min(...series.points.map((point) => point.live_nodes));
}

test('enough memory is left: pressure is seen, nobody slows down or dies', () => {
  const outcome = pressed(2 * idle);
  assert.equal(outcome.result.test_status, 'PASSED', outcome.result.reason);
  assert.match(outcome.result.faults[0]!.evidence, / 0 slowed down, 0 killed/);
  assert.equal(fewestLive(outcome), nodes);
});

test('above nine tenths of the limit nodes work at half speed and live', () => {
  const outcome = pressed(1.06 * idle);
  assert.match(outcome.result.faults[0]!.evidence, / [1-9]\d* slowed down, 0 killed/);
  assert.equal(fewestLive(outcome), nodes);
});

test('who does not fit is killed and not started before there is room', () => {
  const outcome = pressed(0.5 * idle);
  assert.match(outcome.result.faults[0]!.evidence, / 20 killed/);
  assert.equal(fewestLive(outcome), nodes / 2);
  assert.deepEqual(outcome.result.results.consensus_metrics.safety_violations, []);
});
