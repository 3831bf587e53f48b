/** The table of ids against a plain map: any order of changes, ids that share their beginning, growing and shrinking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blake3 } from '#node/host/hash/blake3.ts';
import { IdTable } from '#node/host/store/id-table.ts';
import { writeName } from '#node/host/wire/vertex-name.ts';

/** Every fourth shares its first 31 bytes with the one before. */
function idOf(number: number): Uint8Array {
  const id = blake3(Uint8Array.of(number - (number % 4 === 3 ? 1 : 0), number >>> 8));
  id[31] = number;
  return id;
}

function check(table: IdTable, known: ReadonlyMap<number, number>, numbers: number): void {
  assert.equal(table.size, known.size);
  const name = new Uint8Array(8);
  for (let number = 0; number < numbers; number++) {
    const id = idOf(number);
    assert.equal(table.get(id), known.get(number));
    assert.equal(table.has(id), known.has(number));
    writeName(id, 0, 99, name, 0);
    assert.deepEqual(table.named(name, 0, 99), known.has(number) ? id : null);
  }
}

const change = fc.record({
  number: fc.nat({ max: 47 }),
  value: fc.option(fc.integer({ min: -1_000, max: 2 ** 40 }), { nil: null }),
});

test('agrees with a plain map, also by short names', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const table = new IdTable();
      const known = new Map<number, number>();
      for (const { number, value } of changes) {
        if (value === null) {
          table.delete(idOf(number));
          known.delete(number);
        } else {
          table.set(idOf(number), value);
          known.set(number, value);
        }
      }
      check(table, known, 48);
    }),
  );
});

test('grows by thousands and shrinks again', () => {
  const table = new IdTable();
  const known = new Map<number, number>();
  const ids = Array.from({ length: 20_000 }, (_, i) => blake3(Buffer.from(`${i}`)));
  for (const [i, id] of ids.entries()) table.set(id, i);
  for (const [i, id] of ids.entries()) if (i >= 40) table.delete(id);
  for (let i = 0; i < 40; i++) known.set(i, i);
  assert.deepEqual(
    ids.map((id) => table.get(id)).filter((value) => value !== undefined),
    [...known.values()],
  );
  assert.equal(table.size, 40);
});
