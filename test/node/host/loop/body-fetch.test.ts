/**
 * Asking for vertices on virtual time: what a network that becomes slow is asked for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 } from '#node/host/hash/blake3.ts';
import { BodyFetch } from '#node/host/loop/body-fetch.ts';
import { decodeFrame } from '#node/host/wire/decode-frame.ts';
import { nameKey } from '#node/host/wire/vertex-name.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const members = 20;
const bounds = { initialUs: 400_000, leastUs: 10_000, mostUs: 4_000_000 };

/** Everybody has everything and answers after `delayUs`; returns how many bodies were sent for each vertex. */
async function fetched(delayOf: (vertex: number) => number): Promise<number> {
  const clock = new VirtualClock();
  let bodies = 0;
  let delayUs = 0;
  const fetch = new BodyFetch({
    clock,
    bounds,
    isAdaptive: true,
    most: 4_096,
    members,
    self: 0,
    allows: () => true,
    asked: () => {},
    failed: () => {},
    succeeded: () => {},
    send: (member, bytes) => {
      const frame = decodeFrame(bytes);
      assert.ok(frame.kind === 'request');
      const { long } = frame.names;
      const keys = Array.from({ length: long.length / 32 }, (_, i) => nameKey(long, 32 * i));
      bodies += keys.length;
      clock.at(clock.nowUs() + delayUs, () => {
        for (const key of keys) {
          fetch.arrived(key, member);
          fetch.done(key);
        }
      });
    },
    draw: (bound) => bodies % bound,
    touch: () => clock.at(clock.nowUs(), () => fetch.flush()),
    gaveUp: () => assert.fail('gave up'),
  });
  const vertices = 600;
  for (let vertex = 0; vertex < vertices; vertex++) {
    delayUs = delayOf(vertex);
    const id = blake3(Uint8Array.of(vertex, vertex >>> 8));
    for (const holder of [1, 2, 3]) fetch.wantId(id, 1 + ((vertex + holder) % (members - 1)));
    await clock.advanceSettling(20_000);
  }
  await clock.advanceSettling(20_000_000);
  assert.equal(fetch.size, 0);
  return bodies / vertices;
}

test('each vertex is asked for once where answers come fast', async () => {
  assert.equal(await fetched(() => 2_000), 1);
});

test('a network that becomes slow is not asked for everything again and again', async () => {
  const perVertex = await fetched((vertex) => (vertex < 50 ? 2_000 : 1_500_000));
  assert.ok(perVertex < 1.5, `${perVertex} bodies for each vertex`);
});
