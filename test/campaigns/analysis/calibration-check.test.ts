// Goal: the check says "within 20 %" only when it is, blames the simulator only on a machine that was idle enough, and slows
// polls down only for nodes that take too much themselves. Method: records whose figures are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkExitCode, checked, slowerIntervalUs } from '#campaigns/analysis/calibration-check.ts';
import type { Measurement, RunResult } from '#campaigns/results/schema.ts';
import { runRecord } from '#test/support/run-result.ts';

function measured(medianMs: number | null, nodesPercent: number, hostPercent: number): RunResult {
  const measurement: Measurement = {
    processes: 2,
    nodes_per_process: 8,
    host_cores: 2,
    host_cpu_percent: hostPercent,
    host_cpu_peak_percent: hostPercent,
    busiest_event_loop_percent: 10,
    untrusted: [],
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
  const virtual_seconds = 10;
  const cpu_seconds = (virtual_seconds * 2 * nodesPercent) / 100;
  const { result } = runRecord({
    latency: { p50_ms: medianMs },
    simulation: { virtual_seconds, cpu_seconds },
  });
  return { ...result, provenance: 'MEASURED', measurement };
}

test('near and far, calm and disturbed, are told apart', () => {
  const simulated = runRecord({ latency: { p50_ms: 80 } }).result;
  const verdict = (medianMs: number | null, nodesPercent: number, hostPercent: number): string =>
    checked('a network', simulated, measured(medianMs, nodesPercent, hostPercent)).verdict;
  assert.equal(verdict(100, 40, 50), 'near');
  assert.equal(verdict(67, 40, 50), 'near');
  assert.equal(verdict(101, 40, 50), 'far');
  assert.equal(verdict(66, 40, 50), 'far');
  assert.equal(verdict(100, 40, 90), 'disturbed-near');
  assert.equal(verdict(200, 40, 90), 'disturbed-far');
  assert.equal(verdict(100, 61, 62), 'nothing');
  assert.equal(verdict(null, 10, 20), 'nothing');
  const found = checked('a network', simulated, measured(100, 40, 50));
  assert.deepEqual([found.errorPercent, found.nodesShare, found.hostShare], [-20, 0.4, 0.5]);
  assert.match(found.comparison.causes.join('\n'), /50 % busy, 40 % with the nodes/);
});

test('polls slow down until the nodes take less than the limit, and not for the work of others', () => {
  assert.equal(slowerIntervalUs(200_000, 0.6, 1), null);
  assert.equal(slowerIntervalUs(200_000, 0.8, 1), 403_000);
  assert.equal(slowerIntervalUs(200_000, 0.8, 3), null);
});

test('one network that is far on a calm machine fails; anything that could not be seen is inconclusive', () => {
  const codeOf = (...verdicts: Parameters<typeof checkExitCode>[0][number]['verdict'][]): number =>
    checkExitCode(verdicts.map((verdict) => ({ verdict })));
  assert.equal(codeOf('near', 'near'), 0);
  assert.equal(codeOf('near', 'disturbed-near'), 11);
  assert.equal(codeOf('near', 'disturbed-far', 'nothing'), 11);
  assert.equal(codeOf('near', 'far', 'nothing'), 10);
  assert.equal(codeOf(), 11);
});
