/**
 * Loading of the machine code, and the ways in which it may be missing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadNativeBlake3 } from '#node/host/hash/native-blake3.ts';
import { officialInput, officialVectors } from './official-vectors.ts';

test('the binary of this platform computes the published vectors', () => {
  const native = loadNativeBlake3();
  assert.ok(native !== null);
  for (const [lengthBytes, digest] of officialVectors)
    assert.equal(Buffer.from(native(officialInput(lengthBytes))).toString('hex'), digest);
});

test('a platform without a binary is no error', () => {
  const missing = (): never => {
    throw new Error('Cannot find native binding');
  };
  assert.equal(loadNativeBlake3(missing), null);
});

test('a package that is something else is not used', () => {
  for (const module of [null, {}, { blake3: 'text' }, 7])
    assert.equal(
      loadNativeBlake3(() => module),
      null,
    );
});
