/** A sealed record: any flip, cut, addition or exchange of records is seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seal, unseal } from '#node/host/store/sealed-record.ts';
import { StoreError } from '#node/host/store/store.ts';

const isCorrupt = (error: unknown) => error instanceof StoreError && error.code === 'corrupt';
const key = fc.uint8Array({ minLength: 1, maxLength: 40 });
const value = fc.uint8Array({ maxLength: 200 });

test('what was sealed comes out', () => {
  fc.assert(
    fc.property(key, value, (k, v) => assert.deepEqual(Buffer.from(unseal(k, seal(k, v))), Buffer.from(v))),
  );
});

test('every flipped bit and every length but the right one is seen', () => {
  fc.assert(
    fc.property(key, value, fc.nat(7), (k, v, bit) => {
      const record = seal(k, v);
      for (let at = 0; at < record.length; at++) {
        record[at]! ^= 1 << bit;
        assert.throws(() => unseal(k, record), isCorrupt);
        record[at]! ^= 1 << bit;
        assert.throws(() => unseal(k, record.subarray(0, at)), isCorrupt);
      }
      assert.throws(() => unseal(k, Uint8Array.of(...record, 0)), isCorrupt);
    }),
    { numRuns: 30 },
  );
});

test("a record under another record's key is seen", () => {
  fc.assert(
    fc.property(key, key, value, (k, other, v) => {
      fc.pre(Buffer.compare(k, other) !== 0);
      assert.throws(() => unseal(other, seal(k, v)), isCorrupt);
    }),
  );
});
