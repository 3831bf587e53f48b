// Goal: every kind of fault takes effect in a run, is seen to, and the network is well again afterwards.
// Method: small runs with one fault each; its record, and the figure that this fault must move.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FaultRecord, RunResult, SeriesPoint } from '#campaigns/results/schema.ts';
import type { Fault } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { eventOf, loggedRun, runSpec, type SmallChanges, smallRun, smallSpec } from './small-run.ts';

const second = 1_000_000;
const atUs = 2 * second;
const quick = { warmupUs: 300_000, cooldownUs: second } as const;
const forUs = 2 * second;

function faulty(fault: Fault, changes: SmallChanges = {}): RunOutcome {
  return runSpec(smallSpec({ ...changes, faults: [fault] }));
}

/** The record of the only fault, after what holds for every fault: seen, recovered, nothing unsafe, nothing left open. */
function recovered({ result }: RunOutcome): FaultRecord {
  const record = result.faults[0]!;
  assert.equal(result.test_status, 'PASSED', result.reason);
  assert.equal(record.observed, true, record.evidence);
  assert.ok(record.at_us !== null && record.until_us !== null && record.until_us > record.at_us);
  assert.ok(record.recovery_us !== null && record.recovery_us < second, `recovery ${record.recovery_us}`);
  const { consensus_metrics: metrics } = result.results;
  assert.deepEqual(metrics.safety_violations, []);
  assert.equal(metrics.conflicts_finalized, 0);
  assert.equal(metrics.all_honest_share, 1);
  return record;
}

/** Bins of the series that lie within the fault's time. */
function during({ series, result }: RunOutcome): SeriesPoint[] {
  const { at_us: fromUs, until_us: untilUs } = result.faults[0]!;
  const points = series.points.filter(
    (point) => point.at_us >= fromUs! && point.at_us + point.for_us <= untilUs!,
  );
  assert.ok(points.length > 0);
  return points;
}

function mean(points: readonly SeriesPoint[], read: (point: SeriesPoint) => number): number {
  return points.reduce((sum, point) => sum + read(point), 0) / points.length;
}

function countIn(record: FaultRecord): number {
  return Number.parseFloat(record.evidence);
}

const calm: RunResult = smallRun();

test('without a fault the run is calm: all finalised, none lost to anything but the profile', () => {
  assert.equal(calm.test_status, 'PASSED');
  assert.equal(calm.results.consensus_metrics.all_honest_share, 1);
  assert.deepEqual(calm.faults, []);
});

function killed(disk: 'kept' | 'lost'): RunOutcome {
  return faulty({
    kind: 'kill',
    nodes: 6,
    everyUs: 2 * second,
    atUs: second,
    downUs: second,
    disk,
    repeat: 2,
  });
}

test('killed nodes are down, restart, catch up and are seen to have rejoined', () => {
  const outcome = killed('kept');
  const record = recovered(outcome);
  assert.equal(record.evidence, '12 nodes went down, 12 restarted, 12 caught up');
  assert.ok(record.rejoin_us! > 0 && record.rejoin_us! < second, `${record.rejoin_us}`);
  const live = outcome.series.points.map((point) => point.live_nodes);
  assert.equal(Math.min(...live), 34);
  assert.equal(live.at(-1), 40);
  assert.ok(Number(eventOf(outcome, 'vertices')['crashes_with_open_poll']) > 0);
});

test('a node that lost its disk comes back and reverses no decision', () => {
  const lost = killed('lost');
  const record = recovered(lost);
  assert.equal(record.evidence, '12 nodes went down, 12 restarted, 12 caught up');
});

test('a node that lost its disk has decided all that was ever issued, by the end', () => {
  const { parts, decisions } = loggedRun(
    smallSpec({
      faults: [
        {
          kind: 'kill',
          nodes: 3,
          everyUs: second,
          atUs: 3 * second,
          downUs: second,
          disk: 'lost',
          repeat: 1,
        },
      ],
    }),
  );
  const restarts = parts.schedule.actions.filter((action) => action.kind === 'node-up');
  assert.equal(restarts.length, 3);
  for (const { node, atUs: upUs } of restarts) {
    const own = decisions.filter((decision) => decision.node === node);
    assert.equal(new Set(own.map(({ serial }) => serial)).size, parts.recorder.vertices.length);
    const missed = own.filter((decision) => parts.recorder.dueUsOf(decision.serial) < upUs - 200_000);
    assert.ok(
      missed.some((decision) => decision.atUs > upUs),
      'what was decided in its absence',
    );
  }
});

test('churning nodes leave and come back, each time', () => {
  const record = recovered(
    faulty({ kind: 'churn', nodes: 3, everyUs: second, downUs: second / 2, atUs: second, repeat: 4 }),
  );
  assert.equal(record.evidence, '12 nodes went down, 12 restarted, 12 caught up');
  assert.ok(record.rejoin_us! > 0);
});

test('a cascade takes down more nodes with every wave', () => {
  const outcome = faulty({
    kind: 'cascade',
    firstNodes: 1,
    factor: 2,
    waves: 3,
    everyUs: second / 2,
    atUs: second,
    downUs: 2 * second,
  });
  assert.equal(recovered(outcome).evidence, '7 nodes went down, 7 restarted, 7 caught up');
  assert.equal(Math.min(...outcome.series.points.map((point) => point.live_nodes)), 33);
});

test('nodes that go down again before they have caught up count by their last restart', () => {
  // Each wave takes 12 of 40: a third of them has been back for less than a decision takes.
  const kill = {
    kind: 'kill',
    nodes: 12,
    everyUs: 260_000,
    downUs: 250_000,
    disk: 'kept',
    repeat: 8,
  } as const;
  const record = recovered(faulty({ ...kill, atUs }, { duration: { ...quick, measureUs: 6 * second } }));
  const counts = /^(\d+) nodes went down, (\d+) restarted, (\d+) caught up, (\d+) went down again/;
  const [down, restarted, caughtUp, again] = (counts.exec(record.evidence) ?? []).slice(1).map(Number);
  assert.equal(down, restarted);
  assert.equal(caughtUp! + again!, restarted);
  assert.ok(record.rejoin_us !== null && record.rejoin_us < second, record.evidence);
});

test('a latency spike delays messages and finality while it lasts', () => {
  const outcome = faulty({ kind: 'latency', addUs: 30_000, share: 0.5, atUs, forUs });
  assert.ok(countIn(recovered(outcome)) > 1_000);
  const p50 = mean(
    during(outcome).filter((point) => point.p50_ms !== null),
    (point) => point.p50_ms!,
  );
  assert.ok(p50 > 2 * calm.results.latency.p50_ms!, `${p50}`);
});

test('a latency spike at every node delays them all by four times the figure per round trip', () => {
  const outcome = faulty({ kind: 'latency', addUs: 50_000, share: 1, atUs: second, forUs: 4 * second });
  const late = during(outcome).filter(({ p50_ms }) => p50_ms !== null);
  // Ten polls in sequence; sender and receiver of a query and of an answer add their 50 ms each.
  const slowest = Math.max(...late.map((point) => point.p50_ms!));
  assert.ok(slowest > 10 * 200 && slowest < 10 * 200 + 1_000, `${slowest}`);
});

test('a loss fault loses messages, and retries make up for them', () => {
  const outcome = faulty({ kind: 'loss', loss: 0.1, atUs, forUs });
  const lost = countIn(recovered(outcome));
  const { retries, messages } = eventOf(outcome, 'traffic');
  const calmRetries = Number(eventOf(runSpec(smallSpec()), 'traffic')['retries']);
  // Two of six seconds; a lost query costs its answer, too.
  assert.ok(lost > 0.02 * Number(messages) && lost < 0.05 * Number(messages), `${lost} of ${messages}`);
  assert.ok(Number(retries) > 10 * calmRetries + 0.1 * lost, `${retries} retries for ${calmRetries}`);
});

test('a throttled CPU is busier by the factor', () => {
  const factor = 5;
  const outcome = faulty({ kind: 'throttle', factor, share: 1, atUs, forUs });
  assert.ok(countIn(recovered(outcome)) > 5, 'seconds of work added');
  const ratio =
    mean(during(outcome), (point) => point.cpu_percent) / calm.results.resource_usage.avg_cpu_percent;
  assert.ok(ratio > 0.85 * factor && ratio < 1.1 * factor, `${ratio}`);
});

test('clocks that run fast poll sooner, clocks that run slow later', () => {
  // A poll takes less than the interval here: the interval, which the clock measures, paces finality.
  const network = networkNamed('local');
  const p50 = (ppm: number): number => {
    const outcome = faulty({ kind: 'clock-skew', ppm, share: 1, atUs: 0, forUs: 6 * second }, { network });
    assert.match(recovered(outcome).evidence, /^[1-9]\d* timers rang off time$/);
    return outcome.result.results.latency.p50_ms!;
  };
  const straight = smallRun({ network }).results.latency.p50_ms!;
  const fast = p50(200_000) / straight;
  const slow = p50(-200_000) / straight;
  // The wait after a poll, some 3.5 of the 5 ms, is a fifth shorter or longer.
  assert.ok(fast > 0.8 && fast < 0.92, `fast ${fast}`);
  assert.ok(slow > 1.08 && slow < 1.2, `slow ${slow}`);
});

test('a node with a failed disk neither votes nor issues; its clients wait', () => {
  const fault: Fault = { kind: 'disk', nodes: 5, atUs, forUs };
  const { parts, outcome } = loggedRun(smallSpec({ faults: [fault] }));
  assert.ok(countIn(recovered(outcome)) > 1_000);
  const { at_us: fromUs, until_us: untilUs } = outcome.result.faults[0]!;
  const failed = parts.schedule.actions.flatMap((action) =>
    action.kind === 'disk-fail-on' ? [...action.nodes] : [],
  );
  assert.equal(failed.length, 5);
  const waited = parts.recorder.vertices.filter((vertex, serial) => {
    const dueUs = parts.recorder.dueUsOf(serial);
    return failed.includes(vertex.creator) && dueUs > fromUs! && dueUs < untilUs!;
  });
  assert.ok(waited.length > 0, 'the waiting load is issued in the end');
  assert.ok(Math.max(...during(outcome).map((point) => point.queued_transactions)) > 0);
  const { max_ms: most } = outcome.result.results.latency;
  assert.ok(most! > 500, `waiting counts as latency: ${most}`);
});

test('a fault that lies outside the window makes the run inconclusive', () => {
  const { result } = faulty({ kind: 'loss', loss: 0.1, atUs: 7 * second, forUs });
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.match(result.reason, /outside the window/);
  assert.equal(result.faults[0]!.observed, false);
  assert.equal(result.faults[0]!.at_us, null);
});

test('faults that cannot all be placed in a compressed window make the run inconclusive', () => {
  const many = Array.from({ length: 40 }, (_, i): Fault => {
    return { kind: 'loss', loss: 0.1, atUs: i * 80 * second, forUs: 40 * second };
  });
  const { result } = runSpec(
    smallSpec({
      faults: many,
      duration: { warmupUs: 0, measureUs: 3_600 * second, cooldownUs: 0 },
      messageBudget: 1,
    }),
  );
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.ok(result.window.compression > 100);
  assert.ok(result.anomalies.some((note) => /has no place in the measured window/.test(note)));
});

test('a fault without effect makes the run inconclusive', () => {
  const { result } = faulty({ kind: 'clock-skew', ppm: 0, share: 0.5, atUs, forUs });
  assert.equal(result.test_status, 'INCONCLUSIVE');
  assert.match(result.reason, /not observed: clock skew/);
});
