/** Recovery figures: the slowest fault of a kind, and a lower bound where the recovery was not seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeCriterion } from '#campaigns/analysis/criterion-verdict.ts';
import { metrics } from '#campaigns/analysis/metrics.ts';
import type { Reading } from '#campaigns/analysis/reading.ts';
import { healTime, overloadTime, rejoinTime, tpsRecoveryTime } from '#campaigns/analysis/recovery.ts';
import { faultRecord, runRecord } from '#test/support/run-result.ts';

const readers = {
  'recovery.heal_time': healTime,
  'recovery.rejoin_time': rejoinTime,
  'recovery.tps_time': tpsRecoveryTime,
};

function read(name: keyof typeof readers, changes: Parameters<typeof runRecord>[0]): Reading {
  return readers[name](runRecord(changes));
}

function value(name: keyof typeof readers, changes: Parameters<typeof runRecord>[0]): number | string {
  const reading = read(name, changes);
  return reading.kind === 'value' ? reading.value : reading.kind;
}

test('recovery times are those of the slowest fault of their kind', () => {
  const faults = [
    faultRecord({ recovery_us: 3_000_000 }),
    faultRecord({ recovery_us: 5_000_000 }),
    faultRecord({ kind: 'kill', recovery_us: 7_000_000, rejoin_us: 2_000_000 }),
  ];
  assert.equal(value('recovery.heal_time', { faults }), 5);
  assert.equal(value('recovery.rejoin_time', { faults }), 2);
  assert.equal(value('recovery.tps_time', { faults }), 7);
});

test('a recovery that was not seen took at least the rest of the run', () => {
  assert.deepEqual(read('recovery.heal_time', { faults: [faultRecord({ recovery_us: null })] }), {
    kind: 'at-least',
    value: 41, // 2 s warm-up + 60 s window + 1 s cool-down - lifted at 22 s
    why: 'the recovery was not seen within the 41 s that were left of the run',
  });
  assert.equal(value('recovery.heal_time', { faults: [faultRecord({ until_us: null })] }), 'missing');
});

test('a fault that was not observed has no recovery, and says so', () => {
  const reading = read('recovery.tps_time', {
    faults: [faultRecord({ observed: false, evidence: '0 messages dropped' })],
  });
  assert.deepEqual(reading, { kind: 'missing', why: 'the partition was not observed: 0 messages dropped' });
});

test('a network that heals in two of three repetitions does not heal in time, one whose run ended too early is not judged', () => {
  const judged = (leftUs: number): string => {
    const readings = [800_000, 900_000, null].map((recovery_us) =>
      read('recovery.heal_time', { faults: [faultRecord({ recovery_us, until_us: 63_000_000 - leftUs })] }),
    );
    const criterion = {
      metric: 'recovery.heal_time',
      comparator: 'at_most',
      limit: 30,
      written: 'at_most: 30s',
      overUs: null,
      scope: 'row',
      note: null,
    } as const;
    const context = { scenarioId: 'CT-002', command: 'campaign simulate', measuredUs: 60_000_000 };
    return judgeCriterion(criterion, metrics['recovery.heal_time'], readings, context).status;
  };
  assert.equal(judged(41_000_000), 'FAILED');
  assert.equal(judged(5_000_000), 'INCONCLUSIVE');
});

const fall = {
  cause: 'cpu',
  cpu_limit_percent: 95,
  fell_at_us: 40_000_000,
  from_tps: 400,
  to_tps: 100,
  busiest_cpu_percent: 99,
  finalized_tps: 200,
  recovered_us: 3_000_000,
  watched_us: 20_000_000,
} as const;

test('recovery from overload counts from the fall of the load; what was not seen took at least what was watched', () => {
  assert.deepEqual(overloadTime(runRecord({ ramp: fall })), { kind: 'value', value: 3 });
  assert.deepEqual(overloadTime(runRecord({ ramp: { ...fall, recovered_us: null } })), {
    kind: 'at-least',
    value: 20,
    why: 'the network had not recovered in the 20 s after the load fell',
  });
  assert.equal(overloadTime(runRecord()).kind, 'missing');
});
