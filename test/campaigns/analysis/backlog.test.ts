/** Goal: a backlog that was not watched until it is gone fails nobody, a dead network fails as ever. Method: invented ramps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeRow } from '#campaigns/analysis/verdict.ts';
import type { CriterionVerdict } from '#campaigns/analysis/verdict-record.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { criterion, plannedRow, type RunChanges, repetitions, runSpec } from '#test/support/run-result.ts';

const minuteUs = 60_000_000;
const workload = { ...runSpec().workload, kind: 'ramp', fromTps: 100, toTps: 1_000, steps: 2 } as const;

function judged(
  undecided: number,
  finalised: readonly [number, number],
  watchedSeconds: number,
  load: RunSpec['workload'] = workload,
): CriterionVerdict {
  const change: RunChanges = {
    latency: { undecided_share: undecided },
    window: { cooldown_s: watchedSeconds },
    bins: [
      { offered_tps: 100, finalized_tps: finalised[0] },
      { offered_tps: 1_000, finalized_tps: finalised[1] },
    ],
  };
  const duration = { ...runSpec().duration, cooldownUs: minuteUs };
  const row = plannedRow(
    [criterion('liveness.undecided_share', 'at_most', 0.01)],
    {},
    { workload: load, duration },
  );
  return judgeRow(row, repetitions([change, change, change])).criteria[0]!;
}

test('what waits when a saturated ramp ends is not answered by a shortened cool-down', () => {
  const { status, reason, wouldAnswer } = judged(0.7, [100, 300], 2);
  assert.equal(status, 'INCONCLUSIVE');
  assert.match(reason, /beyond saturation, and 2\.0 s of its cool-down of 60 s were watched/);
  assert.match(wouldAnswer, /--tps 100$/);
});

test('it fails when the cool-down was watched whole, when nothing was sustained, and when nothing was saturated', () => {
  assert.equal(judged(0.7, [100, 300], 60).status, 'FAILED');
  assert.equal(judged(0.7, [0, 0], 2).status, 'FAILED');
  assert.equal(judged(0.7, [100, 1_000], 2).status, 'FAILED');
});

test('watching for longer only lowers the share: what passes stands', () => {
  assert.equal(judged(0.005, [100, 300], 2).status, 'PASSED');
});

test('a ramp that falls is watched until its backlog is gone: what is undecided then is a finding', () => {
  assert.equal(judged(0.7, [100, 300], 2, { ...workload, until: { cpuShare: 0.95 } }).status, 'FAILED');
});
