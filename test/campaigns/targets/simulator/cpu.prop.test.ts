// Goal: a node's event loop works one piece after another, its signature workers side by side, and never more than its cores.
// Method: single cases, and random schedules of work under invariants; fixed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cpu, longestBacklogUs } from '#campaigns/targets/simulator/cpu.ts';

const seed = 20_260_306;
const work = fc.record({
  pool: fc.boolean(),
  costUs: fc.integer({ min: 0, max: 900 }),
  afterUs: fc.integer({ min: 0, max: 500 }),
});
const schedule = fc.array(work, { maxLength: 200 });

test('the event loop works in order without gaps while there is work', () => {
  fc.assert(
    fc.property(schedule, (all) => {
      const cpu = new Cpu(2, 4);
      let nowUs = 0;
      let freeUs = 0;
      for (const { costUs, afterUs } of all) {
        nowUs += afterUs;
        freeUs = Math.max(freeUs, nowUs) + costUs;
        assert.equal(cpu.loop(1, costUs, nowUs), freeUs);
      }
      assert.equal(cpu.loopFreeUs[0], 0, 'another node is not busy');
    }),
    { seed, numRuns: 200 },
  );
});

test('a node is never busier than its cores, and in the end all work is done', () => {
  fc.assert(
    fc.property(schedule, fc.integer({ min: 1, max: 6 }), (all, cores) => {
      const cpu = new Cpu(1, cores);
      let nowUs = 0;
      let totalUs = 0;
      let before = 0;
      for (const { pool, costUs, afterUs } of all) {
        nowUs += afterUs;
        const busyUs = cpu.busyUs(0, nowUs);
        assert.ok(busyUs >= before - 1e-6 && busyUs <= cores * nowUs + 1e-6, `${busyUs} us of ${nowUs}`);
        before = busyUs;
        if (pool) cpu.pool(0, costUs, nowUs);
        else cpu.loop(0, costUs, nowUs);
        totalUs += costUs;
      }
      assert.ok(Math.abs(cpu.busyUs(0, nowUs + totalUs) - totalUs) < 1e-6);
    }),
    { seed, numRuns: 300 },
  );
});

test('three signature workers take three signatures in the time of one each and share the queue', () => {
  const cpu = new Cpu(1, 4);
  const done = Array.from({ length: 6 }, () => cpu.pool(0, 300, 0));
  assert.deepEqual(done, [300, 400, 500, 600, 700, 800]);
  assert.equal(cpu.signatureUs(0), 1_800);
  assert.equal(cpu.loop(0, 10, 0), 10, 'the event loop has a core of its own');
});

test('with one core signatures and event loop wait for each other', () => {
  const cpu = new Cpu(1, 1);
  assert.equal(cpu.pool(0, 300, 0), 300);
  assert.equal(cpu.loop(0, 10, 0), 310);
  assert.equal(cpu.pool(0, 300, 0), 610);
  assert.equal(cpu.busyUs(0, 400), 400);
});

test('a throttled node works slower for as long as it lasts, others do not', () => {
  const cpu = new Cpu(2, 4);
  const slowed = Int32Array.of(1);
  cpu.setFactor(slowed, 4, true);
  assert.equal(cpu.loop(0, 100, 0), 100);
  assert.equal(cpu.loop(1, 100, 0), 400);
  assert.equal(cpu.throttledUs, 300);
  cpu.setFactor(slowed, 2, true);
  assert.equal(cpu.loop(1, 100, 1_000), 1_800);
  cpu.setFactor(slowed, 4, false);
  cpu.setFactor(slowed, 2, false);
  assert.equal(cpu.loop(1, 100, 10_000), 10_100);
  assert.equal(cpu.throttledUs, 1_000);
});

test('a backlog beyond the bound is refused and counted; a restart begins with an empty one', () => {
  const cpu = new Cpu(1, 2);
  cpu.loop(0, longestBacklogUs, 0);
  assert.equal(cpu.isOverloaded(0, 0), false);
  cpu.loop(0, 1, 0);
  assert.equal(cpu.isOverloaded(0, 0), true);
  assert.equal(cpu.isOverloaded(0, 1), false);
  assert.equal(cpu.refused, 1);
  cpu.reset(0, 500);
  assert.equal(cpu.loopFreeUs[0], 500);
  assert.equal(cpu.busyUs(0, 500), 500, 'work that a crash threw away was not done');
});
