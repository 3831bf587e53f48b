/**
 * Goal: anywhere in the parameter space a spliced run is refused in words, or its figures are finite, possible, and right where a corner
 * has one answer; and over the seams between outages, partitions and losses no vertex and no decision is lost or counted twice.
 * Method: sampled corners of shares, losses, sizes, samples, thresholds, faults; sums over the chain against the load; fixed seeds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AttackName, Fault, RunSpec } from '#campaigns/run-spec.ts';
import type { ClassBin, ClassRun } from '#campaigns/targets/simulator/lumped/class-run.ts';
import { runLoad } from '#campaigns/targets/simulator/lumped/lumped-run.ts';
import { createSimulator } from '#campaigns/targets/simulator/target.ts';
import { tiers } from '#campaigns/targets/simulator/tier.ts';
import { violations } from '#node/core/params.ts';
import { smallSpec } from '../small-run.ts';

const second = 1_000_000;
/** Of counted time: hundreds of times what a message window of these networks holds. */
const long = 600 * second;

interface Sample {
  readonly nodes: number;
  readonly k: number;
  readonly ratio: number;
  readonly beta: number;
  readonly share: number;
  readonly attack: AttackName;
  readonly loss: number;
  readonly lengths: number;
  readonly faults: readonly Fault[];
  readonly seed: number;
}

const lasts = { atUs: 0.2 * long, forUs: 0.2 * long } as const;
const faults: readonly (readonly Fault[])[] = [
  [],
  [{ kind: 'loss', loss: 1, ...lasts }],
  [{ kind: 'loss', loss: 0.3, ...lasts }],
  [{ kind: 'partition', groups: [0.5, 0.5], ...lasts }],
  [{ kind: 'partition', groups: [0.9, 0.1], ...lasts }],
  [
    {
      kind: 'kill',
      nodes: 1,
      everyUs: 0.1 * long,
      atUs: 0.1 * long,
      downUs: 0.05 * long,
      disk: 'kept',
      repeat: 3,
    },
  ],
  [{ kind: 'churn', nodes: 2, everyUs: 0.1 * long, atUs: 0.1 * long, downUs: 0.15 * long, repeat: 4 }],
  [
    {
      kind: 'cascade',
      firstNodes: 1,
      factor: 2,
      waves: 3,
      everyUs: 0.05 * long,
      atUs: 0.1 * long,
      downUs: 0.2 * long,
    },
    { kind: 'loss', loss: 0.2, atUs: 0.15 * long, forUs: 0.3 * long },
  ],
  [{ kind: 'latency', addUs: 5_000, share: 0.5, ...lasts }],
];

const samples: fc.Arbitrary<Sample> = fc.record({
  nodes: fc.constantFrom(2, 5, 40, 40, 60, 131_073, 1_000_000),
  k: fc.constantFrom(1, 4, 4, 20, 39, 255),
  ratio: fc.constantFrom(0.5, 0.51, 0.6, 0.8, 1),
  beta: fc.constantFrom(1, 10, 60),
  share: fc.constantFrom(0, 0.1, 0.5, 0.9, 0.999, 1),
  attack: fc.constantFrom<AttackName>('always-reject', 'always-accept', 'random', 'silent', 'collusion'),
  loss: fc.constantFrom(0, 0.01, 0.999, 1),
  lengths: fc.constantFrom(1, 24),
  faults: fc.constantFrom(...faults),
  seed: fc.nat(1_000),
});

function specOf({ nodes, k, ratio, beta, share, attack, loss, lengths, faults, seed }: Sample): RunSpec {
  const alpha = Math.ceil(ratio * k);
  const spec = smallSpec({
    nodes,
    seed,
    faults: [...faults],
    consensus: { k, alphaPreference: alpha, alphaConfidence: alpha, beta, maxRounds: 320 },
    byzantine: { share, attack },
    workload: { tps: 4 },
    duration: { warmupUs: 10 * second, measureUs: lengths * long, cooldownUs: second },
    messageBudget: 20_000,
  });
  return { ...spec, tier: 'spliced', network: { ...spec.network, loss } };
}

/** Every number of a record; null stands for "none" in it, NaN and infinity for nothing. */
function assertFinite(value: unknown, path: string): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `${path} = ${value}`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) assertFinite(inner, `${path}.${key}`);
}

const simulator = createSimulator();

test('spliced: a refusal in words, or figures that are finite, possible, safe, and right in the corners', async (context) => {
  const seen = { answered: 0, refused: 0, faulty: 0, dead: 0 };
  await fc.assert(
    fc.asyncProperty(samples, async (sample) => {
      const spec = specOf(sample);
      const why = violations(spec.consensus, spec.nodes)[0] ?? tiers.spliced.supports(spec);
      if (why !== null && why !== undefined) {
        seen.refused += 1;
        assert.ok(why.length > 10, why);
        return;
      }
      seen.answered += 1;
      if (sample.faults.length > 0) seen.faulty += 1;
      const { result, series } = await simulator.run(spec, () => undefined, new AbortController().signal);
      const about = JSON.stringify(sample);
      assertFinite(result.results, about);
      assertFinite(series.points, about);
      const { consensus_metrics: consensus, latency, throughput } = result.results;
      for (const share of [consensus.finalized_share, consensus.all_honest_share, latency.undecided_share])
        assert.ok(share >= 0 && share <= 1 + 1e-9, `${about}: ${share}`);
      assert.equal(consensus.conflicts_finalized, 0, about);
      assert.deepEqual(consensus.safety_violations, [], about);
      // What was issued before the time that counts may be finalised in it.
      const before = (latency.max_ms ?? 0) / 1_000 / result.window.measured_s;
      const most = throughput.offered_tps * (1 + 1e-6 + before) + 1e-9;
      assert.ok(throughput.avg_tps <= most, `${about}: ${throughput.avg_tps} of at most ${most}`);
      assert.equal(result.faults.length, sample.faults.length, about);
      const isDeaf = sample.loss === 1;
      if (isDeaf) seen.dead += 1;
      if (isDeaf) assert.ok(consensus.finalized_share < 1e-9, `${about}: every message is lost`);
      const isCalm = result.configuration.byzantine_nodes === 0 || sample.attack === 'always-accept';
      if (isCalm && sample.loss === 0 && sample.faults.length === 0)
        assert.ok(consensus.finalized_share > 1 - 1e-9, `${about}: ${consensus.finalized_share}`);
    }),
    { numRuns: 100, seed: 17 },
  );
  context.diagnostic(JSON.stringify(seen));
  assert.ok(
    seen.answered >= 25 && seen.refused >= 25 && seen.faulty >= 10 && seen.dead >= 3,
    JSON.stringify(seen),
  );
});

/** Sums of one class that differ by more than rounding. */
function wrongSums({ chain, latency, bins, measuredVertices }: ClassRun, issued: number): string[] {
  const all = chain.live * measuredVertices;
  const binned = (pick: (bin: ClassBin) => number): number => bins.reduce((sum, bin) => sum + pick(bin), 0);
  const sums: readonly (readonly [about: string, one: number, other: number, most: number])[] = [
    ['issued', measuredVertices, issued, 2],
    ['decided and pending are all pairs', latency.total + chain.pendingPairs(true), all, 1e-6 * all],
    [
      'a decision has its polls',
      chain.rounds.reduce((sum, pairs) => sum + pairs, 0),
      latency.total,
      1e-6 * all,
    ],
    ['finalised by bins', binned(({ finalisedPairs }) => finalisedPairs), chain.finalisedPairs, 1e-6 * all],
    ['times by bins', binned((bin) => bin.latency.total), latency.total, 1e-6 * all],
    ['polls by bins', binned(({ polls }) => polls), chain.polls, 1e-6 * chain.polls],
  ];
  return sums.flatMap(([about, one, other, most]) =>
    Math.abs(one - other) <= most ? [] : [`${about}: ${one}, ${other}`],
  );
}

test('spliced: the counted part keeps its books over every seam', (context) => {
  const base = { nodes: 40, k: 20, ratio: 0.75, beta: 10, attack: 'random', lengths: 1, seed: 3 } as const;
  let seams = 0;
  for (const share of [0, 0.1])
    for (const loss of [0, 0.01])
      for (const part of faults) {
        const countable = part.filter(({ kind }) => kind !== 'latency');
        const spec = specOf({ ...base, share, loss, faults: countable });
        // Without a warm-up everything that is issued is measured.
        const run = runLoad({ ...spec, duration: { ...spec.duration, warmupUs: 0 } });
        seams += run.course.stretches.length - 1;
        const { measureUs } = run.window;
        const issued = (run.profile.meanTps(0, measureUs) * measureUs) / second / spec.workload.batch;
        run.classes.forEach((one, at) => {
          const about = JSON.stringify([share, loss, part]);
          assert.equal(one.chain.live, run.course.classes[at]!.honest, `${about}: who went down is back`);
          assert.deepEqual(wrongSums(one, issued), [], about);
        });
      }
  context.diagnostic(`${seams} seams`);
  assert.ok(seams >= 100);
});
