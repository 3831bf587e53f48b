/**
 * BLAKE3 of messages of up to 3 KB, in WebAssembly of our own.
 * Owns: copying in and out of its memory. Does not own: the computation (small-blake3.c), longer messages (blake3.ts).
 */
import { wasmBase64 } from './small-blake3-wasm.ts';

/** What is used of the engine's WebAssembly: it belongs to no library of types that the project loads. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
  readonly Memory: new () => Memory;
};

export interface SmallBlake3 {
  readonly mostBytes: number;
  /** Writes the digest to the first 32 bytes of `out`. `data` has at most `mostBytes`, else RangeError. */
  readonly hash: (data: Uint8Array, out: Uint8Array) => void;
}

interface Exports {
  readonly memory: Memory;
  readonly hash: (bytes: number) => void;
  readonly input_at: () => number;
  readonly digest_at: () => number;
  readonly most_bytes: () => number;
}

function isExports(exports: object): exports is Exports {
  return (
    'memory' in exports &&
    exports.memory instanceof WebAssembly.Memory &&
    ['hash', 'input_at', 'digest_at', 'most_bytes'].every((name) => name in exports)
  );
}

export function compiled(wasm: Uint8Array<ArrayBuffer>): SmallBlake3 {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  if (!isExports(exports)) throw new TypeError('the module is not small-blake3');
  const { buffer } = exports.memory;
  const mostBytes = exports.most_bytes();
  const input = new Uint8Array(buffer, exports.input_at(), mostBytes);
  const digest = new Uint8Array(buffer, exports.digest_at(), 32);
  const run = exports.hash;
  return {
    mostBytes,
    hash: (data, out) => {
      input.set(data); // a RangeError when it does not fit
      run(data.length);
      out.set(digest);
    },
  };
}

export function loadSmallBlake3(): SmallBlake3 {
  return compiled(Uint8Array.from(Buffer.from(wasmBase64, 'base64')));
}
