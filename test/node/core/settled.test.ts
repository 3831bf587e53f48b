/** The watermark with exceptions against a plain Map, in any order of pruning, with twins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Settled } from '#node/core/settled.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();
const seed = 20_261_121;

test('nothing is settled at the start', () => {
  const settled = new Settled(3);
  assert.equal(settled.isFinalised(0, 1), false);
  assert.equal(settled.isRejected(2, 1), false);
  assert.equal(settled.isSpent(1), false);
});

test('in order: the watermark covers finalised ones, exceptions stay rejected', () => {
  const settled = new Settled(1);
  settled.note(0, 1, true);
  settled.note(0, 2, false);
  settled.note(0, 3, true);
  assert.deepEqual(
    [1, 2, 3, 4].map((s) => settled.isFinalised(0, s)),
    [true, false, true, false],
  );
  assert.deepEqual(
    [1, 2, 3, 4].map((s) => settled.isRejected(0, s)),
    [false, true, false, false],
  );
});

test('a gap holds the watermark back but hides nothing', () => {
  const settled = new Settled(1);
  settled.note(0, 3, true);
  settled.note(0, 2, false);
  assert.equal(settled.isFinalised(0, 3), true);
  assert.equal(settled.isRejected(0, 2), true);
  assert.equal(settled.isFinalised(0, 1) || settled.isRejected(0, 1), false);
  settled.note(0, 1, true);
  assert.deepEqual(
    [1, 2, 3].map((s) => settled.isFinalised(0, s)),
    [true, false, true],
  );
});

for (const [first, second] of [
  [true, false],
  [false, true],
] as const) {
  test(`of twins the finalised one wins (${first ? 'finalised' : 'rejected'} pruned first)`, () => {
    for (const below of [0, 1]) {
      const settled = new Settled(1);
      for (let sequence = 1; sequence <= below; sequence++) settled.note(0, sequence, true);
      settled.note(0, 2, first);
      settled.note(0, 2, second);
      assert.equal(settled.isFinalised(0, 2), true);
      assert.equal(settled.isRejected(0, 2), false);
    }
  });
}

test('two rejected twins leave the sequence rejected', () => {
  const settled = new Settled(1);
  settled.note(0, 1, false);
  settled.note(0, 1, false);
  assert.equal(settled.isRejected(0, 1), true);
});

test('spent inputs are told apart, up to the largest safe integer', () => {
  const settled = new Settled(1);
  settled.spend(Number.MAX_SAFE_INTEGER);
  settled.spend(7);
  assert.deepEqual(
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, 7, 8].map((input) => settled.isSpent(input)),
    [true, false, true, false],
  );
});

test('any order of pruning by several creators agrees with a Map', () => {
  const noted = fc.record({
    creator: fc.nat(2),
    sequence: fc.integer({ min: 1, max: 14 }),
    finalised: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(noted, { maxLength: 60, size: 'max' }), (notes) => {
      const settled = new Settled(3);
      const reference = new Map<string, boolean>();
      for (const { creator, sequence, finalised } of notes) {
        settled.note(creator, sequence, finalised);
        const key = `${creator}/${sequence}`;
        reference.set(key, finalised || (reference.get(key) ?? false));
      }
      for (let creator = 0; creator < 3; creator++)
        for (let sequence = 1; sequence <= 15; sequence++) {
          const expected = reference.get(`${creator}/${sequence}`);
          assert.equal(settled.isFinalised(creator, sequence), expected === true);
          assert.equal(settled.isRejected(creator, sequence), expected === false);
        }
    }),
    { seed, numRuns: 300 },
  );
});
