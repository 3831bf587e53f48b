// Goal: how far counted nodes are from enumerated ones on latency profiles is measured, printed and bounded, and on synchronous
// rounds with a load the two agree in law (|z| < 4).
// Method: the same specifications at the lumped and at the message fidelity; fixed seeds; the table is printed as diagnostics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunResult } from '#campaigns/results/schema.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { runLumpedTier } from '#campaigns/targets/simulator/lumped/lumped-tier.ts';
import { defaultCalibration, weightless } from '#node/model/calibration.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';
import { runSpec, smallSpec } from '../small-run.ts';

const nodes = 100;
const consensus = { k: 30, alphaPreference: 24, alphaConfidence: 24, beta: 12, maxRounds: 60 } as const;

function pair(spec: RunSpec): { readonly message: RunResult; readonly counted: RunResult } {
  return { message: runSpec(spec).result, counted: runLumpedTier({ ...spec, tier: 'lumped' }).result };
}

const errors = [
  { network: 'local', attack: 'none', share: 0 },
  { network: 'lan', attack: 'none', share: 0 },
  { network: 'lan', attack: 'always-reject', share: 0.1 },
  { network: 'wan', attack: 'random', share: 0.1 },
  { network: 'degraded', attack: 'silent', share: 0.05 },
] as const;

for (const { network, attack, share } of errors) {
  test(`error on ${network}, ${attack} ${100 * share} %: p50 within 15 %, mean rounds within 3 %`, (context) => {
    const spec = smallSpec({
      nodes,
      network: networkNamed(network),
      consensus,
      byzantine: { share, attack },
      messageBudget: 3_000_000,
      duration: { warmupUs: 60_000_000, measureUs: 3_600_000_000, cooldownUs: 1_000_000 },
      workload: { tps: 40 },
    });
    const { message, counted } = pair(spec);
    const ratio = (pick: (results: RunResult['results']) => number | null): number =>
      (pick(counted.results) ?? 0) / (pick(message.results) ?? 1) - 1;
    const p50 = ratio(({ latency }) => latency.p50_ms);
    const p99 = ratio(({ latency }) => latency.p99_ms);
    const rounds = ratio(({ consensus_metrics }) => consensus_metrics.rounds.mean);
    const mbps = ratio(({ resource_usage }) => resource_usage.avg_network_mbps);
    const cpu = ratio(({ resource_usage }) => resource_usage.avg_cpu_percent);
    const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
    context.diagnostic(
      `${network}, ${attack} ${percent(share)}: p50 ${percent(p50)}, p99 ${percent(p99)}, rounds ${percent(rounds)}, ` +
        `traffic ${percent(mbps)}, CPU ${percent(cpu)}`,
    );
    assert.ok(Math.abs(p50) < 0.15, `p50 ${p50}`);
    assert.ok(Math.abs(rounds) < 0.03, `rounds ${rounds}`);
  });
}

test('synchronous rounds with a load: all-counted and all-message runs of one scenario agree in law', (context) => {
  const seeds = Array.from({ length: 8 }, (_, i) => i + 1);
  const specOf = (seed: number): RunSpec =>
    smallSpec({
      seed,
      nodes: 60,
      network: networkNamed('ideal'),
      calibration: weightless(defaultCalibration),
      consensus: { ...consensus, k: 20, alphaPreference: 16, alphaConfidence: 16 },
      byzantine: { share: 0.1, attack: 'always-reject' },
      messageBudget: 800_000,
      // Not in step with the poll interval of 5 ms, or every vertex would wait equally long for its first poll.
      workload: { tps: 374 },
    });
  const message = seeds.map((seed) => runSpec(specOf(seed)).result.results);
  const counted = seeds.map(
    (seed) => runLumpedTier({ ...specOf(seed + 500), tier: 'lumped' }).result.results,
  );
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const error = (values: readonly number[]): number =>
    values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1) / values.length;
  const figures: readonly [string, (results: RunResult['results']) => number][] = [
    ['rounds', ({ consensus_metrics }) => consensus_metrics.rounds.mean ?? 0],
    ['mean latency', ({ latency }) => latency.mean_ms ?? 0],
    ['finalised within the limit', ({ consensus_metrics }) => consensus_metrics.finalized_share],
  ];
  for (const [name, pick] of figures) {
    const a = message.map(pick);
    const b = counted.map(pick);
    const distance = mean(a) - mean(b);
    const z = distance === 0 ? 0 : distance / Math.sqrt(error(a) + error(b));
    context.diagnostic(`${name}: message ${mean(a)}, counted ${mean(b)}, z ${z.toFixed(2)}`);
    assert.ok(Math.abs(z) < 4, `${name}: z ${z}`);
  }
});
