/**
 * ChaCha20-Poly1305 of records of up to 4 KB, in WebAssembly of our own: the same bytes as OpenSSL's.
 * Owns: copying in and out of its memory. Does not own: the computation (small-aead.c), keys and nonces, longer records (record-cipher.ts).
 *
 * OpenSSL by way of Node makes an object for each record, which costs ten times the cipher of a record of 200 bytes.
 */
import { wasmBase64 } from './small-aead-wasm.ts';

interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
  readonly Memory: new () => Memory;
};

interface Exports {
  readonly memory: Memory;
  readonly seal: (bytes: number) => void;
  readonly open: (bytes: number) => number;
  readonly key_at: () => number;
  readonly nonce_at: () => number;
  readonly data_at: () => number;
  readonly tag_at: () => number;
  readonly most_bytes: () => number;
}

function isExports(exports: object): exports is Exports {
  return (
    'memory' in exports &&
    exports.memory instanceof WebAssembly.Memory &&
    ['seal', 'open', 'key_at', 'nonce_at', 'data_at', 'tag_at', 'most_bytes'].every((name) => name in exports)
  );
}

export interface SmallAead {
  readonly mostBytes: number;
  /** Writes the sealed chunks, as one message, and their tag to `out[at ..]`. They have at most `mostBytes`, else RangeError. */
  readonly seal: (
    key: Uint8Array,
    nonce: Uint8Array,
    chunks: Iterable<Uint8Array>,
    out: Uint8Array,
    at: number,
  ) => void;
  /** The plain bytes of a message with its tag behind it, a copy; null when it was not sealed so. */
  readonly open: (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array) => Uint8Array | null;
}

const tagBytes = 16;

export function compiledAead(wasm: Uint8Array<ArrayBuffer>): SmallAead {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  if (!isExports(exports)) throw new TypeError('the module is not small-aead');
  const { buffer } = exports.memory;
  const mostBytes = exports.most_bytes();
  const keyPlace = new Uint8Array(buffer, exports.key_at(), 32);
  const noncePlace = new Uint8Array(buffer, exports.nonce_at(), 12);
  const data = new Uint8Array(buffer, exports.data_at(), mostBytes);
  const tag = new Uint8Array(buffer, exports.tag_at(), tagBytes);
  const { seal, open } = exports;
  return {
    mostBytes,
    seal: (key, nonce, chunks, out, at) => {
      let bytes = 0;
      for (const chunk of chunks) {
        data.set(chunk, bytes); // a RangeError when it does not fit
        bytes += chunk.length;
      }
      keyPlace.set(key);
      noncePlace.set(nonce);
      seal(bytes);
      out.set(data.subarray(0, bytes), at);
      out.set(tag, at + bytes);
    },
    open: (key, nonce, sealed) => {
      const bytes = sealed.length - tagBytes;
      data.set(sealed.subarray(0, bytes)); // a RangeError when it does not fit
      tag.set(sealed.subarray(bytes));
      keyPlace.set(key);
      noncePlace.set(nonce);
      if (open(bytes) !== 1) return null;
      const plain = Buffer.allocUnsafe(bytes);
      plain.set(data.subarray(0, bytes));
      return plain;
    },
  };
}

export const smallAead: SmallAead = compiledAead(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
