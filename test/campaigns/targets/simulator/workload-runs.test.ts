// Goal: every kind of load and every shape of the DAG runs, offers what it says, and is finalised.
// Method: small runs; offered load from the series, parents from the recorded vertices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VertexRecord } from '#campaigns/analysis/decision-record.ts';
import type { RunSpec, Workload } from '#campaigns/run-spec.ts';
import type { RunOutcome } from '#campaigns/targets/target.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { loggedRun, runSpec, smallSpec } from './small-run.ts';

const common = {
  batch: 2,
  payloadBytes: 100,
  parents: { kind: 'count', least: 2, most: 4 },
  conflictShare: 0,
} as const;
const second = 1_000_000;

function loaded(workload: Workload): RunOutcome {
  const outcome = runSpec(smallSpec({ workload }));
  const { result } = outcome;
  assert.equal(result.test_status, 'PASSED', result.reason);
  assert.equal(result.results.consensus_metrics.all_honest_share, 1);
  assert.deepEqual(result.results.consensus_metrics.safety_violations, []);
  assert.ok(result.configuration.workload.startsWith(workload.kind));
  return outcome;
}

/** Offered load in the bins of the measured window. */
function offered({ series }: RunOutcome): number[] {
  const [fromUs, untilUs] = series.window_us;
  return series.points
    .filter((point) => point.at_us >= fromUs && point.at_us < untilUs)
    .map((point) => point.offered_tps);
}

/** Finalised load follows the offered one over the whole window, but for the arrivals' own spread. */
function assertCarried(outcome: RunOutcome, tolerance: number): void {
  const { avg_tps: carried, offered_tps: wanted } = outcome.result.results.throughput;
  assert.ok(Math.abs(carried / wanted - 1) < tolerance, `${carried} tps of ${wanted}`);
}

test('constant load is even', () => {
  const outcome = loaded({ ...common, kind: 'constant', tps: 100 });
  assert.ok(offered(outcome).every((tps) => Math.abs(tps - 100) < 1e-6));
  assertCarried(outcome, 0.03);
});

test('open-loop load has the mean of its rate and the spread of chance', () => {
  const even = loaded({ ...common, kind: 'constant', tps: 100 });
  const outcome = loaded({ ...common, kind: 'open-loop', tps: 100 });
  assertCarried(outcome, 0.2);
  const spread = (run: RunOutcome): number => run.result.results.throughput.tps_variance_percent;
  assert.ok(spread(outcome) > 2 * spread(even), `${spread(outcome)} %`);
});

test('a ramp climbs in steps', () => {
  const outcome = loaded({ ...common, kind: 'ramp', fromTps: 50, toTps: 200, steps: 4 });
  const tps = offered(outcome);
  assert.ok(
    tps.every((value, i) => i === 0 || value >= tps[i - 1]! - 1e-6),
    `${tps}`,
  );
  assert.deepEqual([...new Set(tps.map((value) => Math.round(value)))], [50, 100, 150, 200]);
  assertCarried(outcome, 0.06);
});

test('bursts rise above the base load and end', () => {
  const outcome = loaded({
    ...common,
    kind: 'burst',
    tps: 50,
    burstTps: 250,
    everyUs: 3 * second,
    forUs: second,
  });
  const tps = offered(outcome);
  assert.ok(Math.max(...tps) > 240 && Math.min(...tps) < 60, `${tps}`);
  assertCarried(outcome, 0.1);
});

test('chaos jumps between its limits', () => {
  const outcome = loaded({ ...common, kind: 'chaos', leastTps: 20, mostTps: 200, everyUs: second / 2 });
  const tps = offered(outcome);
  assert.ok(tps.every((value) => value >= 20 - 1e-6 && value <= 200 + 1e-6));
  assert.ok(new Set(tps.map((value) => Math.round(value))).size > 3, `${tps}`);
  assertCarried(outcome, 0.15);
});

test('a sine swings between its limits', () => {
  const outcome = loaded({ ...common, kind: 'sine', leastTps: 40, mostTps: 160, periodUs: 3 * second });
  const tps = offered(outcome);
  assert.ok(Math.max(...tps) > 130 && Math.min(...tps) < 70, `${tps}`);
  assertCarried(outcome, 0.1);
});

test('a single vertex is in flight at a time', () => {
  const { parts, decisions } = loggedRun(smallSpec({ workload: { ...common, kind: 'single', batch: 1 } }));
  const { recorder } = parts;
  assert.ok(recorder.vertices.length >= 20);
  for (let serial = 1; serial < recorder.vertices.length; serial++) {
    const before = decisions.filter((decision) => decision.serial === serial - 1);
    assert.equal(before.length, 40);
    const lastUs = Math.max(...before.map(({ atUs }) => atUs));
    assert.ok(recorder.dueUsOf(serial) >= lastUs, `vertex ${serial}`);
  }
});

/** Messages travel for a while, so that several vertices are issued at the same time and a graph can branch. */
const apart = { ...networkNamed('lan'), oneWayUs: [10_000, 30_000], loss: 0 } as const;

function shaped(parents: RunSpec['workload']['parents']): readonly VertexRecord[] {
  const { parts, outcome } = loggedRun(
    smallSpec({
      network: apart,
      messageBudget: 1,
      workload: { ...common, kind: 'constant', tps: 400, parents },
    }),
  );
  assert.equal(outcome.result.test_status, 'PASSED', outcome.result.reason);
  assert.equal(outcome.result.results.consensus_metrics.all_honest_share, 1);
  return parts.recorder.vertices;
}

function countsOf(vertices: readonly VertexRecord[]): number[] {
  return vertices.slice(50).map(({ parents }) => parents.length);
}

/** Longest path from genesis. */
function depthOf(vertices: readonly VertexRecord[]): number {
  const depth: number[] = [];
  for (const { parents } of vertices) {
    depth.push(1 + Math.max(...parents.map((parent) => (parent < 0 ? 0 : depth[parent]!))));
  }
  return Math.max(...depth);
}

test('a vertex has the number of parents of the workload, unless fewer tips are known', () => {
  const counts = countsOf(shaped({ kind: 'count', least: 2, most: 4 }));
  const share = (parents: number): number =>
    counts.filter((count) => count === parents).length / counts.length;
  for (const parents of [2, 3, 4]) assert.ok(share(parents) > 0.2, `${parents}: ${share(parents)}`);
  assert.equal(share(2) + share(3) + share(4) + share(1), 1);
  assert.ok(share(1) < 0.02);
});

test('chain and wide have one parent each, random any number; a wide graph is the shallowest', () => {
  const chain = shaped({ kind: 'chain' });
  const wide = shaped({ kind: 'wide' });
  const random = shaped({ kind: 'random' });
  assert.ok(countsOf(chain).every((count) => count === 1));
  assert.ok(countsOf(wide).every((count) => count === 1));
  assert.ok(new Set(countsOf(random)).size > 4, `${[...new Set(countsOf(random))]}`);
  const [long, flat, tangled] = [depthOf(chain), depthOf(wide), depthOf(random)];
  assert.ok(long > 3 * flat && tangled > 3 * flat, `${long}, ${flat}, ${tangled}`);
});
