// Goal: every workload kind offers what its name says, when it says. Method: read the profile at chosen instants.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '#campaigns/run-spec.ts';
import { LoadProfile, meanTps, peakTps } from '#campaigns/workloads/load-profile.ts';

const shape = { batch: 1, payloadBytes: 100, parents: { kind: 'chain' }, conflictShare: 0 } as const;
const second = 1_000_000;
const options = { seed: 7, windowStartUs: 10 * second, endUs: 110 * second, scale: 1 };

test('a ramp climbs in equal steps over the window and holds its first load in the warm-up', () => {
  const ramp: Workload = { ...shape, kind: 'ramp', fromTps: 10, toTps: 100, steps: 10 };
  const profile = new LoadProfile(ramp, options);
  assert.equal(profile.tpsAt(0), 10);
  assert.equal(profile.tpsAt(19.9 * second), 10);
  assert.equal(profile.tpsAt(20 * second), 20);
  assert.equal(profile.tpsAt(109 * second), 100);
  assert.equal(profile.changesAfterUs(0), 20 * second);
  assert.equal(profile.meanTps(10 * second, 110 * second), 55);
  assert.equal(meanTps(ramp), 55);
  assert.equal(peakTps(ramp), 100);
});

test('a burst lies in the middle of each period and shrinks with the window', () => {
  const burst: Workload = {
    ...shape,
    kind: 'burst',
    tps: 100,
    burstTps: 1_000,
    everyUs: 20 * second,
    forUs: 5 * second,
  };
  const full = new LoadProfile(burst, options);
  assert.equal(full.tpsAt(10 * second), 100);
  assert.equal(full.tpsAt(17.5 * second - 1), 100);
  assert.equal(full.tpsAt(17.5 * second), 1_000);
  assert.equal(full.tpsAt(22.5 * second - 1), 1_000);
  assert.equal(full.tpsAt(22.5 * second), 100);
  assert.equal(full.tpsAt(30 * second), 100);
  const half = new LoadProfile(burst, { ...options, scale: 0.5 });
  assert.equal(half.tpsAt(13.75 * second - 1), 100);
  assert.equal(half.tpsAt(13.75 * second), 1_000);
  assert.equal(half.tpsAt(16.25 * second), 100);
  assert.equal(meanTps(burst), 325);
  assert.equal(full.meanTps(10 * second, 110 * second), 325);
});

test('a burst as long as its period never rests', () => {
  const burst: Workload = { ...shape, kind: 'burst', tps: 1, burstTps: 9, everyUs: 5, forUs: 5 };
  assert.equal(new LoadProfile(burst, options).tpsAt(50 * second), 9);
});

test('a sine runs once through its range a period and averages to its middle', () => {
  const sine: Workload = { ...shape, kind: 'sine', leastTps: 50, mostTps: 200, periodUs: 100 * second };
  const profile = new LoadProfile(sine, options);
  const tps = Array.from({ length: 1_000 }, (_, i) => profile.tpsAt(10 * second + i * 100_000));
  assert.ok(Math.min(...tps) >= 50 && Math.min(...tps) < 50.2);
  assert.ok(Math.max(...tps) <= 200 && Math.max(...tps) > 199.8);
  assert.ok(tps[250]! > 190 && tps[750]! < 60);
  assert.ok(Math.abs(profile.meanTps(10 * second, 110 * second) - 125) < 1e-6);
});

test('chaos redraws within its range at every step, alike for one seed and unlike for two', () => {
  const chaos: Workload = { ...shape, kind: 'chaos', leastTps: 10, mostTps: 20, everyUs: second };
  const read = (seed: number): number[] => {
    const profile = new LoadProfile(chaos, { ...options, seed });
    return Array.from({ length: 100 }, (_, i) => profile.tpsAt((10 + i) * second));
  };
  const tps = read(7);
  assert.ok(tps.every((value) => value >= 10 && value < 20));
  assert.ok(new Set(tps).size > 90);
  assert.deepEqual(read(7), tps);
  assert.notDeepEqual(read(8), tps);
});

test('changes are strictly later even when a period is shorter than a microsecond', () => {
  const chaos: Workload = { ...shape, kind: 'chaos', leastTps: 1, mostTps: 2, everyUs: 3 };
  const profile = new LoadProfile(chaos, { ...options, scale: 0.1 });
  for (let atUs = 10 * second; atUs < 10 * second + 50; atUs += 1) {
    assert.ok(profile.changesAfterUs(atUs) > atUs);
  }
});

test('a ramp with a top falls back to its first load there, and at once when it is told to', () => {
  const ramp: Workload = { ...shape, kind: 'ramp', fromTps: 10, toTps: 40, steps: 4 };
  const profile = new LoadProfile(ramp, { ...options, topUs: 50 * second });
  assert.equal(profile.tpsAt(50 * second - 1), 40);
  assert.equal(profile.tpsAt(50 * second), 10);
  assert.equal(profile.tpsAt(109 * second), 10);
  profile.fall(25 * second, 10);
  assert.equal(profile.tpsAt(25 * second - 1), 20);
  assert.equal(profile.tpsAt(25 * second), 10);
  assert.equal(profile.changesAfterUs(20 * second), 25 * second);
  assert.equal(profile.changesAfterUs(25 * second), Number.POSITIVE_INFINITY);
  assert.equal(profile.meanTps(20 * second, 30 * second), 15);
});
