/**
 * Workloads: each kind becomes the record that the engine runs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadSchema } from '#campaigns/schema/workload.ts';

const shape = {
  batch: 1,
  payloadBytes: 1_024,
  parents: { kind: 'count', least: 2, most: 4 },
  conflictShare: 0,
};

test('every kind is read with its load', () => {
  const table: readonly (readonly [Record<string, unknown>, Record<string, unknown>])[] = [
    [
      { kind: 'constant', tps: 100 },
      { kind: 'constant', tps: 100 },
    ],
    [
      { kind: 'open-loop', tps: 0.5 },
      { kind: 'open-loop', tps: 0.5 },
    ],
    [
      { kind: 'ramp', tps: '10..1000' },
      { kind: 'ramp', fromTps: 10, toTps: 1000, steps: 10 },
    ],
    [
      { kind: 'ramp', tps: '10..1000', until: { cpu: '95%' } },
      { kind: 'ramp', fromTps: 10, toTps: 1000, steps: 10, until: { cpuShare: 0.95 } },
    ],
    [
      { kind: 'burst', tps: 1, burst_tps: 9, every: '1m', for: '1s' },
      { kind: 'burst', tps: 1, burstTps: 9, everyUs: 60_000_000, forUs: 1_000_000 },
    ],
    [
      { kind: 'chaos', tps: '5..50', every: '10s' },
      { kind: 'chaos', leastTps: 5, mostTps: 50, everyUs: 10_000_000 },
    ],
    [
      { kind: 'sine', tps: '50..200', period: '24h' },
      { kind: 'sine', leastTps: 50, mostTps: 200, periodUs: 86_400_000_000 },
    ],
    [{ kind: 'single' }, { kind: 'single' }],
  ];
  for (const [written, load] of table) assert.deepEqual(workloadSchema.parse(written), { ...shape, ...load });
});

test('shapes, payloads and batches of requirements 2.1 are read', () => {
  for (const [written, parents] of [
    ['chain', { kind: 'chain' }],
    ['wide', { kind: 'wide' }],
    ['random', { kind: 'random' }],
    [1, { kind: 'count', least: 1, most: 1 }],
    ['1..8', { kind: 'count', least: 1, most: 8 }],
  ] as const) {
    assert.deepEqual(workloadSchema.parse({ kind: 'single', parents: written }).parents, parents);
  }
  for (const batch of [1, 10, 100])
    assert.equal(workloadSchema.parse({ kind: 'single', batch }).batch, batch);
  for (const [payload, bytes] of [
    ['100B', 100],
    ['1KB', 1_024],
    ['10KB', 10_240],
    ['100KB', 102_400],
  ] as const) {
    assert.equal(workloadSchema.parse({ kind: 'single', payload }).payloadBytes, bytes);
  }
});

test('a burst without a pause, a ramp of nothing and nine parents are refused', () => {
  for (const written of [
    { kind: 'burst', tps: 1, burst_tps: 9, every: '1s', for: '1s' },
    { kind: 'ramp', tps: '0..0' },
    { kind: 'single', parents: '1..9' },
    { kind: 'single', parents: 0 },
    { kind: 'single', tps: 1 },
  ]) {
    assert.equal(workloadSchema.safeParse(written).success, false, JSON.stringify(written));
  }
});

test('the end of a ramp is a CPU that a node can exceed, and nothing else', () => {
  const ramp = { kind: 'ramp', tps: '10..1000' };
  for (const until of [
    {},
    { cpu: '100%' },
    { cpu: '0%' },
    { memory: '95%' },
    { cpu: '95%', for: '1s' },
    '95%',
  ])
    assert.equal(workloadSchema.safeParse({ ...ramp, until }).success, false, JSON.stringify(until));
  assert.equal(workloadSchema.safeParse({ kind: 'constant', tps: 1, until: { cpu: '95%' } }).success, false);
});
