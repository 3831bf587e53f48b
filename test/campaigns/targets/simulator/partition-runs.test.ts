// Goal: a cut network decides nothing that it would have to take back, and is whole again when it heals.
// Method: small runs; every decision with its time and node, vertices by the time at which they were due.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalised } from '#campaigns/analysis/decision-record.ts';
import { type LoggedRun, loggedRun, type SmallChanges, smallSpec } from './small-run.ts';

const second = 1_000_000;

interface Cut {
  readonly run: LoggedRun;
  readonly fromUs: number;
  readonly untilUs: number;
  /** Finalised decisions about vertices that were due during the cut, made before it was lifted, by group. */
  readonly inside: readonly number[];
}

function cutRun(groups: readonly number[], changes: SmallChanges = {}): Cut {
  const fault = { kind: 'partition' as const, groups, atUs: 2 * second, forUs: 1.5 * second };
  const run = loggedRun(smallSpec({ ...changes, faults: [fault] }));
  const { parts, decisions } = run;
  const start = parts.schedule.actions.find((action) => action.kind === 'partition-on')!;
  const end = parts.schedule.actions.find((action) => action.kind === 'partition-off')!;
  assert.ok(start.kind === 'partition-on' && start.groupOf !== null);
  const inside = groups.map(() => 0);
  for (const { node, serial, status, atUs } of decisions) {
    const dueUs = parts.recorder.dueUsOf(serial);
    if (status === finalised && dueUs >= start.atUs && atUs < end.atUs) inside[start.groupOf[node]!]! += 1;
  }
  return { run, fromUs: start.atUs, untilUs: end.atUs, inside };
}

function assertWhole({ run }: Cut): void {
  const { result } = run.outcome;
  assert.equal(result.test_status, 'PASSED', result.reason);
  const { consensus_metrics: metrics } = result.results;
  assert.deepEqual(metrics.safety_violations, []);
  assert.equal(metrics.all_honest_share, 1, 'everything is finalised everywhere');
  const record = result.faults[0]!;
  assert.equal(record.observed, true);
  assert.match(record.evidence, /^[1-9]\d+ messages cut between the groups$/);
  assert.ok(record.recovery_us !== null && record.recovery_us > 0);
  const untilUs = record.until_us!;
  const after = run.decisions.filter((decision) => decision.atUs > untilUs + record.recovery_us!);
  const dueBefore = after.filter(
    (decision) => run.parts.recorder.dueUsOf(decision.serial) < untilUs - 20_000,
  );
  assert.deepEqual(dueBefore, [], 'recovered means that nothing older was still open');
}

/**
 * Of 20 slots about 10 reach the own half, and a slot without an answer goes to a fresh peer once: another 5. Alpha must lie
 * above these three quarters, not above the half; 15 of 20, which the other tests use, would let both sides decide.
 */
const aboveHalfWithRetries = 18;

test('split in halves, neither side finalises anything new when alpha needs more than a half and its retries give', () => {
  const cut = cutRun([50, 50], {
    consensus: { alphaPreference: 15, alphaConfidence: aboveHalfWithRetries },
  });
  assert.deepEqual(cut.inside, [0, 0]);
  assertWhole(cut);
  const quiet = cut.run.outcome.series.points.filter(
    (point) => point.at_us > cut.fromUs + 200_000 && point.at_us + point.for_us <= cut.untilUs,
  );
  assert.ok(quiet.length > 0 && quiet.every((point) => point.finalized_tps === 0));
});

test('split 80 to 20, the large side goes on and the small one waits for the healing', () => {
  const cut = cutRun([80, 20], { consensus: { alphaPreference: 11, alphaConfidence: 11 } });
  assert.ok(cut.inside[0]! > 32 * 5, `${cut.inside}`);
  assert.equal(cut.inside[1], 0);
  assertWhole(cut);
});

test('split in four, nobody goes on, and all heal together', () => {
  const cut = cutRun([25, 25, 25, 25]);
  assert.deepEqual(cut.inside, [0, 0, 0, 0]);
  assertWhole(cut);
});

test('a split with conflicting vertices on both sides ends with one of each pair at most', () => {
  for (const seed of [1, 2, 3, 4]) {
    const cut = cutRun([50, 50], {
      seed,
      consensus: { alphaPreference: 11, alphaConfidence: aboveHalfWithRetries },
      workload: { conflictShare: 0.5, tps: 200 },
    });
    const { result } = cut.run.outcome;
    assert.deepEqual(result.results.consensus_metrics.safety_violations, []);
    assert.equal(result.results.consensus_metrics.conflicts_finalized, 0);
    assert.ok(result.results.consensus_metrics.rejected_vertices > 0);
  }
});
