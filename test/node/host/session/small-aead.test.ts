/**
 * The cipher of short records of our own against OpenSSL's: every length, any key; and that it was made from the source beside it.
 * Does not own: records and their numbers (handshake.test.ts, session-hostile.test.ts).
 */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import { RecordOpener, RecordSealer, tagBytes } from '#node/host/session/record-cipher.ts';
import { compiledAead, type SmallAead, smallAead } from '#node/host/session/small-aead.ts';
import { builtFromSha256, builtWith, wasmBase64 } from '#node/host/session/small-aead-wasm.ts';
import { aeadSource, buildWasm, sourceSha256 } from '../../../../scripts/wasm-modules.ts';

const committed = Uint8Array.from(Buffer.from(wasmBase64, 'base64'));

function bytesOf(seed: string, length: number): Buffer {
  return createHash('shake256', { outputLength: Math.max(1, length) })
    .update(seed)
    .digest()
    .subarray(0, length);
}

function sealedByOpenssl(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function sealed(aead: SmallAead, key: Uint8Array, nonce: Uint8Array, chunks: readonly Uint8Array[]): Buffer {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const out = Buffer.alloc(length + 18);
  aead.seal(key, nonce, chunks, out, 2);
  return out.subarray(2);
}

function agreesAtEveryLength(aead: SmallAead): void {
  for (let length = 0; length <= aead.mostBytes; length += length < 300 ? 1 : 37) {
    const key = bytesOf(`key ${length}`, 32);
    const nonce = bytesOf(`nonce ${length}`, 12);
    const plain = bytesOf(`plain ${length}`, length);
    const expected = sealedByOpenssl(key, nonce, plain);
    const cut = length >> 1;
    const own = sealed(aead, key, nonce, [plain.subarray(0, cut), plain.subarray(cut)]);
    assert.ok(own.equals(expected), `sealed otherwise at ${length} bytes`);
    const opened = aead.open(key, nonce, expected);
    assert.ok(opened !== null && plain.equals(opened), `opened otherwise at ${length} bytes`);
  }
}

test('every length up to 4 KB is sealed and opened as OpenSSL does', () => {
  assert.equal(smallAead.mostBytes, 4_096);
  agreesAtEveryLength(smallAead);
});

test('10,000 keys, among them all ones and zeros: carries and reductions are those of OpenSSL', () => {
  for (let i = 0; i < 10_000; i++) {
    const key = i < 4 ? Buffer.alloc(32, i % 2 === 0 ? 0xff : 0) : bytesOf(`many ${i}`, 32);
    const nonce = bytesOf(`n ${i}`, 12);
    const plain = i % 3 === 0 ? Buffer.alloc(64, 0xff) : bytesOf(`p ${i}`, 1 + (i % 200));
    assert.ok(sealed(smallAead, key, nonce, [plain]).equals(sealedByOpenssl(key, nonce, plain)), `${i}`);
  }
});

test('any flipped bit of bytes, tag, key or nonce opens nothing', () => {
  const key = bytesOf('key', 32);
  const nonce = bytesOf('nonce', 12);
  const record = sealed(smallAead, key, nonce, [bytesOf('plain', 50)]);
  for (const [what, bytes] of Object.entries({ record, key, nonce })) {
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(smallAead.open(key, nonce, record), null, `${what}, bit ${bit}`);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
  assert.notEqual(smallAead.open(key, nonce, record), null);
});

test('records on both sides of the length at which the implementation changes open, and flipped ones do not', () => {
  const key = bytesOf('key', 32);
  for (const length of [2_047, 2_048, 2_049, 4_097, 60_000]) {
    const record = Buffer.alloc(length + tagBytes);
    new RecordSealer(key).seal([bytesOf('long', length)], record, 0);
    assert.ok(bytesOf('long', length).equals(new RecordOpener(key).open(record)));
    for (const at of [0, length >> 1, length - 1, length, length + tagBytes - 1]) {
      record[at]! ^= 1;
      assert.throws(() => new RecordOpener(key).open(record), { code: 'sealed' });
      record[at]! ^= 1;
    }
  }
});

test('a longer message is refused', () => {
  const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)];
  assert.throws(() => sealed(smallAead, key, nonce, [new Uint8Array(4_097)]), RangeError);
  assert.throws(() => smallAead.open(key, nonce, new Uint8Array(4_097 + 16)), RangeError);
});

test('the module was made from the source that is committed', () => {
  assert.equal(builtFromSha256, sourceSha256(aeadSource), 'run: node scripts/wasm-modules.ts');
});

test('a fresh build of the source is the committed module', (context) => {
  const build = buildWasm(aeadSource);
  if (typeof build === 'string') {
    context.skip(`NOT RUN: ${build}`);
    return;
  }
  if (build.compiler === builtWith) {
    assert.equal(Buffer.from(build.wasm).toString('base64'), Buffer.from(committed).toString('base64'));
  } else {
    context.diagnostic(`${build.compiler} is not ${builtWith}: the build is compared by what it computes`);
    agreesAtEveryLength(compiledAead(Uint8Array.from(build.wasm)));
  }
});
