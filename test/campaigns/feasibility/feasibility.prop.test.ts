// Goal: feasibility is monotone: what is harder is never judged easier. Method: random specifications, one figure moved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkRow } from '#campaigns/feasibility/check-row.ts';
import { nodeLoad } from '#campaigns/feasibility/node-load.ts';
import type { RunSpec } from '#campaigns/run-spec.ts';
import { criterion, exampleSpec, networkNamed } from './example-spec.ts';

const seed = 20_261_121;
console.log(`fast-check seed ${seed}`);

const specs = fc
  .record({
    nodes: fc.integer({ min: 60, max: 3_000 }),
    k: fc.integer({ min: 5, max: 40 }),
    quorum: fc.double({ min: 0.55, max: 0.95, noNaN: true }),
    beta: fc.integer({ min: 2, max: 20 }),
    network: fc.constantFrom('local', 'lan', 'wan', 'degraded'),
    tps: fc.integer({ min: 1, max: 2_000 }),
    batch: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ nodes, k, quorum, beta, network, tps, batch }): RunSpec => {
    const base = exampleSpec({ nodes: 150, network, tps, batch });
    const alphaPreference = Math.floor(k / 2) + 1;
    const alphaConfidence = Math.max(alphaPreference, Math.min(k - 1, Math.round(quorum * k)));
    return { ...base, nodes, consensus: { ...base.consensus, k, alphaPreference, alphaConfidence, beta } };
  });

const near = (a: number, b: number): boolean => a >= b * (1 - 1e-4);

test('more delay, a higher alpha or beta never lower the latency floor', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const floor = nodeLoad(spec).floorUs;
      const { consensus, network } = spec;
      const [least, most] = network.oneWayUs;
      const slower: RunSpec = { ...spec, network: { ...network, oneWayUs: [least * 2, most * 2] } };
      const pickier: RunSpec = {
        ...spec,
        consensus: { ...consensus, alphaConfidence: consensus.alphaConfidence + 1 },
      };
      const longer: RunSpec = { ...spec, consensus: { ...consensus, beta: beta(consensus.beta) } };
      for (const harder of [slower, pickier, longer]) assert.ok(near(nodeLoad(harder).floorUs, floor));
    }),
    { seed, numRuns: 40 },
  );
});

function beta(value: number): number {
  return value + 1;
}

test('a larger network never needs less memory, and a batch never more bandwidth', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const load = nodeLoad(spec);
      assert.ok(nodeLoad({ ...spec, nodes: spec.nodes + 100 }).memoryMb > load.memoryMb - 1);
      const batched = nodeLoad({ ...spec, workload: { ...spec.workload, batch: spec.workload.batch * 2 } });
      assert.ok(batched.uniqueMbps <= load.uniqueMbps && batched.pollMbps <= load.pollMbps * (1 + 1e-9));
      assert.ok(batched.signatureCores <= load.signatureCores);
    }),
    { seed, numRuns: 60 },
  );
});

test('what a share of rejecting attackers breaks, a larger share breaks too', () => {
  fc.assert(
    fc.property(specs, fc.integer({ min: 0, max: 30 }), (spec, percent) => {
      const at = (share: number): boolean =>
        checkRow(
          { ...spec, byzantine: { ...spec.byzantine, attack: 'always-reject', share } },
          [criterion('liveness.finalized_share', 'at_least', 0.99)],
          null,
        )
          .filter((each) => each.topic === 'byzantine-tolerance')
          .some((each) => each.conclusion === 'cannot-pass');
      if (at(percent / 100)) assert.ok(at(percent / 100 + 0.1));
    }),
    { seed, numRuns: 6 },
  );
});

test('a looser limit never turns a possible latency or bandwidth into an impossible one', () => {
  fc.assert(
    fc.property(specs, fc.integer({ min: 1, max: 5_000 }), (spec, limit) => {
      const load = nodeLoad(spec);
      const judged = (factor: number): string[] =>
        checkRow(
          spec,
          [
            criterion('latency.p95', 'at_most', limit * factor),
            criterion('resources.bandwidth', 'at_most', (limit * factor) / 20),
          ],
          null,
        )
          .filter((each) => each.conclusion === 'cannot-pass')
          .map((each) => each.topic)
          .filter((topic) => topic === 'latency-floor' || topic === 'bandwidth');
      assert.equal(judged(1).includes('latency-floor'), load.floorUs / 1_000 > limit);
      const loose = judged(4);
      for (const topic of loose) assert.ok(judged(1).includes(topic));
    }),
    { seed, numRuns: 6 },
  );
});

test('the profiles in ascending order of delay have ascending floors', () => {
  const floors = ['local', 'lan', 'wan', 'intercontinental', 'degraded'].map((name) => {
    const spec = exampleSpec({ nodes: 1_000 });
    return nodeLoad({ ...spec, network: networkNamed(name) }).floorUs;
  });
  assert.deepEqual(
    floors,
    [...floors].sort((a, b) => a - b),
  );
});
