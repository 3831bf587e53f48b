/** Settled sequences against plain sets: notes, merging, records; hostile records. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordError } from '#node/host/store/byte-cursor.ts';
import { decodeSettled, encodeSettled, Settlements } from '#node/host/store/settlements.ts';

const note = fc.record({ sequence: fc.integer({ min: 1, max: 40 }), isFinalised: fc.boolean() });
const notes = fc.array(note, { maxLength: 60 });
type Notes = readonly { readonly sequence: number; readonly isFinalised: boolean }[];

function settled(all: Notes): { settlements: Settlements; known: Map<number, boolean> } {
  const settlements = new Settlements();
  const known = new Map<number, boolean>();
  for (const { sequence, isFinalised } of all) {
    settlements.note(7, sequence, isFinalised);
    known.set(sequence, isFinalised || (known.get(sequence) ?? false));
  }
  return { settlements, known };
}

function check(settlements: Settlements, known: ReadonlyMap<number, boolean>): void {
  for (let sequence = 0; sequence <= 42; sequence++) {
    assert.equal(settlements.isFinalised(7, sequence), known.get(sequence) === true);
    assert.equal(settlements.isRejected(7, sequence), known.get(sequence) === false);
  }
  const { runs } = settlements.of(7);
  for (const [i, [first, last]] of runs.entries())
    assert.ok(first <= last && (i === 0 || first > runs[i - 1]![1] + 1));
  const rejected = [...known.values()].filter((isFinalised) => !isFinalised).length;
  assert.deepEqual(settlements.totals, { settled: known.size, rejected });
  assert.equal(settlements.last(7), Math.max(0, ...known.keys()));
}

test('agrees with a plain map, and so does its record', () => {
  fc.assert(
    fc.property(notes, (all) => {
      const { settlements, known } = settled(all);
      check(settlements, known);
      const copy = new Settlements();
      copy.merge(decodeSettled(7, encodeSettled(settlements.of(7))));
      check(copy, known);
    }),
  );
});

test('two nodes merged know what one node would know that pruned for both', () => {
  fc.assert(
    fc.property(notes, notes, (mine, theirs) => {
      const a = settled(mine);
      a.settlements.merge(settled(theirs).settlements.of(7));
      check(a.settlements, settled([...mine, ...theirs]).known);
    }),
  );
});

test('bytes that no node wrote are refused, or read as what writes the same bytes', () => {
  fc.assert(
    fc.property(notes, fc.nat(), fc.integer({ min: 1, max: 255 }), (all, at, change) => {
      const bytes = encodeSettled(settled(all).settlements.of(7));
      bytes[at % bytes.length]! ^= change;
      try {
        assert.deepEqual(encodeSettled(decodeSettled(7, bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof RecordError, String(error));
      }
    }),
  );
});
