/** The read cache: order of use, bound, ranges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadCache } from '#node/host/store/read-cache.ts';

const value = (bytes: number): Uint8Array => new Uint8Array(bytes);

test('the one unused for longest leaves first', () => {
  const cache = new ReadCache(3 * (160 + 1 + 100));
  for (const name of ['a', 'b', 'c']) cache.set(name, value(100));
  assert.ok(cache.get('a') !== undefined);
  cache.set('d', value(100));
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => cache.get(name) !== undefined),
    [true, false, true, true],
  );
});

test('it stays within its bound, whatever comes in', () => {
  const cache = new ReadCache(10_000);
  for (let i = 0; i < 1_000; i++) {
    cache.set(`${i % 50}`, value((i * 37) % 3_000));
    assert.ok(cache.bytes <= 10_000);
  }
  cache.set('huge', value(20_000));
  assert.equal(cache.get('huge'), undefined);
});

test('what is written becomes the value that is held, and is not held when nobody has read it', () => {
  const cache = new ReadCache(100_000);
  cache.replace('a', value(10));
  assert.equal(cache.get('a'), undefined);
  cache.set('a', value(10));
  cache.replace('a', value(20));
  assert.equal(cache.get('a')?.length, 20);
});

test('a range goes at once; bytes come back to zero', () => {
  const cache = new ReadCache(100_000);
  for (const name of ['a', 'b', 'c', 'd']) cache.set(name, value(10));
  cache.deleteRange('b', 'd');
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => cache.get(name) !== undefined),
    [true, false, false, true],
  );
  for (const name of ['a', 'd']) cache.delete(name);
  assert.equal(cache.bytes, 0);
});
