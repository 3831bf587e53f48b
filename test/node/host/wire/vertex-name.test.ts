/**
 * Short names: equal for equal ids and salts, and of no use to somebody who finds two ids with one prefix.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNameOf, nameKey, shortNames, writeName } from '#node/host/wire/vertex-name.ts';
import { bytesOf } from './frame-samples.ts';

function nameOf(id: Uint8Array, salt: number): Uint8Array {
  const name = shortNames(1);
  writeName(id, 0, salt, name, 0);
  return name;
}

test('a name is that of its id under its salt, and is found by the key of the id', () => {
  for (let i = 0; i < 1_000; i++) {
    const id = bytesOf(32, i * 7_919);
    const name = nameOf(id, i);
    assert.ok(isNameOf(name, 0, id, 0, i));
    assert.equal(nameKey(name, 0), nameKey(id, 0));
    assert.ok(nameKey(id, 0) < 2 ** 48 && Number.isSafeInteger(nameKey(id, 0)));
  }
});

test('keys order as 48-bit numbers: no two prefixes share one', () => {
  assert.equal(nameKey(Uint8Array.of(1, 0, 0, 0, 0, 0), 0), 1);
  assert.equal(nameKey(Uint8Array.of(0, 0, 0, 0, 0, 1), 0), 2 ** 40);
  assert.equal(nameKey(new Uint8Array(6).fill(255), 0), 2 ** 48 - 1);
});

test('twins with one prefix share their name under a few salts of 65,536 only, however close they are', () => {
  const salts = 1 << 18;
  for (const differing of [6, 7, 12, 31]) {
    const one = bytesOf(32, 5);
    const twin = Uint8Array.from(one);
    twin[differing]! ^= 0x80;
    const name = shortNames(1);
    let shared = 0;
    for (let salt = 0; salt < salts; salt++) {
      writeName(one, 0, salt, name, 0);
      if (isNameOf(name, 0, twin, 0, salt)) shared++;
    }
    // 4 are expected; a fixed prefix would give all of them.
    assert.ok(shared < 32, `byte ${differing}: shared under ${shared} salts of ${salts}`);
  }
});
