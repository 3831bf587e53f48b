// Goal: for any workload the schedule is ordered, inside its window, reproducible and of the offered volume.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Workload } from '#campaigns/run-spec.ts';
import { Arrivals } from '#campaigns/workloads/arrivals.ts';

const seed = 20_260_301;
const tps = fc.integer({ min: 0, max: 400 });
const length = fc.integer({ min: 50_000, max: 5_000_000 });
const kind = fc.oneof(
  fc.record({ kind: fc.constant('constant' as const), tps }),
  fc.record({ kind: fc.constant('open-loop' as const), tps }),
  fc.record({
    kind: fc.constant('ramp' as const),
    fromTps: tps,
    toTps: tps,
    steps: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('burst' as const), tps, burstTps: tps, everyUs: length, forUs: length }),
  fc.record({
    kind: fc.constant('chaos' as const),
    leastTps: fc.constant(5),
    mostTps: fc.constant(90),
    everyUs: length,
  }),
  fc.record({
    kind: fc.constant('sine' as const),
    leastTps: fc.constant(5),
    mostTps: fc.constant(90),
    periodUs: length,
  }),
);
const input = fc.record({
  kind,
  batch: fc.constantFrom(1, 10, 100),
  conflictShare: fc.constantFrom(0, 0.1, 1),
  warmupUs: fc.integer({ min: 0, max: 3_000_000 }),
  measureUs: fc.integer({ min: 10_000, max: 20_000_000 }),
  scale: fc.constantFrom(1, 0.3, 0.001),
  seed: fc.integer(),
});

test('schedules are ordered, inside the load, reproducible, and of the offered volume', () => {
  fc.assert(
    fc.property(input, ({ kind: load, batch, conflictShare, warmupUs, measureUs, scale, seed: runSeed }) => {
      const workload: Workload = {
        ...load,
        batch,
        payloadBytes: 100,
        parents: { kind: 'random' },
        conflictShare,
      };
      const drain = (): number[] => {
        const endUs = warmupUs + measureUs;
        const issuers = Int32Array.of(2, 5, 9);
        const conflictGapUs = 3_000;
        const arrivals = new Arrivals(workload, {
          seed: runSeed,
          startUs: 0,
          windowStartUs: warmupUs,
          endUs,
          scale,
          issuers,
          conflictGapUs,
        });
        const out: number[] = [];
        let lastUs = 0;
        for (; arrivals.nextDueUs >= 0; arrivals.advance()) {
          assert.ok(Number.isInteger(arrivals.nextDueUs));
          assert.ok(arrivals.nextDueUs >= lastUs && arrivals.nextDueUs < endUs);
          assert.ok(issuers.includes(arrivals.creator));
          lastUs = arrivals.nextDueUs;
          out.push(arrivals.nextDueUs, arrivals.creator, arrivals.conflictKey);
        }
        const offered = (arrivals.profile.meanTps(0, endUs) * endUs) / (1_000_000 * batch);
        const slack = load.kind === 'open-loop' ? 2 + 6 * Math.sqrt(offered) : 1;
        assert.ok(Math.abs(out.length / 3 - offered) <= slack, `${out.length / 3} of ${offered}`);
        return out;
      };
      assert.deepEqual(drain(), drain());
    }),
    { seed, numRuns: 100 },
  );
});
