/** The canonical bytes of a vertex: the layout byte by byte, every malformed encoding with its code, ids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 } from '@noble/hashes/blake3.js';
import { hashInto } from 'blake3-jit';
import {
  decodeVertex,
  encodedBytes,
  encodeVertex,
  type Hash,
  idBytes,
  identifyVertex,
  type Vertex,
  VertexError,
  type VertexErrorCode,
} from '#node/core/vertex.ts';

const genesis: Vertex = { creator: 0, sequence: 0, parents: [], transactions: [] };

function id(fill: number): Uint8Array {
  return new Uint8Array(idBytes).fill(fill);
}

const example: Vertex = {
  creator: 0x0102_0304,
  sequence: 5,
  parents: [id(1), id(2)],
  transactions: [
    { inputs: [7, 2 ** 32 + 9], payload: Uint8Array.of(0xaa, 0xbb, 0xcc) },
    { inputs: [], payload: new Uint8Array(0) },
  ],
};

function encoded(vertex: Vertex): Uint8Array {
  const out = new Uint8Array(encodedBytes(vertex));
  assert.equal(encodeVertex(vertex, out), out.length);
  return out;
}

function withCode(code: VertexErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof VertexError && error.code === code && error.message.length > 0;
}

test('a genesis is its header alone', () => {
  assert.deepEqual([...encoded(genesis)], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('the layout of a vertex is fixed, byte by byte', () => {
  assert.deepEqual(
    [...encoded(example)],
    [
      ...[1, 2, 2, 0, 4, 3, 2, 1, 5, 0, 0, 0],
      ...id(1),
      ...id(2),
      ...[2, 3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0xaa, 0xbb, 0xcc],
      ...[0, 0, 0, 0, 0],
    ],
  );
});

test('decoding gives back what was encoded, at the limits too', () => {
  const most: Vertex = {
    creator: 2 ** 31 - 1,
    sequence: 2 ** 31 - 1,
    parents: Array.from({ length: 8 }, (_, i) => id(i)),
    transactions: Array.from({ length: 300 }, () => ({
      inputs: [1, Number.MAX_SAFE_INTEGER],
      payload: id(9),
    })),
  };
  for (const vertex of [genesis, example, most]) assert.deepEqual(decodeVertex(encoded(vertex)), vertex);
});

test('every shorter and every longer text is refused', () => {
  const bytes = encoded(example);
  for (let length = 0; length < bytes.length; length++)
    assert.throws(() => decodeVertex(bytes.subarray(0, length)), withCode('truncated'));
  assert.throws(() => decodeVertex(Uint8Array.of(...bytes, 0)), withCode('trailing-bytes'));
});

const damages: readonly (readonly [what: string, code: VertexErrorCode, at: number, value: number])[] = [
  ['another version', 'version', 0, 2],
  ['nine parents', 'parent-count', 1, 9],
  ['no parents of a later vertex', 'parent-count', 1, 0],
  ['parents of a genesis', 'parent-count', 8, 0],
  ['a creator beyond 31 bits', 'creator', 7, 0x80],
  ['a sequence beyond 31 bits', 'sequence', 11, 0x80],
  ['parents out of order', 'parent-order', 12, 3],
  ['a payload beyond 31 bits', 'payload-length', 80, 0x80],
  ['more payload than bytes', 'truncated', 79, 0x7f],
  ['an input of 0', 'input-range', 81, 0],
  ['an input beyond the safe integers', 'input-range', 96, 0xff],
  ['inputs out of order', 'input-order', 85, 2],
];

for (const [what, code, at, value] of damages) {
  test(`${what}: decoding says ${code}`, () => {
    const bytes = encoded(example);
    bytes[at] = value;
    assert.throws(() => decodeVertex(bytes), withCode(code));
  });
}

test('a parent or an input that stands twice is refused by both directions', () => {
  const twice = { ...example, parents: [id(1), id(1)] };
  assert.throws(() => encodeVertex(twice, new Uint8Array(1_000)), withCode('parent-order'));
  const bytes = encoded(example);
  bytes.set(id(1), 12 + idBytes);
  assert.throws(() => decodeVertex(bytes), withCode('parent-order'));
  const spent = { ...example, transactions: [{ inputs: [3, 3], payload: id(0) }] };
  assert.throws(() => encodeVertex(spent, new Uint8Array(1_000)), withCode('input-order'));
});

const payload = new Uint8Array(1);
const unencodable: readonly (readonly [what: string, code: VertexErrorCode, vertex: Vertex])[] = [
  ['a negative creator', 'creator', { ...example, creator: -1 }],
  ['a broken sequence', 'sequence', { ...example, sequence: 1.5 }],
  ['no parents', 'parent-count', { ...example, parents: [] }],
  ['a genesis with a parent', 'parent-count', { ...genesis, parents: [id(1)] }],
  ['a short parent', 'parent-length', { ...example, parents: [new Uint8Array(31)] }],
  ['an input of 0', 'input-range', { ...example, transactions: [{ inputs: [0], payload }] }],
  ['an unsafe input', 'input-range', { ...example, transactions: [{ inputs: [2 ** 53], payload }] }],
  ['inputs out of order', 'input-order', { ...example, transactions: [{ inputs: [2, 1], payload }] }],
  [
    '256 inputs',
    'input-count',
    { ...example, transactions: [{ inputs: Array.from({ length: 256 }, (_, i) => i + 1), payload }] },
  ],
  [
    '65,536 transactions',
    'transaction-count',
    { ...example, transactions: Array.from({ length: 65_536 }, () => ({ inputs: [], payload })) },
  ],
];

for (const [what, code, vertex] of unencodable) {
  test(`${what} cannot be encoded: ${code}`, () => {
    assert.throws(() => encodeVertex(vertex, new Uint8Array(1 << 20)), withCode(code));
  });
}

test('a buffer that is too small is refused before anything is written', () => {
  const out = new Uint8Array(encodedBytes(example) - 1);
  assert.throws(() => encodeVertex(example, out), withCode('room'));
  assert.deepEqual(out, new Uint8Array(out.length));
});

test('the id is the hash of the encoding, whatever the scratch buffer held before', () => {
  const scratch = new Uint8Array(1_000).fill(0xee);
  const out = new Uint8Array(idBytes);
  assert.equal(identifyVertex(example, hashInto, scratch, out), encodedBytes(example));
  assert.deepEqual(out, blake3(encoded(example)));
});

test('the hash sees the encoding and nothing else', () => {
  const seen: number[] = [];
  const hash: Hash = (bytes, out) => {
    seen.push(bytes.length);
    out[0] = 1;
  };
  identifyVertex(genesis, hash, new Uint8Array(100), new Uint8Array(idBytes));
  assert.deepEqual(seen, [12]);
});
