/**
 * Records by two libraries: the short ones' bytes are OpenSSL's at every length, and neither opens what was changed.
 * Does not own: numbers and framing of records (handshake.test.ts, session-hostile.test.ts).
 */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import { RecordOpener, RecordSealer, shortMostBytes, tagBytes } from '#node/host/session/record-cipher.ts';

const firstNonce = Buffer.alloc(12);

function bytesOf(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: Math.max(1, length) })
    .update(seed)
    .digest()
    .subarray(0, length);
}

function sealedByOpenssl(key: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, firstNonce, { authTagLength: tagBytes });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function sealed(key: Uint8Array, plain: Uint8Array): Buffer {
  const out = Buffer.alloc(2 + plain.length + tagBytes);
  const cut = plain.length >> 1;
  new RecordSealer(key).seal([plain.subarray(0, cut), plain.subarray(cut)], out, 2);
  return out.subarray(2);
}

test('records of every length around the change of library are those of OpenSSL, and open', () => {
  for (let length = 0; length <= shortMostBytes + 40; length++) {
    const key = bytesOf(`key ${length}`, 32);
    const plain = bytesOf(`plain ${length}`, length);
    const record = sealed(key, plain);
    assert.ok(record.equals(sealedByOpenssl(key, plain)), `sealed otherwise at ${length} bytes`);
    assert.ok(plain.equals(new RecordOpener(key).open(record)), `opened otherwise at ${length} bytes`);
  }
});

test('1,000 keys, among them all ones and zeros: carries and reductions are those of OpenSSL', () => {
  for (let i = 0; i < 1_000; i++) {
    const key = i < 4 ? Buffer.alloc(32, i % 2 === 0 ? 0xff : 0) : bytesOf(`many ${i}`, 32);
    const plain = i % 3 === 0 ? Buffer.alloc(64, 0xff) : bytesOf(`p ${i}`, 1 + (i % 200));
    assert.ok(sealed(key, plain).equals(sealedByOpenssl(key, plain)), `${i}`);
  }
});

test('any flipped bit of a short record or its key opens nothing', () => {
  const key = bytesOf('key', 32);
  const record = sealed(key, bytesOf('plain', 50));
  for (const [what, bytes] of Object.entries({ record, key })) {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => new RecordOpener(key).open(record), { code: 'sealed' }, `${what}, bit ${bit}`);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
  assert.equal(new RecordOpener(key).open(record).length, 50);
});

test('records of any length with a changed byte do not open', () => {
  const key = bytesOf('key', 32);
  for (const length of [shortMostBytes - 1, shortMostBytes, shortMostBytes + 1, 4_097, 60_000]) {
    const record = sealed(key, bytesOf('long', length));
    for (const at of [0, length >> 1, length - 1, length, length + tagBytes - 1]) {
      record[at]! ^= 1;
      assert.throws(() => new RecordOpener(key).open(record), { code: 'sealed' });
      record[at]! ^= 1;
    }
  }
});
