/**
 * BLAKE3 by length: the published vectors, an independent implementation (@noble/hashes), and every combination of what a machine may lack.
 * Owns: the suite that a wrong hash cannot pass; it is run on wrong hashes too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 as oracle } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { type Blake3, blake3, chosenBlake3, digestBytes } from '#node/host/hash/blake3.ts';
import { loadNativeBlake3 } from '#node/host/hash/native-blake3.ts';
import { loadSmallBlake3 } from '#node/host/hash/small-blake3.ts';
import { officialInput, officialVectors } from './official-vectors.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function obeysTheVectors(hash: Blake3): void {
  for (const [lengthBytes, digest] of officialVectors)
    assert.equal(hex(hash(officialInput(lengthBytes))), digest, `${lengthBytes} bytes`);
}

/** Lengths around the ends of blocks, chunks and the borders of the dispatch, and any bytes. */
const messages = fc
  .oneof(
    fc.integer({ min: 0, max: 9_000 }),
    fc
      .tuple(fc.constantFrom(64, 128, 1_024, 2_048, 3_072, 4_096, 8_192), fc.integer({ min: -2, max: 2 }))
      .map(([border, by]) => border + by),
  )
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length, size: 'max' }));

function agreesWithTheOracle(hash: Blake3, runs: number): void {
  fc.assert(
    fc.property(messages, (message) => assert.equal(hex(hash(message)), hex(oracle(message)))),
    { numRuns: runs },
  );
}

const small = loadSmallBlake3();
const native = loadNativeBlake3();
const machines: ReadonlyArray<readonly [name: string, hash: Blake3]> = [
  ['this machine', blake3],
  ['all three implementations', chosenBlake3(small, native)],
  ['no binary for the platform', chosenBlake3(small, null)],
];

for (const [name, hash] of machines) {
  test(`the published vectors hold with ${name}`, () => obeysTheVectors(hash));
  test(`an independent implementation agrees with ${name}`, () => agreesWithTheOracle(hash, 60));
}

test('this machine has machine code', () => {
  assert.notEqual(native, null);
});

test('a digest is written where it is wanted, and nothing beside it', () => {
  for (const length of [0, 100, 1_024, 2_000, 3_072, 3_073, 20_000]) {
    const message = officialInput(length);
    const room = new Uint8Array(64).fill(0xee);
    const out = room.subarray(16, 16 + digestBytes);
    assert.equal(blake3(message, out), out);
    assert.equal(hex(out), hex(oracle(message)));
    assert.equal(hex(room.subarray(0, 16)), 'ee'.repeat(16));
    assert.equal(hex(room.subarray(48)), 'ee'.repeat(16));
    assert.equal(hex(message), hex(officialInput(length)), 'the message is left as it was');
  }
});

test('a window into a larger array is hashed as the bytes it shows', () => {
  const whole = officialInput(10_000);
  for (const [from, until] of [
    [3, 103],
    [1, 3_000],
    [7, 9_999],
  ] as const)
    assert.equal(hex(blake3(whole.subarray(from, until))), hex(oracle(whole.slice(from, until))));
});

test('a later message does not change an earlier digest', () => {
  const first = blake3(officialInput(10));
  const before = hex(first);
  blake3(officialInput(500));
  assert.equal(hex(first), before);
});

test('too little room for a digest is an error, not a cut', () => {
  for (const length of [10, 2_000, 5_000])
    assert.throws(() => blake3(officialInput(length), new Uint8Array(31)), RangeError);
});

const wrong: ReadonlyArray<readonly [name: string, hash: Blake3]> = [
  ['one that forgets the last byte', (data) => blake3(data.subarray(0, Math.max(0, data.length - 1)))],
  ['one that is wrong at 3,073 bytes only', (data) => blake3(data.length === 3_073 ? data.slice(1) : data)],
  ['one that is right to 3 KB only', (data) => (data.length > 3_072 ? new Uint8Array(32) : blake3(data))],
];
for (const [name, hash] of wrong) {
  test(`the vectors see a wrong hash: ${name}`, () => {
    assert.throws(() => obeysTheVectors(hash), assert.AssertionError);
  });
}
