/** Encoding for arbitrary vertices: round trip, one encoding per vertex, ids that differ, decoding of arbitrary bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashInto } from 'blake3-jit';
import fc from 'fast-check';
import {
  decodeVertex,
  encodedBytes,
  encodeVertex,
  idBytes,
  identifyVertex,
  type Vertex,
  VertexError,
} from '#node/core/vertex.ts';

const seed = 20_261_121;

const ascendingIds = (least: number): fc.Arbitrary<Uint8Array[]> =>
  fc
    .uniqueArray(fc.uint8Array({ minLength: idBytes, maxLength: idBytes }), {
      minLength: least,
      maxLength: 8,
      selector: (id) => id.join(),
    })
    .map((ids) => ids.sort((a, b) => Buffer.compare(a, b)));

const transactions = fc.array(
  fc.record({
    inputs: fc
      .uniqueArray(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { maxLength: 4 })
      .map((inputs) => inputs.sort((a, b) => a - b)),
    payload: fc.uint8Array({ maxLength: 40 }),
  }),
  { maxLength: 4 },
);

const creator = fc.nat(2 ** 31 - 1);

const vertices: fc.Arbitrary<Vertex> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ creator, sequence: fc.constant(0), parents: fc.constant([]), transactions }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      creator,
      sequence: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      parents: ascendingIds(1),
      transactions,
    }),
  },
);

function encoded(vertex: Vertex): Uint8Array {
  const out = new Uint8Array(encodedBytes(vertex));
  encodeVertex(vertex, out);
  return out;
}

/** fast-check draws records without a prototype. */
function plainVertex({ creator, sequence, parents, transactions }: Vertex): Vertex {
  return {
    creator,
    sequence,
    parents,
    transactions: transactions.map((transaction) => ({ ...transaction })),
  };
}

/** Null when the bytes are refused in the way they should be. */
function decodedOrNull(bytes: Uint8Array): Vertex | null {
  try {
    return decodeVertex(bytes);
  } catch (error) {
    assert.ok(error instanceof VertexError, `not a VertexError: ${String(error)}`);
    return null;
  }
}

function idOf(vertex: Vertex): string {
  const out = new Uint8Array(idBytes);
  identifyVertex(vertex, hashInto, new Uint8Array(encodedBytes(vertex)), out);
  return Buffer.from(out).toString('hex');
}

test(`every vertex comes back from its bytes (seed ${seed})`, () => {
  fc.assert(
    fc.property(vertices, (vertex) => assert.deepEqual(decodeVertex(encoded(vertex)), plainVertex(vertex))),
    { seed, numRuns: 500 },
  );
});

test(`a changed byte is refused, or is the one encoding of another vertex with another id (seed ${seed})`, () => {
  fc.assert(
    fc.property(vertices, fc.nat(), fc.integer({ min: 1, max: 255 }), (vertex, where, flip) => {
      const bytes = encoded(vertex);
      bytes[where % bytes.length]! ^= flip;
      const other = decodedOrNull(bytes);
      if (other === null) return;
      assert.deepEqual(encoded(other), bytes);
      assert.notDeepEqual(other, plainVertex(vertex));
      assert.notEqual(idOf(other), idOf(vertex));
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`bytes cut off, inserted or appended are refused, or canonical for another vertex (seed ${seed})`, () => {
  fc.assert(
    fc.property(
      vertices,
      fc.nat(),
      fc.uint8Array({ maxLength: 3 }),
      fc.nat(3),
      (vertex, where, added, cut) => {
        const whole = encoded(vertex);
        const at = where % (whole.length + 1);
        const bytes = Uint8Array.of(...whole.subarray(0, at), ...added, ...whole.subarray(at + cut));
        const other = decodedOrNull(bytes);
        if (other !== null) assert.deepEqual(encoded(other), bytes);
      },
    ),
    { seed, numRuns: 1_000 },
  );
});

test(`arbitrary bytes are refused, or are the one encoding of a vertex (seed ${seed})`, () => {
  const header = fc
    .tuple(fc.integer({ min: 0, max: 2 }), fc.nat(3), fc.nat(2), fc.nat(1))
    .map((bytes) => [...bytes]);
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
      const bytes = Uint8Array.of(...start, ...rest);
      const vertex = decodedOrNull(bytes);
      if (vertex !== null) assert.deepEqual(encoded(vertex), bytes);
    }),
    { seed, numRuns: 2_000 },
  );
});
