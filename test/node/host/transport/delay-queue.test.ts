/**
 * Order, single timer and early release of the queue of delayed actions.
 * Owns: its properties. Does not own: what is delayed (conditions.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DelayQueue } from '#node/host/transport/delay-queue.ts';
import { VirtualClock } from '#test/support/virtual-clock.ts';

test('whatever is added runs once, in order of time, then of arrival, never early', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 200 }), (delays) => {
      const clock = new VirtualClock(0);
      const queue = new DelayQueue(clock);
      const ran: { readonly due: number; readonly place: number }[] = [];
      for (const [place, due] of delays.entries())
        queue.add(due, () => {
          assert.equal(clock.nowUs(), due);
          ran.push({ due, place });
        });
      clock.advance(2_000);
      const expected = delays.map((due, place) => ({ due, place }));
      expected.sort((a, b) => a.due - b.due || a.place - b.place);
      assert.deepEqual(ran, expected);
    }),
  );
});

test('there is one timer, and an action that adds one that is due at once lets others go first', () => {
  const clock = new VirtualClock(0);
  const queue = new DelayQueue(clock);
  let again = 0;
  const forever = (): void => {
    again += 1;
    if (again < 5) queue.add(clock.nowUs(), forever);
  };
  queue.add(10, forever);
  for (let i = 0; i < 100; i++) queue.add(20 + i, () => {});
  assert.equal(clock.waiting, 1);
  clock.advance(10);
  assert.equal(again, 5);
  queue.close();
  assert.equal(clock.waiting, 0);
});

test('a coarse timer releases half a tick early, a failing action does not stop the others', () => {
  const clock = new VirtualClock(0);
  const queue = new DelayQueue(clock, 500);
  const ran: number[] = [];
  queue.add(1_000, () => ran.push(clock.nowUs()));
  queue.add(1_001, () => {
    throw new Error('of a handler');
  });
  queue.add(1_002, () => ran.push(clock.nowUs()));
  assert.throws(() => clock.advance(2_000), /of a handler/);
  clock.advance(2_000);
  assert.equal(ran.length, 2);
  assert.equal(ran[0], 500);
});
