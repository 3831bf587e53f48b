/** The named network conditions are those of the requirements, one way, and the poll interval follows from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPollIntervalUs, medianRoundTripUs, networkProfiles } from '#node/model/network-profile.ts';

/** Requirements 2.1: milliseconds one way, share of lost messages. */
const required: ReadonlyArray<readonly [name: string, leastMs: number, mostMs: number, loss: number]> = [
  ['ideal', 0, 0, 0],
  ['local', 0.1, 1, 0],
  ['lan', 1, 10, 0.0001],
  ['wan', 50, 200, 0.001],
  ['intercontinental', 150, 300, 0.005],
  ['degraded', 200, 500, 0.01],
  ['poor', 200, 500, 0.02],
];

for (const [name, leastMs, mostMs, loss] of required) {
  test(`${name}: ${leastMs}-${mostMs} ms one way, ${loss * 100} % loss`, () => {
    const found = networkProfiles.filter((profile) => profile.name === name);
    assert.equal(found.length, 1);
    assert.deepEqual(found[0]!.oneWayUs, [leastMs * 1000, mostMs * 1000]);
    assert.equal(found[0]!.loss, loss);
  });
}

test('every profile is named once, states its source and holds whole microseconds in order', () => {
  assert.equal(new Set(networkProfiles.map(({ name }) => name)).size, networkProfiles.length);
  for (const { oneWayUs, source, loss, duplication, reorder } of networkProfiles) {
    assert.ok(oneWayUs.every(Number.isInteger) && oneWayUs[0] <= oneWayUs[1]);
    assert.ok(source.length > 5);
    for (const share of [loss, duplication, reorder]) assert.ok(share >= 0 && share < 1);
  }
});

test('the median round trip is two one-way medians, a quarter of it the poll interval, never below 5 ms', () => {
  const named = new Map(networkProfiles.map((profile) => [profile.name, profile]));
  assert.equal(medianRoundTripUs(named.get('wan')!), 250_000);
  assert.equal(defaultPollIntervalUs(named.get('wan')!), 62_500);
  assert.equal(defaultPollIntervalUs(named.get('lan')!), 5_000);
  assert.equal(defaultPollIntervalUs(named.get('ideal')!), 5_000);
  assert.equal(defaultPollIntervalUs(named.get('poor')!), 175_000);
});
