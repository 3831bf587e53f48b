/** The key index against a Map of lists, through growth, removal and reuse of entries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyIndex } from '#node/core/key-index.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

function holders(index: KeyIndex, a: number, b: number): number[] {
  const found: number[] = [];
  for (let entry = index.find(a, b); entry >= 0; entry = index.findNext(entry))
    found.push(index.slotAt(entry));
  return found.sort((x, y) => x - y);
}

function keysOf(index: KeyIndex, slot: number): string[] {
  const found: string[] = [];
  for (let entry = index.firstOf(slot); entry >= 0; entry = index.siblingOf(entry))
    found.push(index.keyAt(entry).join('/'));
  return found.sort();
}

test('an empty index finds nothing', () => {
  const index = new KeyIndex(32);
  assert.equal(index.find(1, 2), -1);
  assert.equal(index.firstOf(31), -1);
  assert.equal(index.size, 0);
});

test('both words of a key count, negative words too', () => {
  const index = new KeyIndex(32);
  index.add(3, 1, -5);
  index.add(4, -5, 1);
  assert.deepEqual(holders(index, 1, -5), [3]);
  assert.deepEqual(holders(index, -5, 1), [4]);
  assert.deepEqual(holders(index, 1, 5), []);
});

test('one key may have several holders, and one slot several keys', () => {
  const index = new KeyIndex(32);
  for (const slot of [5, 6, 7]) index.add(slot, 9, 9);
  index.add(6, 9, 10);
  assert.deepEqual(holders(index, 9, 9), [5, 6, 7]);
  assert.deepEqual(keysOf(index, 6), ['9/10', '9/9']);
  index.remove(6);
  assert.deepEqual(holders(index, 9, 9), [5, 7]);
  assert.deepEqual(holders(index, 9, 10), []);
  assert.equal(index.size, 2);
});

test('removing a slot without keys changes nothing', () => {
  const index = new KeyIndex(32);
  index.add(1, 1, 1);
  index.remove(2);
  index.remove(1);
  index.remove(1);
  assert.equal(index.size, 0);
});

test('the index agrees with a Map of lists under any sequence of changes', () => {
  const change = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('add'), fc.nat(31), fc.nat(5), fc.nat(5)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('remove'), fc.nat(31), fc.nat(5), fc.nat(5)) },
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), (changes) => {
      const index = new KeyIndex(32);
      let reference: { slot: number; key: string }[] = [];
      for (const [kind, slot, a, b] of changes) {
        if (kind === 'add') {
          index.add(slot, a, b);
          reference.push({ slot, key: `${a}/${b}` });
        } else {
          index.remove(slot);
          reference = reference.filter((entry) => entry.slot !== slot);
        }
        assert.equal(index.size, reference.length);
      }
      for (let a = 0; a <= 5; a++)
        for (let b = 0; b <= 5; b++) {
          const expected = reference.filter(({ key }) => key === `${a}/${b}`).map((entry) => entry.slot);
          assert.deepEqual(
            holders(index, a, b),
            expected.sort((x, y) => x - y),
          );
        }
      for (let slot = 0; slot < 32; slot++) {
        const expected = reference.filter((entry) => entry.slot === slot).map(({ key }) => key);
        assert.deepEqual(keysOf(index, slot), expected.sort());
      }
    }),
    { seed, numRuns: 60 },
  );
});

test('a thousand keys of wide range survive growth, and widening keeps what is there', () => {
  const index = new KeyIndex(32);
  index.widen(1024);
  for (let slot = 0; slot < 1000; slot++) index.add(slot, slot * 0x10001, ~slot);
  for (let slot = 0; slot < 1000; slot += 2) index.remove(slot);
  index.widen(2048);
  index.add(2047, 1, 1);
  for (let slot = 0; slot < 1000; slot++)
    assert.deepEqual(holders(index, slot * 0x10001, ~slot), slot % 2 === 0 ? [] : [slot]);
  assert.deepEqual(holders(index, 1, 1), [2047]);
  assert.equal(index.size, 501);
});
