// Goal: arrivals come when the workload says, spread over creators, with conflicts in pairs. Method: drain whole schedules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '#campaigns/run-spec.ts';
import { Arrivals, type ArrivalsOptions } from '#campaigns/workloads/arrivals.ts';

const shape = { batch: 10, payloadBytes: 100, parents: { kind: 'chain' }, conflictShare: 0 } as const;
const second = 1_000_000;
const issuers = Int32Array.from({ length: 20 }, (_, i) => 3 * i);
const options: ArrivalsOptions = {
  seed: 11,
  startUs: 0,
  endUs: 100 * second,
  windowStartUs: 0,
  scale: 1,
  issuers,
  conflictGapUs: 5_000,
};

interface Arrival {
  readonly dueUs: number;
  readonly creator: number;
  readonly conflictKey: number;
}

function drain(workload: Workload, over: Partial<ArrivalsOptions> = {}): Arrival[] {
  const arrivals = new Arrivals(workload, { ...options, ...over });
  const all: Arrival[] = [];
  for (; arrivals.nextDueUs >= 0; arrivals.advance()) {
    all.push({ dueUs: arrivals.nextDueUs, creator: arrivals.creator, conflictKey: arrivals.conflictKey });
  }
  assert.equal(arrivals.taken, all.length);
  return all;
}

test('a constant load is exactly even and does not drift', () => {
  const due = drain({ ...shape, kind: 'constant', tps: 30 }).map(({ dueUs }) => dueUs);
  assert.equal(due.length, 300);
  due.forEach((dueUs, i) => {
    assert.equal(dueUs, Math.ceil(((2 * i + 1) * second) / 6));
  });
});

test('a week of constant load ends where it should to the microsecond', () => {
  const week = 7 * 86_400 * second;
  const due = drain({ ...shape, batch: 1_000, kind: 'constant', tps: 70 }, { endUs: week });
  assert.equal(due.length, 42_336);
  assert.equal(due.at(-1)!.dueUs, Math.ceil((84_671 * 1_000 * second) / 140));
});

test('Poisson arrivals have the mean and the spread of their law', () => {
  const due = drain({ ...shape, batch: 1, kind: 'open-loop', tps: 200 }).map(({ dueUs }) => dueUs);
  const gaps = due.slice(1).map((dueUs, i) => dueUs - due[i]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const square = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  assert.ok(Math.abs(mean - 5_000) < 4 * (5_000 / Math.sqrt(gaps.length)), `mean ${mean}`);
  assert.ok(
    Math.abs(Math.sqrt(square) / mean - 1) < 0.04,
    `coefficient of variation ${Math.sqrt(square) / mean}`,
  );
  assert.ok(Math.abs(gaps.filter((gap) => gap > mean).length / gaps.length - Math.exp(-1)) < 0.02);
});

test('a changing load issues the integral of its profile', () => {
  const ramp: Workload = { ...shape, batch: 1, kind: 'ramp', fromTps: 0, toTps: 90, steps: 10 };
  const due = drain(ramp).map(({ dueUs }) => dueUs);
  assert.equal(due.length, 4_500);
  const within = (from: number, until: number): number =>
    due.filter((dueUs) => dueUs >= from * second && dueUs < until * second).length;
  assert.equal(within(0, 10), 0);
  assert.equal(within(10, 20), 100);
  assert.equal(within(90, 100), 900);
});

test('a load of nothing makes nothing due', () => {
  assert.deepEqual(drain({ ...shape, kind: 'constant', tps: 0 }), []);
});

test('creators are issuers, all of them, about equally often', () => {
  const counts = new Map<number, number>();
  for (const { creator } of drain({ ...shape, batch: 1, kind: 'constant', tps: 100 })) {
    counts.set(creator, (counts.get(creator) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts.keys()].sort((a, b) => a - b),
    [...issuers],
  );
  for (const count of counts.values()) assert.ok(Math.abs(count - 500) < 120, `${count}`);
});

test('a conflict key belongs to exactly two vertices of two creators within the gap', () => {
  const all = drain({ ...shape, batch: 1, conflictShare: 0.3, kind: 'constant', tps: 100 });
  assert.equal(all.length, 10_000);
  const pairs = new Map<number, Arrival[]>();
  for (const arrival of all) {
    if (arrival.conflictKey > 0)
      pairs.set(arrival.conflictKey, [...(pairs.get(arrival.conflictKey) ?? []), arrival]);
  }
  for (const pair of pairs.values()) {
    assert.equal(pair.length, 2);
    assert.notEqual(pair[0]!.creator, pair[1]!.creator);
    assert.ok(pair[1]!.dueUs - pair[0]!.dueUs >= 0 && pair[1]!.dueUs - pair[0]!.dueUs <= 5_000);
  }
  assert.ok(Math.abs((2 * pairs.size) / all.length - 0.3) < 0.03, `${pairs.size} pairs`);
});

test('every stretch of a load holds the conflicts that were asked for, whatever the seed', () => {
  const workload = { ...shape, batch: 1, conflictShare: 0.02, kind: 'constant', tps: 1_000 } as const;
  for (const seed of [1, 2, 3]) {
    const all = drain(workload, { seed });
    const per = 500;
    assert.ok(all.length >= 4 * per);
    for (let from = 0; from + per <= all.length; from += per) {
      const held = all.slice(from, from + per).filter(({ conflictKey }) => conflictKey > 0).length;
      // 2 % of 500; a pair at either end may lie half or wholly in the next stretch.
      assert.ok(Math.abs(held - 10) <= 4, `${seed}, from ${from}: ${held}`);
    }
  }
});

test('with a conflict share of one every vertex is half of a pair', () => {
  const all = drain({ ...shape, conflictShare: 1, kind: 'constant', tps: 100 });
  assert.equal(all.filter(({ conflictKey }) => conflictKey === 0).length, 0);
});

test('one issuer alone cannot conflict with another', () => {
  const all = drain({ ...shape, conflictShare: 1, kind: 'constant', tps: 10 }, { issuers: Int32Array.of(4) });
  assert.ok(all.every(({ conflictKey, creator }) => conflictKey === 0 && creator === 4));
});

test('a single workload waits for the release of the vertex in flight', () => {
  const arrivals = new Arrivals({ ...shape, kind: 'single' }, options);
  assert.equal(arrivals.isSingle, true);
  assert.equal(arrivals.nextDueUs, 0);
  arrivals.advance();
  assert.equal(arrivals.nextDueUs, -1);
  arrivals.release(70_000);
  assert.equal(arrivals.nextDueUs, 70_000);
  arrivals.release(80_000);
  assert.equal(arrivals.nextDueUs, 70_000);
  arrivals.advance();
  arrivals.release(options.endUs);
  assert.equal(arrivals.nextDueUs, -1);
});

test('offered load is what the profile says between start and end, and nothing outside', () => {
  const arrivals = new Arrivals({ ...shape, kind: 'constant', tps: 30 }, { ...options, startUs: second });
  assert.equal(arrivals.offeredTps(0), 0);
  assert.equal(arrivals.offeredTps(second), 30);
  assert.equal(arrivals.offeredTps(options.endUs), 0);
});

test('a load that falls is the lower one from then on, and ends when it is told to', () => {
  const ramp: Workload = { ...shape, batch: 1, kind: 'ramp', fromTps: 10, toTps: 1_000, steps: 10 };
  const arrivals = new Arrivals(ramp, { ...options, topUs: 50 * second });
  const due: number[] = [];
  const until = (us: number): void => {
    for (; arrivals.nextDueUs >= 0 && arrivals.nextDueUs < us; arrivals.advance())
      due.push(arrivals.nextDueUs);
  };
  const between = (from: number, to: number): number =>
    due.filter((us) => us >= from * second && us < to * second).length;
  until(15 * second);
  arrivals.fall(15 * second, 10);
  until(60 * second);
  arrivals.end(60 * second);
  until(100 * second);
  assert.equal(between(5, 10), 5 * 120);
  assert.ok(Math.abs(between(10, 15) - 5 * 230) <= 1, String(between(10, 15)));
  assert.ok(Math.abs(between(15, 60) - 450) <= 2, String(between(15, 60)));
  assert.equal(between(60, 100), 0);
  assert.equal(arrivals.nextDueUs, -1);
});
