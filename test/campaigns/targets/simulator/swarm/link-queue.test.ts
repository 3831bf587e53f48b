/**
 * Full links, as the swarm found them wanting: a message held up at its sender must not hold up the receiver's other messages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Network } from '#campaigns/targets/simulator/network.ts';
import { RoundTrip } from '#node/core/round-trip.ts';
import { networkNamed } from '#test/support/run-spec-example.ts';

// 8 Mbit/s: a byte takes a microsecond.
const slow = {
  ...networkNamed('ideal'),
  oneWayUs: [1_000, 1_000] as const,
  bandwidthBitsPerSecond: 8_000_000,
};

test('a message behind a long queue at its sender does not delay what others send to the same receiver', () => {
  const network = new Network(slow, 3, 1, 1);
  for (let i = 0; i < 10; i += 1) network.delay(0, 0, 2, 50_000, 0);
  assert.equal(network.delay(0, 0, 1, 100, 0), 1_000 + 500_000 + 100 + 100);
  assert.equal(network.delay(0, 2, 1, 100, 0), 1_000 + 100 + 200);
});

test('two senders share the link of their receiver', () => {
  const network = new Network(slow, 3, 1, 1);
  assert.equal(network.delay(0, 0, 2, 1_000, 0), 1_000 + 1_000 + 1_000);
  assert.equal(network.delay(0, 1, 2, 1_000, 0), 1_000 + 1_000 + 2_000);
});

test('the timeout doubles up to its bound while nothing is heard, and an answer ends that', () => {
  const trip = new RoundTrip(1, { initialUs: 5_000, leastUs: 10_000, mostUs: 50_000 });
  const seen = Array.from({ length: 5 }, () => {
    const timeoutUs = trip.timeoutUs(0);
    trip.heardNothing(0);
    return timeoutUs;
  });
  assert.deepEqual(seen, [10_000, 20_000, 40_000, 50_000, 50_000]);
  trip.observe(0, 12_000);
  assert.equal(trip.timeoutUs(0), 36_000);
  trip.forget(0);
  assert.equal(trip.timeoutUs(0), 10_000);
});
