/** The law of forgetting against the language's own powers, and what a book of penalties adds up to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Penalties, remembered } from '#node/core/penalties.ts';
import { guardDeterminism } from '#test/support/determinism-guard.ts';

guardDeterminism();

test('what is left after a time is 2^(-time / half-life)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 0, max: 600_000_000 }),
      (half, time) => {
        const expected = time / half >= 64 ? 0 : 2 ** (-time / half);
        const left = remembered(time, half);
        assert.ok(Math.abs(left - expected) <= 1e-6 * expected, `${left} for ${expected}`);
      },
    ),
    { numRuns: 300 },
  );
});

test('a half-life of 0 forgets nothing, and whole half-lives are exact', () => {
  assert.equal(remembered(1e12, 0), 1);
  assert.equal(remembered(0, 5), 1);
  for (let n = 0; n < 20; n++) assert.equal(remembered(n * 1_000, 1_000), 2 ** -n);
});

test('penalties add up on what is left of the earlier ones, pair by pair', () => {
  const book = new Penalties(1_000);
  assert.equal(book.add(3, 900, 2, 0), 2);
  assert.equal(book.of(3, 900, 1_000), 1);
  assert.equal(book.add(3, 900, 2, 1_000), 3);
  assert.equal(book.of(3, 900, 3_000), 0.75);
  assert.equal(book.of(3, 901, 3_000), 0);
  assert.equal(book.of(900, 3, 3_000), 0);
});

test('an infinite penalty is never forgotten', () => {
  const book = new Penalties(1);
  book.add(0, 1, Number.POSITIVE_INFINITY, 0);
  assert.equal(book.of(0, 1, 1e15), Number.POSITIVE_INFINITY);
});
