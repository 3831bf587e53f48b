/**
 * The WebAssembly of our own: every length it takes, and that it was made from the source that lies beside it.
 * Does not own: the choice between implementations (blake3.test.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 as oracle } from '@noble/hashes/blake3.js';
import { compiled, loadSmallBlake3, type SmallBlake3 } from '#node/host/hash/small-blake3.ts';
import { builtFromSha256, builtWith, wasmBase64 } from '#node/host/hash/small-blake3-wasm.ts';
import { compareFreshBuild } from '#test/support/fresh-wasm.ts';
import { smallBlake3, sourceSha256 } from '../../../../scripts/wasm-modules.ts';

const committed = Uint8Array.from(Buffer.from(wasmBase64, 'base64'));

/** Different bytes for each length, longer messages first too: what a message leaves behind must not matter. */
function agreesAtEveryLength({ hash, mostBytes }: SmallBlake3): void {
  const out = new Uint8Array(32);
  const bytes = Uint8Array.from({ length: mostBytes }, (_, i) => (i * 31 + (i >> 5)) & 0xff);
  for (let length = 0; length <= mostBytes; length++) {
    for (const one of [length, mostBytes - length]) {
      const message = bytes.subarray(0, one);
      hash(message, out);
      if (Buffer.compare(out, oracle(message)) !== 0) assert.fail(`wrong at ${one} bytes`);
      if (length % 16 !== 0) break;
    }
  }
}

test('every length up to 3 KB has the digest of an independent implementation', () => {
  const small = loadSmallBlake3();
  assert.equal(small.mostBytes, 3_072);
  agreesAtEveryLength(small);
});

test('a longer message is refused and leaves no trace', () => {
  const small = compiled(committed);
  const out = new Uint8Array(32);
  assert.throws(() => small.hash(new Uint8Array(3_073), out), RangeError);
  assert.deepEqual(out, new Uint8Array(32));
});

test('the module was made from the source that is committed', () => {
  assert.equal(builtFromSha256, sourceSha256(smallBlake3), 'run: node scripts/wasm-modules.ts');
});

test('a fresh build of the source is the committed module', (context) => {
  compareFreshBuild(context, smallBlake3, { builtWith, bytes: committed }, (fresh) =>
    agreesAtEveryLength(compiled(fresh)),
  );
});

test('something else than the module is refused', () => {
  assert.throws(() => compiled(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), /not small-blake3/);
});
