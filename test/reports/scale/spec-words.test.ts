/** Goal: a configuration is told in words that name its figures and units. Method: examples. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '#campaigns/run-spec.ts';
import { byzantineWords, consensusWords, networkWords, workloadWords } from '#reports/scale/spec-words.ts';
import { campaignFixture } from '#test/support/campaign-fixture.ts';

const { plan } = campaignFixture();
const spec = plan.rows[0]!.cells[0]!.spec;

test('delays are said to be one way, loss in percent', () => {
  assert.equal(networkWords(spec), 'local: 0.1 ms to 1 ms one way, no loss');
  const limited = { ...spec, network: { ...spec.network, loss: 0.001, bandwidthBitsPerSecond: 1e8 } };
  assert.equal(networkWords(limited), 'local: 0.1 ms to 1 ms one way, 0.1 % loss, 100 Mbps each way');
});

test('attackers are counted, rounded down as the protocol does', () => {
  assert.equal(byzantineWords(spec), 'none');
  const attacked = {
    ...spec,
    nodes: 150,
    byzantine: { ...spec.byzantine, share: 0.33, attack: 'random' as const },
  };
  assert.equal(byzantineWords(attacked), '33 % (49 nodes), random');
});

test('both thresholds are named when they differ', () => {
  assert.match(consensusWords(spec), /^k 30, alpha 24, beta 20, at most 100 polls, one every 5 ms$/);
  const two = { ...spec, consensus: { ...spec.consensus, alphaPreference: 16 } };
  assert.match(consensusWords(two), /alpha 16 \/ 24/);
});

test('every kind of load has its words', () => {
  const base = { batch: 1, payloadBytes: 100, parents: { kind: 'chain' }, conflictShare: 0 } as const;
  const loads: readonly Workload[] = [
    { ...base, kind: 'constant', tps: 100 },
    { ...base, kind: 'open-loop', tps: 100 },
    { ...base, kind: 'ramp', fromTps: 10, toTps: 1_000, steps: 5 },
    { ...base, kind: 'burst', tps: 10, burstTps: 1_000, everyUs: 60e6, forUs: 5e6 },
    { ...base, kind: 'chaos', leastTps: 10, mostTps: 20, everyUs: 1e6 },
    { ...base, kind: 'sine', leastTps: 50, mostTps: 200, periodUs: 3_600e6 },
    { ...base, kind: 'single' },
  ];
  const words = loads.map((workload) => workloadWords({ ...spec, workload }));
  assert.equal(new Set(words).size, loads.length);
  assert.ok(words.every((text) => text.endsWith('; 1 transaction of 100 B per vertex')));
});
