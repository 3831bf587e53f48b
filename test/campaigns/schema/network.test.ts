/**
 * Networks: profiles, figures, and profiles with some figures replaced.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseNetwork, namedNetwork, networkNames, networkSchema } from '#campaigns/schema/network.ts';

test('every named profile can be written by its name and keeps it', () => {
  assert.equal(networkNames.length, 9);
  for (const name of networkNames) {
    assert.deepEqual(networkSchema.parse(name), namedNetwork(name));
    assert.deepEqual(networkSchema.parse({ profile: name }), namedNetwork(name));
  }
});

test('a replaced figure shows in the name, and the base is found in it', () => {
  const network = networkSchema.parse({ profile: 'lan', bandwidth: '100Mbps', loss: '2%', spread: 'pair' });
  assert.equal(network.name, 'lan with spread by pair, loss 2%, 100Mbps');
  assert.deepEqual(network.oneWayUs, [1_000, 10_000]);
  assert.equal(network.bandwidthBitsPerSecond, 100_000_000);
  assert.equal(baseNetwork(network.name)?.name, 'lan');
});

test('figures alone are a custom network without loss, duplicates or a limit', () => {
  assert.deepEqual(networkSchema.parse({ one_way: '5ms' }), {
    name: 'custom',
    source: 'scenario',
    oneWayUs: [5_000, 5_000],
    spread: 'message',
    loss: 0,
    duplication: 0,
    reorder: 0,
    bandwidthBitsPerSecond: null,
  });
  assert.equal(baseNetwork('custom'), null);
});
