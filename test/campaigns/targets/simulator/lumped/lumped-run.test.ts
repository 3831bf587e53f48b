// Goal: a lumped run says what the message fidelity says where it claims to: in law for synchronous rounds, near it on a latency
// profile; outages and partitions delay what they should; a spliced run covers the whole time with what its window saw.
// Method: the same specification at both fidelities over several seeds, |z| < 4; fixed seeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { estimateFinality } from '#campaigns/targets/simulator/finality-estimate.ts';
import { runLumpedTier } from '#campaigns/targets/simulator/lumped/lumped-tier.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, runSpliced, smallSpec } from '../small-run.ts';

const second = 1_000_000;
const ideal = { network: networkNamed('ideal'), calibration: weightless(defaultCalibration) } as const;

function lumped(spec: RunSpec): RunResult {
  return runLumpedTier({ ...spec, tier: 'lumped' }).result;
}

function z(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const error = (values: readonly number[]): number =>
    values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
  const distance = mean(a) - mean(b);
  return distance === 0 ? 0 : distance / Math.sqrt(error(a) + error(b));
}

test('synchronous rounds: rounds and shares of counted and enumerated nodes agree in law', () => {
  const seeds = [1, 2, 3, 4];
  const specOf = (seed: number): RunSpec =>
    smallSpec({
      ...ideal,
      seed,
      messageBudget: 300_000,
      consensus: { maxRounds: 30 },
      byzantine: { share: 0.15, attack: 'always-reject' },
      workload: { kind: 'single', batch: 1, payloadBytes: 100, parents: { kind: 'chain' }, conflictShare: 0 },
    });
  const message = seeds.map((seed) => runSpec(specOf(seed)).result.results.consensus_metrics);
  const counted = seeds.map((seed) => lumped(specOf(seed + 100)).results.consensus_metrics);
  const read = [
    (one: (typeof message)[number]) => one.rounds.mean ?? 0,
    (one: (typeof message)[number]) => one.finalized_share,
    (one: (typeof message)[number]) => one.polls_successful_share,
  ];
  for (const pick of read.slice(0, 2)) {
    const seen = z(message.map(pick), counted.map(pick));
    assert.ok(Math.abs(seen) < 4, `z ${seen}`);
  }
});

test('a latency profile: time to finality within a tenth, throughput and polls within a twentieth', () => {
  const spec = smallSpec({ seed: 3 });
  const message = runSpec(spec).result.results;
  const counted = lumped(spec).results;
  const near = (a: number | null, b: number | null, share: number, what: string): void =>
    assert.ok(Math.abs((a ?? 0) / (b ?? 1) - 1) < share, `${what}: ${a} ${b}`);
  near(counted.latency.p50_ms, message.latency.p50_ms, 0.1, 'p50');
  near(counted.throughput.avg_tps, message.throughput.avg_tps, 0.05, 'TPS');
  near(counted.resource_usage.avg_network_mbps, message.resource_usage.avg_network_mbps, 0.3, 'Mbps');
  assert.equal(counted.consensus_metrics.finalized_share, 1);
});

test('nodes that are down, and a partition in which nobody can decide, delay and lose nothing', () => {
  const calm = smallSpec({
    nodes: 60,
    consensus: { alphaPreference: 18, alphaConfidence: 18 },
    duration: { warmupUs: second, measureUs: 60 * second, cooldownUs: 9 * second },
  });
  const faults: RunSpec['faults'] = [
    {
      kind: 'kill',
      nodes: 3,
      everyUs: second,
      atUs: 5 * second,
      downUs: 5 * second,
      disk: 'kept',
      repeat: 1,
    },
    { kind: 'partition', groups: [0.5, 0.5], atUs: 20 * second, forUs: 10 * second },
    { kind: 'loss', loss: 0.05, atUs: 45 * second, forUs: 5 * second },
  ];
  const quiet = lumped(calm);
  const hit = lumped({ ...calm, faults });
  assert.equal(hit.results.latency.undecided_share, 0);
  assert.ok((hit.results.latency.mean_ms ?? 0) > 2 * (quiet.results.latency.mean_ms ?? 0));
  const [kill, partition, loss] = hit.faults;
  assert.ok(kill?.observed && partition?.observed && loss?.observed);
  assert.ok((kill.rejoin_us ?? 0) > 0 && (kill.rejoin_us ?? 0) < 2 * second);
  assert.ok((partition.recovery_us ?? 0) > 0 && (partition.recovery_us ?? 0) < 2 * second);
  // Nothing is finalised in the partition, all of it after.
  const inside = runLumpedTier({ ...calm, faults }).series.points.filter(
    ({ at_us, for_us }) => at_us > 22 * second && at_us + for_us < 30 * second,
  );
  assert.ok(inside.length > 3);
  for (const point of inside) assert.equal(point.finalized_tps, 0);
});

test('a spliced run: the whole time, what its window saw, and the same bytes for the same seed', () => {
  const spec: RunSpec = {
    ...smallSpec({ messageBudget: 400_000 }),
    tier: 'spliced',
    duration: { warmupUs: second, measureUs: 3_600 * second, cooldownUs: second },
  };
  const run = (): RunResult => runSpliced(spec).result;
  const first = run();
  assert.equal(first.window.measured_s, 3_600);
  assert.equal(first.test_status, 'PASSED', first.reason);
  assert.ok(Math.abs(first.results.throughput.avg_tps - 100) < 1);
  assert.ok(first.anomalies.some((note) => note.startsWith('spliced: 1 h')));
  const { polls, virtual_seconds } = first.results.simulation;
  const share = ((polls / virtual_seconds / spec.nodes) * estimateFinality(spec).roundUs) / 1_000_000;
  assert.ok(
    share > 0.5 && share < 1.5,
    `polls per second are those of the window, not of the hour: ${share} of the pace`,
  );
  assert.equal(first.determinism.trace_hash, run().determinism.trace_hash);
  assert.notEqual(first.determinism.trace_hash, lumped(spec).determinism.trace_hash);
});
