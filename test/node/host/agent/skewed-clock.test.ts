/** The clock of a node under skew: monotonic, convertible both ways, timers that keep to it; and a disk that fails on demand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BreakableDisk } from '#node/host/agent/breakable-disk.ts';
import { SkewedClock } from '#node/host/agent/skewed-clock.ts';
import type { Engine } from '#node/host/store/engine.ts';
import { asStoreError } from '#node/host/store/engine-store.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

test('time runs on whatever the skew, and converts both ways', () => {
  const script = fc.array(
    fc.tuple(fc.integer({ min: -500_000, max: 500_000 }), fc.integer({ min: 1, max: 10_000_000 })),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(script, (steps) => {
      const clock = new VirtualClock();
      const node = new SkewedClock(clock);
      let before = node.nowUs();
      for (const [ppm, forUs] of steps) {
        node.setPpm(ppm);
        assert.ok(Math.abs(node.nowUs() - before) <= 1, 'a change of the rate is no jump');
        clock.advance(forUs);
        const ranUs = node.nowUs() - before;
        assert.ok(Math.abs(ranUs - forUs * (1 + ppm / 1e6)) <= 2, `${ranUs} of ${forUs} at ${ppm}`);
        assert.ok(Math.abs(node.toTrueUs(node.nowUs()) - clock.nowUs()) <= 2);
        before = node.nowUs();
      }
      node.setPpm(0);
      const offUs = Math.abs(node.nowUs() - clock.nowUs());
      assert.ok(node.offUs >= offUs - 1);
    }),
    { numRuns: 300 },
  );
});

test('a timer fires at its time of the node, also when the skew changes while it waits', () => {
  const clock = new VirtualClock();
  const node = new SkewedClock(clock);
  node.setPpm(500_000);
  const dueUs = node.nowUs() + 3_000;
  const fired: number[] = [];
  node.at(dueUs, () => fired.push(node.nowUs()));
  const cancelled = node.at(dueUs, () => assert.fail('cancelled'));
  clock.advance(1_000);
  node.setPpm(-500_000);
  cancelled.cancel();
  clock.advance(2_999);
  assert.deepEqual(fired, []);
  clock.advance(10);
  assert.equal(fired.length, 1);
  assert.ok(fired[0]! >= dueUs && fired[0]! <= dueUs + 2);
});

test('a broken or full disk refuses writes as such, still reads, and works again afterwards', async () => {
  const disk = new BreakableDisk();
  let writes = 0;
  const engine: Engine = {
    get: async () => Uint8Array.of(1),
    range: async function* () {},
    write: async () => {
      writes += 1;
    },
    flush: async () => {},
    settle: async () => {},
    compact: async () => {},
    close: async () => {},
  };
  const guarded = disk.around(engine);
  await guarded.write([]);
  disk.state = 'full';
  await assert.rejects(guarded.write([]), (error) => asStoreError(error).code === 'full');
  disk.state = 'failing';
  await assert.rejects(guarded.flush(), (error) => asStoreError(error).code === 'io');
  assert.deepEqual(await guarded.get(Uint8Array.of(9)), Uint8Array.of(1));
  disk.state = 'sound';
  await guarded.write([]);
  assert.deepEqual([writes, disk.refusedWrites], [2, 2]);
});
