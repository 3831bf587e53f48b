/** The adaptive timeout: the recurrence of RFC 6298 with its numbers, its bounds, and one row per node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoundTrip } from '#node/core/round-trip.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

const bounds = { initialUs: 3_000_000, leastUs: 10_000, mostUs: 60_000_000 };

test('before the first sample the initial timeout holds', () => {
  assert.equal(new RoundTrip(1, bounds).timeoutUs(0), 3_000_000);
});

test('the first sample R gives R + 4 * R/2', () => {
  const trip = new RoundTrip(1, bounds);
  trip.observe(0, 100_000);
  assert.equal(trip.timeoutUs(0), 300_000);
});

test('further samples follow the published recurrence: deviation by 1/4 first, then the mean by 1/8', () => {
  const trip = new RoundTrip(1, bounds);
  let [smoothed, deviation] = [80_000, 40_000];
  trip.observe(0, 80_000);
  for (const sample of [120_000, 60_000, 60_000, 500_000, 90_000]) {
    trip.observe(0, sample);
    deviation = 0.75 * deviation + 0.25 * Math.abs(smoothed - sample);
    smoothed = 0.875 * smoothed + 0.125 * sample;
    const expected = smoothed + 4 * deviation;
    assert.ok(Math.abs(trip.timeoutUs(0) - expected) <= 1 + 1e-6, `${trip.timeoutUs(0)} is ${expected}`);
  }
});

test('a steady round trip brings the timeout down to it, but not below the least', () => {
  const trip = new RoundTrip(2, bounds);
  for (let i = 0; i < 200; i++) {
    trip.observe(0, 50_000);
    trip.observe(1, 200);
  }
  assert.ok(trip.timeoutUs(0) >= 50_000 && trip.timeoutUs(0) <= 50_001);
  assert.equal(trip.timeoutUs(1), 10_000);
});

test('the timeout never passes its upper bound', () => {
  const trip = new RoundTrip(1, bounds);
  trip.observe(0, 59_000_000);
  assert.equal(trip.timeoutUs(0), 60_000_000);
});

test('samples of one node leave the others alone, and a restart forgets', () => {
  const trip = new RoundTrip(2, bounds);
  trip.observe(1, 20_000);
  assert.equal(trip.timeoutUs(0), 3_000_000);
  assert.equal(trip.timeoutUs(1), 60_000);
  trip.forget(1);
  assert.equal(trip.timeoutUs(1), 3_000_000);
  trip.observe(1, 40_000);
  assert.equal(trip.timeoutUs(1), 120_000, 'nothing of the old deviation is left');
});

test('timeouts are whole microseconds', () => {
  const trip = new RoundTrip(1, bounds);
  for (let i = 1; i < 50; i++) {
    trip.observe(0, 10_000 + 37 * i);
    assert.ok(Number.isInteger(trip.timeoutUs(0)));
  }
});
